// A room played again: the same messages in the same order, the same output, from any moment on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";
import { bot, pause, until } from "./client.mjs";
import { ada, hub, stage } from "./stage.mjs";

let sable;
stage(async () => {
  await ada.grantPermissions(["clipboard-read", "clipboard-write"]);
  sable = await bot(hub, "sable");
});

const rows = (page) => page.locator(".term-row").allInnerTexts();
const seqs = (page) => page.locator("[data-seq]").evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));
const slider = (page) => page.getByRole("slider", { name: "Position in the replay" });
const at = (page) => slider(page).evaluate((rail) => Number(rail.getAttribute("aria-valuenow")) / Number(rail.getAttribute("aria-valuemax")));

/** What a reader sees: every message, and all that was written. */
async function shown(page) {
  const messages = await page.locator("[data-seq] .md").allInnerTexts();
  await page.getByRole("button", { name: "Copy what is loaded" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  return { seqs: await seqs(page), messages, output: await page.evaluate("navigator.clipboard.readText()") };
}

/** A run of some seconds: the times at which things happen are what a replay is about. */
async function work(name) {
  await hub.room(name);
  const room = await sable.join(name);
  await room.publish({ text: "first, **look**" });
  const out = await sable.openStream(name, "cargo test");
  for (let i = 1; i <= 40; i++) {
    await out.write(`\x1b[3${i % 8}mline ${i}\x1b[0m é\n`);
    if (i % 10 === 0) await room.publish({ text: `at line ${i}` });
    await pause(25);
  }
  await out.write("12 %\r99 %\r\x1b[Kdone\n");
  await out.close({ exitCode: 0 });
  // More than what counts as idle.
  await pause(3_200);
  await room.publish({ text: "last" });
}

test("a replay ends as the live run did, comes by its messages in order, and leaves idle time out", async (t) => {
  const page = await open(t, ada);
  await work("run");
  await page.goto(`${hub.url}/w/main/rooms/run`);
  await page.getByText("last", { exact: true }).waitFor();
  await page.locator(".term-row").getByText("done", { exact: true }).waitFor();
  const live = await shown(page);
  await page.getByRole("link", { name: "Replay this room" }).click();
  await page.getByText("Messages and output come at their recorded times.").waitFor();
  assert.deepEqual(await seqs(page), [], "it begins before the first event");
  await page.evaluate(() => {
    window.order = [];
    new MutationObserver(() => {
      for (const row of document.querySelectorAll("[data-seq]")) if (!window.order.includes(row.dataset.seq)) window.order.push(row.dataset.seq);
    }).observe(document.querySelector(".replay"), { childList: true, subtree: true });
  });
  const begun = performance.now();
  await page.getByRole("button", { name: "Play" }).click();
  await page.getByText("at line 10", { exact: true }).waitFor();
  assert.ok(!(await rows(page)).includes("done"), "output comes at its time");
  await page.getByText("last", { exact: true }).waitFor();
  const took = performance.now() - begun;
  t.diagnostic(`played in ${Math.round(took)} ms`);
  assert.ok(took > 800 && took < 4_000, "in its own time, but without what was idle");
  await page.getByRole("button", { name: "Play" }).waitFor();
  assert.deepEqual(await shown(page), live);
  assert.deepEqual((await page.evaluate("window.order")).map(Number), live.seqs, "in the order of the log");
  assert.equal(live.output, [...Array.from({ length: 40 }, (_, i) => `line ${i + 1} é`), "done"].join("\n"));
});

test("output comes at the times at which it was stored, however unevenly", async (t) => {
  await hub.room("uneven");
  const room = await sable.join("uneven");
  const out = await sable.openStream("uneven", "bursts");
  const burst = async (from) => {
    const text = Array.from({ length: 100 }, (_, i) => `line ${from + i}\n`).join("");
    const { length } = await hub.api(`/workspaces/main/streams/${out.id}`);
    await out.write(text);
    await until(async () => (await hub.api(`/workspaces/main/streams/${out.id}`)).length === length + text.length, "the burst in the store");
  };
  await burst(1);
  const early = await room.publish({ text: "after the first" });
  // Most of the time lies behind most of the output.
  await pause(1_500);
  const late = await room.publish({ text: "before the second" });
  await burst(101);
  await out.close();
  const page = await open(t, ada);
  for (const { seq } of [early, late]) {
    await page.goto(`${hub.url}/w/main/rooms/uneven?replay=${seq}`);
    await page.locator(".term-row").getByText("line 100", { exact: true }).waitFor();
    assert.equal((await rows(page)).at(-1), "line 100", "all of the first burst, nothing of the second");
  }
  await slider(page).press("End");
  await page.locator(".term-row").getByText("line 200", { exact: true }).waitFor();
});

test("a moment has an address; the slider goes by keys; a stretch is cut out; the way back is live", async (t) => {
  await work("moments");
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms/moments?replay=3`);
  await page.getByText("at line 10", { exact: true }).waitFor();
  assert.deepEqual((await seqs(page)).at(-1), 3);
  const place = await at(page);
  await slider(page).focus();
  await page.keyboard.press("End");
  await page.getByText("last", { exact: true }).waitFor();
  assert.equal(await at(page), 1);
  await page.waitForURL(/replay=\d+/);
  await page.keyboard.press("Home");
  await until(async () => (await at(page)) === 0 && (await seqs(page)).length === 1, "the beginning");
  await page.keyboard.press("PageUp");
  await until(async () => (await at(page)) > 0, "a step");
  await page.goto(`${hub.url}/w/main/rooms/moments?replay=3`);
  await until(async () => (await at(page)) === place, "the same moment");
  await page.getByRole("button", { name: "Begin here" }).click();
  await page.waitForURL(/from=3/);
  await until(async () => (await at(page)) === 0, "a stretch that begins here");
  await page.getByRole("button", { name: "Whole room" }).click();
  await until(async () => (await at(page)) > 0, "the whole again");
  await page.getByLabel("Speed").selectOption("60");
  await page.getByRole("button", { name: "Play" }).click();
  await page.getByText("last", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Back to live" }).click();
  await page.getByLabel("Message #moments").waitFor();
});

test("a long stretch is played with little of it held", async (t) => {
  await hub.room("long");
  const room = await sable.join("long");
  for (let at = 0; at < 5_000; at += 500) await Promise.all(Array.from({ length: 500 }, (_, i) => room.publish({ text: `event ${at + i + 1}` })));
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms/long?replay=4000`);
  await page.locator(`[data-seq="4000"]`).waitFor();
  assert.ok((await seqs(page)).length <= 200);
  await page.getByRole("button", { name: "Play" }).click();
  await page.locator(`[data-seq="5000"]`).waitFor();
  assert.ok((await seqs(page)).length <= 200);
});
