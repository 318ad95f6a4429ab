// The TypeScript client as a bot uses it, over the npm package `ws`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import WebSocket from "ws";

const folder = mkdtempSync(join(tmpdir(), "generic-corp-client-"));
const outfile = join(folder, "client.mjs");
await build({
  entryPoints: [fileURLToPath(new URL("../../clients/typescript/src/index.ts", import.meta.url))],
  bundle: true,
  format: "esm",
  platform: "node",
  outfile,
});
export const client = await import(pathToFileURL(outfile).href);
rmSync(folder, { recursive: true });

/** Connects with an agent's key. */
export function connect(hub, agent, key) {
  const connection = client.connect({
    url: hub.url, workspace: hub.workspace, token: () => key, client: { name: agent, version: "1.0.0" }, WebSocket,
  });
  hub.connections.push(connection);
  return connection;
}

/** A bot with its own key, connected. */
export async function bot(hub, agent) {
  const connection = connect(hub, agent, await hub.key(agent));
  await connection.ready();
  return connection;
}

export const pause = (ms) => new Promise((next) => setTimeout(next, ms));

/** Waits until `check` gives something. */
export async function until(check, what, ms = 20_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not in ${ms} ms: ${what}`);
    await pause(25);
  }
}
