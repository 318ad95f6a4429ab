import assert from "node:assert/strict";
import { test } from "node:test";
import { sentence, until, visible } from "../src/format.js";

test("what hides or turns text is made visible; what scripts and emoji need is left", () => {
  assert.equal(visible("sa\u200bble"), "sa‹U+200B›ble");
  assert.equal(visible("if (a\u202e) //\u2066 x"), "if (a‹U+202E›) //‹U+2066› x");
  assert.equal(visible("sa\u200dble"), "sa‹U+200D›ble");
  for (const fine of ["👩‍👧", "می‌خواهم", "שלום", "naïve é"]) assert.equal(visible(fine), fine);
});

test("until when is a time alone on the same day", () => {
  const at = new Date(2026, 10, 30, 18, 5).getTime();
  assert.match(until(at, new Date(2026, 10, 30, 1).getTime()), /^\D?\d+:05\D*$/);
  assert.match(until(at, new Date(2026, 10, 29, 23).getTime()), /30.*:05/);
});

test("what the hub says becomes a sentence once", () => {
  assert.equal(sentence("ended by an administrator"), "Ended by an administrator.");
  assert.equal(sentence("You are signed out."), "You are signed out.");
});
