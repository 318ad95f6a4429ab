// Whatever a stranger sends is text: it runs nothing, loads nothing, hides nothing, and stays in its place.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";
import { bot, until } from "./client.mjs";
import { ada, hub, stage } from "./stage.mjs";

const OVERRIDE = "\u202e";
const HTML = [
  "<script>window.hacked = 1</script>", "<img src=x onerror='window.hacked = 2'>", "<svg/onload=window.hacked=3>", "<iframe srcdoc='<script>parent.hacked=4</script>'></iframe>",
  "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=window.hacked=5&gt;'>", "<a href='data:text/html,<script>1</script>'>x</a>",
  "</textarea></title></style><script>window.hacked = 6</script>", "<link rel=stylesheet href=//example.com/x.css><meta http-equiv=refresh content='0;url=//example.com'>",
  "<details open ontoggle=window.hacked=7>", "<input autofocus onfocus=window.hacked=8>", "<base href='//example.com/'>", "<template><img src=x onerror=window.hacked=9></template>",
];
const MARKDOWN = [
  "[x](javascript:window.hacked=10)", "[x](&#106;avascript:window.hacked=11)", "![x](javascript:window.hacked=12)", "![x](//example.com/pixel.png)", "<javascript:window.hacked=13>",
  "[x]: javascript:window.hacked=14\n\n[x]", "[x](data:text/html;base64,PHNjcmlwdD4=)", "[a](https://example.com \"x' onmouseover='window.hacked=15\")", "```<script>window.hacked=16</script>```",
  `${"> ".repeat(500)}deep`, `${"[".repeat(2_000)}x`, `${"*".repeat(5_000)}`, "@<img src=x onerror=window.hacked=17>", `| ${"a | ".repeat(300)}\n| ${"- | ".repeat(300)}`,
];
const ANSI = [
  "\x1b]0;title\x07after title", "\x1b]8;;javascript:window.hacked=18\x07link\x1b]8;;\x07", "\x1b]52;c;aGFja2Vk\x07after clipboard", "\x1b[2J\x1b[H\x1b[3Jafter clear", "\x1bPq#0;2;0;0;0\x1b\\after sixel",
  "\x1b[6n\x1b[c\x1b[>q after questions", "\x1b[?1049hafter screen", "\x1b[999999999Cfar", "\x1b[38;2;999;999;999mcolour\x1b[0m", "\x1b[31", "<script>window.hacked = 19</script>",
  `zero\u200bwidth`, `turned ${OVERRIDE}}tnemmoc/`, "\u0000\u0007\u007f\u009b31m controls", "a\u0301\u0301\u0301".repeat(50),
];

let sable;
stage(async () => {
  sable = await bot(hub, "sable");
});

/** A page that tells what it asked for from elsewhere. */
async function openRoom(t, name, search = "") {
  const page = await open(t, ada);
  page.foreign = [];
  page.on("request", (request) => !request.url().startsWith(hub.url) && !request.url().startsWith("data:") && page.foreign.push(request.url()));
  await page.goto(`${hub.url}/w/main/rooms/${name}${search}`);
  await page.getByText("Live", { exact: true }).waitFor();
  return page;
}

/** Nothing ran, nothing was fetched, nothing was put into the document that is not text. */
async function untouched(page) {
  assert.equal(await page.evaluate("window.hacked"), undefined);
  assert.deepEqual(page.foreign, []);
  const added = await page.locator("main script, main iframe, main img, main link, main meta, main base, main style, main object, main form:not(.composer), main [onerror], main [onload], main [onclick], main .md [style]").count();
  assert.equal(added, 0);
  const links = await page.locator("main .md a, main .term a").evaluateAll((all) => all.map((link) => link.protocol));
  assert.ok(links.every((protocol) => protocol === "https:" || protocol === "mailto:"), links.join());
  assert.match(await page.title(), /generic-corp$/);
}

test("messages: HTML, Markdown, terminal codes and turned text are text", async (t) => {
  await hub.room("messages");
  const room = await sable.join("messages");
  for (const text of [...HTML, ...MARKDOWN, ...ANSI]) await room.publish({ text });
  for (const body of [{ text: { toString: "x" } }, ["<script>window.hacked=20</script>"], "<img src=x onerror=window.hacked=21>", null, 7, { parts: [{ text: "<b>part</b>" }, null, 3] }]) await room.publish(body);
  await room.publish({ "<img src=x onerror=window.hacked=22>": OVERRIDE }, { kind: "custom" });
  await room.publish({ text: "`sa\u200bble` and `a\u202eb`" });
  const last = await room.publish({ text: "the last" });
  const page = await openRoom(t, "messages");
  await page.locator(`[data-seq="${last.seq}"]`).waitFor();
  await page.getByText("<script>window.hacked = 1</script>").first().waitFor({ state: "attached" });
  await page.locator(".md code", { hasText: "sa‹U+200B›ble" }).waitFor();
  await page.locator(".md code", { hasText: "a‹U+202E›b" }).waitFor();
  await untouched(page);
});

test("names, presence and addresses: nothing is hidden in them", async (t) => {
  await hub.room("names", "<b>topic</b> <script>window.hacked=30</script>");
  await hub.api("/me", { method: "PATCH", body: { name: "ada <img src=x onerror=window.hacked=31> \u2060x" } });
  const room = await sable.join("names");
  await assert.rejects(sable.openStream("names", `run ${OVERRIDE}nur`), /without control characters/, "the hub itself takes no name that turns text");
  await sable.presence("<i>odd</i>", "bu\u200bsy <script>window.hacked=32</script>");
  const out = await sable.openStream("names", "run \u2060 <img src=x onerror=window.hacked=33>", { mediaType: "text/html", toolCall: "<b>call</b>", role: "args" });
  await out.write("<script>window.hacked=34</script>");
  await out.close();
  const other = await sable.openStream("names", "l\u200bs \u061c", { mediaType: "text/html" });
  await other.write("<script>window.hacked=35</script>\n");
  await room.publish({ text: "hello" }, { mentions: ["ada"] });
  const page = await openRoom(t, "names", "?at=%3Cscript%3E&line=%3Cb%3E");
  await page.locator(".stream-name", { hasText: "l‹U+200B›s ‹U+061C›" }).first().waitFor();
  await page.locator(".fold", { hasText: "run ‹U+2060› <img" }).waitFor();
  await page.locator(".fold summary").click();
  await page.locator(".fold").getByText("<script>window.hacked=34</script>").waitFor();
  await page.locator(".term-row").getByText("<script>window.hacked=35</script>").waitFor();
  await page.getByRole("button", { name: /here$/ }).click();
  await page.locator(".menu-panel").getByText("bu‹U+200B›sy <script>").waitFor();
  await untouched(page);
  await other.close();
  await page.goto(`${hub.url}/w/main/rooms/names?replay=%22%3E%3Cscript%3Ewindow.hacked=37%3C/script%3E&from=x&to=-1`);
  await page.getByRole("slider").press("End");
  await page.locator(".stream-name", { hasText: "l‹U+200B›s" }).first().waitFor();
  await untouched(page);
});

test("output: what a terminal could be told to do is not done", async (t) => {
  await hub.room("output");
  const out = await sable.openStream("output", "output");
  for (const text of ANSI) await out.write(`${text}\x1b[0m\n`);
  await out.write(Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x0a]));
  await out.write("the last line\n");
  const page = await openRoom(t, "output");
  await page.locator(".term-row").getByText("the last line", { exact: true }).waitFor();
  const rows = await page.locator(".term-row").allInnerTexts();
  for (const whole of ["after title", "link", "after clipboard", "after sixel", "zero‹U+200B›width", "turned ‹U+202E›}tnemmoc/", "<script>window.hacked = 19</script>"]) assert.ok(rows.includes(whole), `${whole} in ${JSON.stringify(rows)}`);
  await page.locator(".term").focus();
  await page.keyboard.press("Control+f");
  await page.getByLabel("Find in output").fill("<script>");
  await until(async () => (await page.locator(".find-count").innerText()) === "1 line", "the match");
  await untouched(page);
  const markdown = await sable.openStream("output", "markdown", { mediaType: "text/markdown" });
  await markdown.write([...HTML, ...MARKDOWN].join("\n\n"));
  await markdown.close();
  await page.locator(".stream-list").getByText("markdown").click();
  await page.locator(".rendered").getByText("<script>window.hacked = 1</script>").waitFor();
  await untouched(page);
  await out.close();
});
