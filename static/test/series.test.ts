import assert from "node:assert/strict";
import { test } from "node:test";
import { firstOfLastMonth, lastOfMonth, lines } from "../src/usage/series";

const noon = Date.parse("2026-11-03T12:00:00Z");

test("every day has a value, and the sum begins anew with the month", () => {
  const values = new Map([["2026-10-30", 5], ["2026-11-02", 7]]);
  const { days, each, summed, forecast } = lines(values, "2026-10-30", "2026-11-02", noon);
  assert.deepEqual(days, ["2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02"]);
  assert.deepEqual(each, [5, 0, 0, 7]);
  assert.deepEqual(summed, [5, 5, 0, 7]);
  assert.deepEqual(forecast, [null, null, null, null], "what is over has no forecast");
});

test("this month goes on to its end as it went", () => {
  const { days, each, summed, forecast } = lines(new Map([["2026-11-01", 10], ["2026-11-03", 15]]), "2026-11-01", "2026-11-03", noon);
  assert.equal(days.length, 30);
  assert.deepEqual(each.slice(0, 4), [10, 0, 15, null]);
  assert.deepEqual(summed.slice(0, 4), [10, 10, 25, null]);
  assert.deepEqual(forecast.slice(0, 3), [null, null, 25]);
  // 25 in two and a half days is 10 a day.
  assert.equal(Math.round(forecast.at(-1) ?? 0), 300);
});

test("months end where the calendar has it", () => {
  assert.equal(lastOfMonth("2028-02-11"), "2028-02-29");
  assert.equal(firstOfLastMonth("2026-01-31"), "2025-12-01");
});
