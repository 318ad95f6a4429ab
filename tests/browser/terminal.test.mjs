// Output as one works with it: found in, linked to, numbered, rendered, read from either end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";
import { bot, until } from "./client.mjs";
import { ada, hub, stage } from "./stage.mjs";

const LONG = 100 * 1024 * 1024;

let sable;
stage(async () => {
  await ada.grantPermissions(["clipboard-read", "clipboard-write"]);
  sable = await bot(hub, "sable");
});

const rows = (page) => page.locator(".term-row").allInnerTexts();
const clipboard = (page) => page.evaluate("navigator.clipboard.readText()");
const marked = (page) => page.locator(".term-row.marked");

async function openRoom(t, room, path = "") {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms/${room}${path}`);
  await page.getByText("Live", { exact: true }).waitFor();
  return page;
}

/** Whether a line is inside the box that scrolls. */
const inSight = (locator) => locator.evaluate((row) => {
  const [box, edge] = [row.getBoundingClientRect(), row.closest(".term").getBoundingClientRect()];
  return box.top >= edge.top && box.bottom <= edge.bottom;
});

test("output fills the screen and comes back, by its menu or as the browser leaves", async (t) => {
  await hub.room("full");
  const out = await sable.openStream("full", "full");
  await out.write("a line\n");
  const page = await openRoom(t, "full");
  await page.locator(".term-row").getByText("a line").waitFor();
  const choose = async (name) => {
    await page.getByRole("button", { name: "How output is shown" }).click();
    await page.getByRole("button", { name, exact: true }).click();
  };
  const full = (wanted) => until(() => page.evaluate((wanted) => (document.fullscreenElement?.getAttribute("aria-label") ?? "") === wanted, wanted), wanted || "the page as before");
  const pane = "Output of full";
  await choose("Full screen");
  await full(pane);
  assert.equal(await page.locator(".menu-panel").count(), 0, "the menu is closed");
  await out.write("another\n");
  await page.locator(".term-row").getByText("another").waitFor();
  const { width, height } = await page.getByRole("region", { name: pane }).boundingBox();
  assert.deepEqual([width, height], await page.evaluate(() => [innerWidth, innerHeight]));
  await choose("Leave full screen");
  await full("");
  await choose("Full screen");
  await full(pane);
  // What the browser does at Esc, which never reaches the page.
  await page.evaluate(() => document.exitFullscreen());
  await full("");
  await page.getByRole("button", { name: "How output is shown" }).click();
  await page.getByRole("button", { name: "Full screen", exact: true }).waitFor();
  await out.close({ exitCode: 0 });
});

test("100 MiB open at their tail at once, are searched whole, linked to by line, and read from their head", async (t) => {
  await hub.room("long");
  const out = await sable.openStream("long", "long");
  let line = 0;
  for (let written = 0; written < LONG;) {
    const piece = Array.from({ length: 2_000 }, () => `\x1b[2m${String(++line).padStart(8)}\x1b[0m ${line % 400_000 === 7 ? "NEEDLE in" : "some"} \x1b[33mcoloured\x1b[0m output, over and over\n`).join("");
    written += piece.length;
    await out.write(piece);
  }
  await out.close({ exitCode: 3 });
  const page = await open(t, ada);
  const begun = performance.now();
  await page.goto(`${hub.url}/w/main/rooms/long`);
  await page.locator(".term-row").getByText(String(line)).waitFor();
  t.diagnostic(`tail in ${Math.round(performance.now() - begun)} ms`);
  await page.locator(".output-head").getByText("exit 3").waitFor();
  await page.locator(".term").focus();
  await page.keyboard.press("Control+f");
  await page.getByLabel("Find in output").fill("needle");
  const found = Math.floor((line - 7) / 400_000) + 1;
  await until(async () => (await page.locator(".find-count").innerText()) === `${found} lines`, "all matches", 120_000);
  await page.keyboard.press("Shift+Enter");
  await until(async () => /NEEDLE/.test(await marked(page).innerText()), "the last match", 60_000);
  const last = 7 + (found - 1) * 400_000;
  assert.match(await marked(page).innerText(), new RegExp(`^ *${last} NEEDLE`));
  assert.equal(await marked(page).locator("mark").first().innerText(), "NEEDLE");
  await page.keyboard.press("Enter");
  await until(async () => new RegExp("^ *7 NEEDLE").test(await marked(page).innerText()), "the first match");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate("document.activeElement.className"), "term");
  await page.getByRole("button", { name: "Copy link to this line" }).click();
  await page.getByText("Copied").waitFor({ state: "attached" });
  assert.equal(await clipboard(page), `${hub.url}/w/main/rooms/long?stream=${out.id}&line=7`);
  await page.goto(`${hub.url}/w/main/rooms/long?stream=${out.id}&line=${last}`);
  await until(async () => new RegExp(`^ *${last} NEEDLE`).test(await marked(page).innerText()), "the line of the link", 60_000);
  assert.ok(await inSight(marked(page)));
  const before = await rows(page);
  await page.locator(".term").hover();
  await until(async () => {
    await page.mouse.wheel(0, 60_000);
    return Number((await rows(page))[0].trim().split(" ")[0]) > last + 20_000;
  }, "what follows, page by page", 60_000);
  assert.notDeepEqual(await rows(page), before);
  await page.getByRole("button", { name: "To the beginning" }).click();
  await until(async () => Number((await rows(page))[0]?.trim().split(" ")[0]) === 1, "the head");
  await page.getByRole("button", { name: "To the end" }).click();
  await page.locator(".term-row").getByText(String(line)).waitFor();
});

test("a line gets its address by its number; old ones have times too", async (t) => {
  await hub.room("lines");
  const out = await sable.openStream("lines", "lines");
  await out.write(Array.from({ length: 300 }, (_, i) => `old ${i + 1}\n`).join(""));
  const page = await openRoom(t, "lines");
  const row = page.locator(".term-row", { hasText: /^old 295$/ });
  await row.waitFor();
  assert.equal(await row.getAttribute("data-line"), "295");
  await page.getByRole("button", { name: "Pause" }).click();
  await row.click({ position: { x: 20, y: 10 } });
  await page.waitForURL(new RegExp(`\\?stream=${out.id}&line=295$`));
  assert.equal(await marked(page).innerText(), "old 295");
  await page.getByRole("button", { name: "How output is shown" }).click();
  await page.getByLabel("Times").check();
  await page.getByRole("button", { name: "Follow the end" }).click();
  await out.write("new\n");
  const fresh = page.locator(".term-row", { hasText: /^new$/ });
  await fresh.waitFor();
  assert.match(await fresh.getAttribute("data-time"), /\d/);
  await page.locator(".term-row[data-time]", { hasText: /^old 300$/ }).waitFor();
  await page.getByRole("button", { name: "How output is shown" }).click();
  await page.getByLabel("Line numbers").uncheck();
  assert.equal(await fresh.getAttribute("data-line"), null);
  await page.getByLabel("Line numbers").check();
  await page.getByLabel("Times").uncheck();
  await page.goto(`${hub.url}/w/main/rooms/lines?stream=${out.id}&line=3`);
  await until(async () => (await marked(page).count()) === 1, "the line of the link");
  assert.equal(await marked(page).innerText(), "old 3");
  await page.keyboard.press("Control+f");
  await page.locator(".term").focus();
  await page.keyboard.press("Control+f");
  await page.getByLabel("Find in output").fill(":150");
  await page.keyboard.press("Enter");
  await until(async () => (await marked(page).innerText()) === "old 150", "a line by its number");
  await page.getByLabel("Find in output").fill("not there");
  await page.getByText("Not found").waitFor();
  await out.close();
});

test("Markdown and JSON are shown as what they are, or as they were written", async (t) => {
  await hub.room("kinds");
  const markdown = await sable.openStream("kinds", "answer", { mediaType: "text/markdown; charset=utf-8", role: "text" });
  await markdown.write("# Result\n\nIt **works**, <b>really</b>.\n");
  const page = await openRoom(t, "kinds");
  await page.locator(".rendered strong").getByText("works").waitFor();
  assert.match(await page.locator(".rendered").innerText(), /<b>really<\/b>/);
  await markdown.write("\n- one\n- two\n");
  await page.locator(".rendered li").getByText("two").waitFor();
  await page.getByRole("button", { name: "Raw" }).click();
  await page.locator(".term-row").getByText("It **works**").waitFor();
  await markdown.close();
  const lines = await sable.openStream("kinds", "events", { mediaType: "application/x-ndjson", role: "data" });
  await lines.write(`{"a":1,"b":[true,null]}\nno json\n`);
  await lines.close({ exitCode: 0 });
  await page.locator(".stream-list").getByText("events").click();
  await page.locator(".rendered pre").first().waitFor();
  assert.equal(await page.locator(".rendered pre").first().innerText(), JSON.stringify({ a: 1, b: [true, null] }, null, 2));
  assert.equal(await page.locator(".rendered pre.broken").innerText(), "no json");
});
