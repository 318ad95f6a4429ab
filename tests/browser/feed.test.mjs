// A room's feed with a long history: opened at its end, scrolled back through, never moved under the reader.

import assert from "node:assert/strict";
import { test } from "node:test";
import { administrator, open } from "./browser.mjs";
import { bot, until } from "./client.mjs";
import { Hub } from "./hub.mjs";
import { plansWith } from "./plans.mjs";
import { ada, browser, hub, stage } from "./stage.mjs";

const EVENTS = 20_000;
const STEP = 600;
/** A page that has not moved for so long does not move any more. */
const STILL_MS = 1_000;

let sable;
stage(async () => {
  sable = await bot(hub, "sable");
});

/** A room with so many events; some longer than others, so that rows differ in height. */
async function fill(name, count) {
  await hub.room(name);
  const room = await sable.join(name);
  for (let at = 0; at < count; at += 500) {
    const batch = Array.from({ length: Math.min(500, count - at) }, (_, i) => at + i + 1);
    await Promise.all(batch.map((n) => room.publish({ text: `event ${n}${" and more".repeat((n * 7) % 60)}` })));
  }
  return room;
}

async function openRoom(t, name) {
  const page = await open(t, ada);
  await page.goto(`${hub.url}/w/main/rooms/${name}`);
  return page;
}

/** Adds up in the page how far what is in sight has moved, frame by frame, and which events were there. */
function watch(page) {
  return page.evaluate(() => {
    const scroller = document.querySelector(".feed-scroll");
    const seen = new Set();
    const state = { moved: 0, seen };
    let anchor;
    const frame = () => {
      // By its lower end: the first row held loses the day and the name above it when older ones come.
      if (anchor?.row.isConnected) state.moved += Math.abs(anchor.row.getBoundingClientRect().bottom - anchor.bottom);
      const edge = scroller.getBoundingClientRect().top;
      anchor = undefined;
      for (const row of document.querySelectorAll("[data-seq]")) {
        const { bottom } = row.getBoundingClientRect();
        seen.add(Number(row.dataset.seq));
        if (!anchor && bottom > edge + 40) anchor = { row, bottom };
      }
      requestAnimationFrame(frame);
    };
    frame();
    window.watched = state;
  });
}

const moved = (page) => page.evaluate(() => window.watched.moved);
const seqs = (page) => page.locator("[data-seq]").evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));
const fromEnd = (page) => page.locator(".feed-scroll").evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);

/**
 * Scrolls by a step of the wheel, and waits until the page has gone along. A browser cuts a scroll short when rows are
 * put above it meanwhile; then the reader turns on, by what is left.
 */
async function wheel(page, by) {
  let last = await moved(page);
  const end = last + Math.abs(by);
  let still = performance.now();
  await page.mouse.wheel(0, by);
  await until(async () => {
    const now = await moved(page);
    if (now !== last) [last, still] = [now, performance.now()];
    if (now >= end - 2) return true;
    if (performance.now() - still > STILL_MS) {
      still = performance.now();
      await page.mouse.wheel(0, Math.sign(by) * (end - now));
    }
    return false;
  }, `a scroll by ${by}`);
}

test("a room with 20,000 events opens at its end, and is scrolled back through without a jump", async (t) => {
  const room = await fill("long", EVENTS);
  const begun = performance.now();
  const page = await openRoom(t, "long");
  await page.locator(`[data-seq="${EVENTS}"]`).waitFor();
  t.diagnostic(`opened in ${Math.round(performance.now() - begun)} ms`);
  await until(async () => (await fromEnd(page)) < 2, "the end in sight");
  assert.ok((await seqs(page)).length <= 120, "only the end is held");
  await watch(page);
  await page.locator(".feed-scroll").hover();
  let steps = 0;
  while (Math.min(...await seqs(page)) > EVENTS - 700) {
    await wheel(page, -STEP);
    steps += 1;
  }
  const total = await moved(page);
  assert.ok(Math.abs(total - steps * STEP) < steps, `moved by ${total} px in ${steps} steps of ${STEP}`);
  assert.ok((await seqs(page)).length <= 600, "what is held has a bound");
  const seen = await page.evaluate(() => [...window.watched.seen].sort((a, b) => a - b));
  assert.deepEqual(seen, Array.from({ length: seen.length }, (_, i) => EVENTS - seen.length + 1 + i), "no event is left out");
  await Promise.all(Array.from({ length: 30 }, (_, i) => room.publish({ text: `late ${i}` })));
  await page.getByRole("button", { name: "30 new" }).waitFor();
  assert.equal(await moved(page), total, "the reader stays where they are");
  await page.getByRole("button", { name: "30 new" }).click();
  await page.locator(`[data-seq="${EVENTS + 30}"]`).waitFor();
  await until(async () => (await fromEnd(page)) < 2, "the end in sight");
  await room.publish({ text: "and on" });
  await page.locator(`[data-seq="${EVENTS + 31}"]`).waitFor();
  await until(async () => (await fromEnd(page)) < 2, "the end is followed again");
});

test("the beginning of a room is said; the wheel leads back to the end", async (t) => {
  await fill("short", 300);
  const page = await openRoom(t, "short");
  await page.locator(`[data-seq="300"]`).waitFor();
  await watch(page);
  await page.locator(".feed-scroll").hover();
  await until(async () => {
    await page.mouse.wheel(0, -2 * STEP);
    return page.getByText("The beginning of #short").isVisible();
  }, "the beginning");
  assert.deepEqual((await seqs(page))[0], 1);
  await wheel(page, 5 * STEP);
  const top = () => page.locator(".feed-scroll").evaluate((scroller) => {
    const edge = scroller.getBoundingClientRect().top;
    const first = [...document.querySelectorAll("[data-seq]")].find((row) => row.getBoundingClientRect().bottom > edge);
    return Number(first.dataset.seq);
  });
  const place = await top();
  for (const width of [700, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    await until(() => page.evaluate((width) => innerWidth === width, width), "the new size");
    await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
    const now = await top();
    assert.ok(Math.abs(now - place) <= 1, `at ${width} px the reader is at ${now} instead of ${place}`);
  }
  await until(async () => {
    await page.mouse.wheel(0, 4 * STEP);
    return (await fromEnd(page)) < 2;
  }, "the end");
  await page.getByRole("button", { name: "Latest" }).waitFor({ state: "detached" });
  const seen = await page.evaluate(() => [...window.watched.seen].sort((a, b) => a - b));
  assert.deepEqual(seen, Array.from({ length: 300 }, (_, i) => i + 1));
});

test("where the beginning is no longer kept, scrolling back ends, whenever the room was opened", async (t) => {
  const plans = await plansWith({ retention_days: 1 });
  const forgetful = await Hub.start({ TENANCY__DEFAULT_PLAN: "starter", TENANCY__PLANS_FILE: plans.file, LOG__SWEEP_SECONDS: "1" });
  t.after(async () => {
    await forgetful.stop();
    plans.remove();
  });
  await forgetful.signIn();
  const room = await (await bot(forgetful, "sable")).join("lobby");
  await Promise.all(Array.from({ length: 250 }, (_, i) => room.publish({ text: `event ${i + 1}` })));
  const context = await administrator(browser, forgetful);
  const [before, after] = [await open(t, context), await open(t, context)];
  const address = `${forgetful.url}/w/main/rooms/lobby`;
  await before.goto(address);
  await before.locator('[data-seq="250"]').waitFor();
  await forgetful.change("UPDATE events SET time = time - 172800000 WHERE seq <= 100");
  await until(async () => (await forgetful.api("/workspaces/main/rooms/lobby/events?after=0")).oldest === 101, "the sweep");
  await after.goto(address);
  for (const page of [before, after]) {
    await page.bringToFront();
    await page.locator('[data-seq="250"]').waitFor();
    await page.locator(".feed-scroll").hover();
    await until(async () => {
      await page.mouse.wheel(0, -STEP);
      return page.getByText("What came before is no longer kept").isVisible();
    }, "the beginning of what is kept");
    assert.equal((await seqs(page))[0], 101);
    assert.equal(await page.getByRole("alert").count(), 0);
  }
  await after.goto(`${address}?at=7`);
  await after.getByText("Message 7 is no longer kept").waitFor();
});

test("an answer leads to what it answers, however far back", async (t) => {
  const room = await fill("answers", 1_500);
  await room.publish({ text: "about that" }, { replyTo: 40 });
  const page = await openRoom(t, "answers");
  await page.getByRole("button", { name: "in answer to #40" }).click();
  const old = page.locator(`[data-seq="40"]`);
  await old.waitFor();
  await until(() => old.evaluate((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return top > 0 && bottom < innerHeight;
  }), "the old event in sight");
  await page.locator(".feed-scroll").hover();
  const before = await seqs(page);
  await until(async () => {
    await page.mouse.wheel(0, 4 * STEP);
    return Math.max(...await seqs(page)) > Math.max(...before);
  }, "what follows it");
  await page.getByRole("button", { name: "Latest" }).click();
  await page.locator(`[data-seq="1501"]`).waitFor();
});
