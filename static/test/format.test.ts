import assert from "node:assert/strict";
import { test } from "node:test";
import { sentence, visible } from "../src/format.js";

test("what hides or turns text is made visible; what scripts and emoji need is left", () => {
  assert.equal(visible("sa\u200bble"), "sa‹U+200B›ble");
  assert.equal(visible("if (a\u202e) //\u2066 x"), "if (a‹U+202E›) //‹U+2066› x");
  assert.equal(visible("sa\u200dble"), "sa‹U+200D›ble");
  for (const fine of ["👩‍👧", "می‌خواهم", "שלום", "naïve é"]) assert.equal(visible(fine), fine);
});

test("a reason becomes a sentence", () => {
  assert.equal(sentence("the hub restarts"), "The hub restarts.");
  assert.equal(sentence("You are signed out."), "You are signed out.");
});
