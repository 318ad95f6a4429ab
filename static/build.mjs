// Bundles the dashboard into a folder: `node build.mjs OUT [VERSION]`. `cargo build` calls it.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const [folder = "dist", version = "0.0.0"] = process.argv.slice(2);
const out = resolve(here, folder);

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: [{ in: "src/main.tsx", out: "app" }],
  outdir: out,
  entryNames: "assets/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  chunkNames: "assets/[name]-[hash]",
  bundle: true,
  // Screens beside the room, and what few rooms need, are loaded when they are opened.
  splitting: true,
  minify: true,
  format: "esm",
  target: ["chrome123", "firefox120", "safari17.5"],
  conditions: ["source"],
  jsx: "automatic",
  jsxImportSource: "preact",
  define: { __VERSION__: JSON.stringify(version) },
  legalComments: "eof",
  metafile: true,
  logLevel: "warning",
});

const names = Object.keys(metafile.outputs).map((path) => relative(out, join(here, path)).replaceAll("\\", "/"));
const asset = (extension) => names.map((name) => basename(name)).find((name) => name.startsWith("app-") && name.endsWith(extension));
const page = await readFile(join(here, "index.html"), "utf8");
// What the first script imports is fetched along with it, not after it.
const [, { imports }] = Object.entries(metafile.outputs).find(([path]) => basename(path) === asset(".js"));
const early = imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => `<link rel="modulepreload" href="/assets/${basename(path)}">\n    `);
await mkdir(out, { recursive: true });
const html = page.replace("app.css", asset(".css")).replace("app.js", asset(".js")).replace("<script", `${early.join("")}<script`).replace("<body>", `<body>\n    ${await icons()}`);
await writeFile(join(out, "index.html"), html);
await writeFile(join(out, "index.html.gz"), gzipSync(html, { level: 9 }));
await writeFile(join(out, "favicon.svg"), await readFile(join(here, "favicon.svg")));

// The server packs nothing by itself.
for (const name of names) {
  await writeFile(join(out, `${name}.gz`), gzipSync(await readFile(join(out, name)), { level: 9 }));
}

/**
 * The icons of `src/icons.json` as symbols of one picture in the page. As pictures of the style sheet each would be a
 * document of its own: twenty of them took a tenth of a second before the first room was painted.
 */
async function icons() {
  const symbols = Object.entries(JSON.parse(await readFile(join(here, "src/icons.json"), "utf8"))).map(async ([name, path]) => {
    const svg = await readFile(join(here, `node_modules/heroicons/${path}.svg`), "utf8");
    return svg.trim().replace(/^<svg xmlns="[^"]*"/, `<symbol id="icon-${name}"`).replace(/ aria-hidden="true" data-slot="icon"/, "").replace("</svg>", "</symbol>");
  });
  return `<svg class="icons">${(await Promise.all(symbols)).join("").replace(/\n\s*/g, "")}</svg>`;
}
