// Output streams in the dashboard: running and finished, coloured, long.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { open } from "./browser.mjs";
import { bot, until } from "./client.mjs";
import { ada, hub, stage } from "./stage.mjs";

const LONG = 50 * 1024 * 1024;
/** No single task of the page may take longer than this, on a machine with other work. */
const FROZEN_MS = 2_000;

let sable;
stage(async () => {
  sable = await bot(hub, "sable");
});

async function openRoom(t, room, path = "") {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms/${room}${path}`);
  await page.getByText("Live", { exact: true }).waitFor();
  return page;
}

const rows = (page) => page.locator(".term-row").allInnerTexts();
const fromEnd = (page) => page.locator(".term").evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);

test("a running stream is followed: colours, a progress bar in its place, then its end", async (t) => {
  await hub.room("running");
  const page = await openRoom(t, "running");
  await page.getByText("What tools print in this room appears here").waitFor();
  const out = await sable.openStream("running", "cargo test");
  await page.getByRole("heading", { name: "cargo test" }).waitFor();
  await page.getByText("No output yet.").waitFor();
  await out.write("plain \x1b[1;32mgreen\x1b[0m \x1b[38;5;226myellow\x1b[0m\n 10 %\r 50 %");
  await until(async () => (await rows(page)).join("|") === "plain green yellow| 50 %", "the bar painted over");
  await out.write("\r\x1b[Kdone\n");
  await until(async () => (await rows(page)).join("|") === "plain green yellow|done", "the bar gone");
  const style = (text) => page.locator(".term-row span", { hasText: text }).evaluate((span) => [getComputedStyle(span).color, getComputedStyle(span).fontWeight]);
  const [green, weight] = await style("green");
  const [r, g, b] = green.match(/\d+/g).map(Number);
  assert.ok(g > r + 50 && g > b + 50, green);
  assert.equal(weight, "600");
  assert.notEqual((await style("yellow"))[0], "rgb(255, 255, 0)", "yellow on white is darkened until it can be read");
  const card = page.locator(".stream-card", { hasText: "cargo test" });
  await card.getByText("running").waitFor();
  await out.close({ exitCode: 101 });
  await card.getByText("failed").waitFor();
  await card.getByText("exit 101").waitFor();
  await page.locator(".output-head").getByText("failed").waitFor();
});

test("following pauses and goes on; lines wrap; asking to stop reaches the producer", async (t) => {
  await hub.room("steady");
  const out = await sable.openStream("steady", "steady");
  const lines = (from, to) => Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join("");
  await out.write(lines(0, 200));
  const page = await openRoom(t, "steady");
  await page.getByText("line 199", { exact: true }).waitFor();
  assert.ok((await fromEnd(page)) < 2, "at the end");
  await page.getByRole("button", { name: "Pause" }).click();
  const [first] = await rows(page);
  await out.write(`${lines(200, 400)}${"x".repeat(500)}\n`);
  await until(async () => (await fromEnd(page)) > 2_000, "more below");
  assert.equal((await rows(page))[0], first, "the reader is not moved");
  await page.getByRole("button", { name: "Follow the end" }).click();
  await page.locator(".term-row").getByText("xxxxx").waitFor();
  await page.getByRole("button", { name: "Wrap lines" }).click();
  await until(async () => (await rows(page)).filter((row) => /^x+$/.test(row)).length > 1, "a wrapped line");
  assert.equal((await rows(page)).filter((row) => /^x+$/.test(row)).join(""), "x".repeat(500));
  await page.getByRole("button", { name: "Wrap lines" }).click();
  await page.getByRole("button", { name: "Ask sable to stop" }).click();
  await page.getByRole("button", { name: "Let it run" }).click();
  assert.equal(out.signal.aborted, false, "nothing is asked before it is confirmed");
  await page.getByRole("button", { name: "Ask sable to stop" }).click();
  await page.getByRole("button", { name: "Ask to stop", exact: true }).click();
  await until(() => out.signal.aborted, "the wish to stop");
  assert.match(out.signal.reason.message, /stopped from the dashboard/);
  await out.close({ outcome: "cancelled" });
  await page.locator(".output-head").getByText("cancelled").waitFor();
});

test("a link to a finished stream shows it, and the download is its bytes", async (t) => {
  await hub.room("finished");
  const older = await sable.openStream("finished", "npm run build");
  const bytes = Buffer.from(Array.from({ length: 3_000 }, (_, i) => `\x1b[3${i % 8}m${i}\x1b[0m é ✓\n`).join(""));
  await older.write(bytes);
  await older.close({ exitCode: 0 });
  const newer = await sable.openStream("finished", "something else");
  await newer.close({ exitCode: 0 });
  const page = await openRoom(t, "finished", `/streams/${older.id}`);
  await page.getByRole("heading", { name: "npm run build" }).waitFor();
  await page.getByText("2999 é ✓", { exact: true }).waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: /^Download/ }).click()]);
  assert.equal(download.suggestedFilename(), "npm-run-build.log");
  assert.ok(bytes.equals(await readFile(await download.path())));
  await page.locator(".stream-list").getByText("something else").click();
  await page.getByText("It wrote nothing.").waitFor();
  await page.goBack();
  await page.getByText("2999 é ✓", { exact: true }).waitFor();
});

test("a stream of 50 MiB opens at its end and is read back from there, without freezing the page", async (t) => {
  await hub.room("long");
  const out = await sable.openStream("long", "long");
  let line = 0;
  for (let written = 0; written < LONG;) {
    const piece = Array.from({ length: 1_000 }, () => `\x1b[2m${String(line++).padStart(8)}\x1b[0m ${"some \x1b[33mcoloured\x1b[0m output ".repeat(3)}\n`).join("");
    written += piece.length;
    await out.write(piece);
  }
  const page = await open(t, ada);
  await page.addInitScript(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: "longtask", buffered: true });
  });
  const begun = performance.now();
  await page.goto(`${hub.url}/w/main/rooms/long`);
  await page.locator(".term-row").getByText(`${line - 1}`).waitFor();
  t.diagnostic(`opened in ${Math.round(performance.now() - begun)} ms`);
  assert.ok((await fromEnd(page)) < 2, "at the end");
  assert.ok((await rows(page)).length < 150, "only what is in sight is in the document");
  const first = async () => Number((await rows(page))[0].trim().split(" ")[0]);
  const top = await first();
  // Farther than the page holds, so that the end is dropped on the way.
  await until(async () => {
    await page.locator(".term").press("Home");
    return (await first()) < top - 60_000;
  }, "earlier lines", 60_000);
  const shown = (await rows(page)).map((row) => Number(row.trim().split(" ")[0]));
  assert.deepEqual(shown, shown.map((_, i) => shown[0] + i), "lines follow each other");
  await page.getByRole("button", { name: "Follow the end" }).click();
  await out.write("the very end\n");
  await page.getByText("the very end", { exact: true }).waitFor();
  const longest = await page.evaluate("window.longest");
  t.diagnostic(`longest task ${Math.round(longest)} ms`);
  assert.ok(longest < FROZEN_MS, `a task of ${longest} ms`);
  await out.close();
});
