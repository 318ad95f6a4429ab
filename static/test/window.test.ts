import assert from "node:assert/strict";
import { test } from "node:test";
import { FeedWindow, MOST, TAIL } from "../src/feed/window.js";

const log = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => ({ seq: from + i }));

function gapless(window: FeedWindow<{ seq: number }>): void {
  window.entries.forEach((entry, i) => assert.equal(entry.seq, window.first + i));
}

test("keeps the tail while following", () => {
  const window = new FeedWindow();
  window.reset([], 0);
  for (const entry of log(1, 1_000)) window.push(entry);
  assert.ok(window.entries.length >= TAIL && window.entries.length <= 120);
  assert.equal(window.last, 1_000);
  assert.equal(window.unseen, 0);
  gapless(window);
  window.seen = 44;
  for (const entry of log(1_001, 2_000)) window.push(entry);
  assert.ok(window.entries.length >= 44 && window.entries.length <= 66, "no more than can be seen, and some");
  window.seen = 1_000;
  for (const entry of log(2_001, 3_000)) window.push(entry);
  assert.ok(window.entries.length >= TAIL && window.entries.length <= 120, "never more than at first");
  gapless(window);
});

test("grows upward, and counts what comes below without moving", () => {
  const window = new FeedWindow();
  window.reset(log(921, 1_000), 1_000);
  window.follow(false);
  window.prepend(log(821, 920));
  for (const entry of log(1_001, 1_030)) window.push(entry);
  assert.equal(window.unseen, 30);
  assert.deepEqual([window.first, window.last], [821, 1_030]);
  gapless(window);
});

test("cuts the end off at the bound and finds it again", () => {
  const window = new FeedWindow();
  window.reset(log(1_901, 2_000), 2_000);
  window.follow(false);
  for (let first = 1_801; first >= 1_001; first -= 100) window.prepend(log(first, first + 99));
  assert.equal(window.entries.length, MOST);
  assert.equal(window.atEnd, false);
  window.push({ seq: 2_001 });
  assert.equal(window.last, 1_600);
  while (!window.atEnd) window.append(log(window.last + 1, Math.min(window.last + 200, 2_001)), 2_001);
  assert.equal(window.last, 2_001);
  gapless(window);
});

test("repeats and pages that do not fit change nothing", () => {
  const window = new FeedWindow();
  window.reset(log(11, 20), 20);
  window.push({ seq: 20 });
  window.prepend(log(1, 5));
  window.append(log(30, 40), 40);
  assert.deepEqual([window.first, window.last, window.head], [11, 20, 40]);
  gapless(window);
});
