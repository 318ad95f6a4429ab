import assert from "node:assert/strict";
import { test } from "node:test";
import type { Seen } from "../src/activity/activity";
import { byPerson, isBusy } from "../src/activity/people";
import { level, share } from "../src/usage/meters";
import { find } from "../src/views/palette/find";

const seen = (room: string, name: string, state: string, since: string, text?: string): Seen => ({
  room,
  member: { connection: `${room}-${name}-${since}`, sender: { kind: "agent", id: name, name }, state, since, ...(text && { text }) },
});

test("of an agent's connections the most urgent speaks", () => {
  const people = byPerson([
    seen("a", "sable", "online", "2026-11-02T00:00:00Z"),
    seen("b", "sable", "waiting", "2026-11-01T00:00:00Z", "for a review"),
    seen("b", "sable", "thinking", "2026-11-03T00:00:00Z"),
    seen("a", "yuki", "idle", "2026-11-01T00:00:00Z"),
  ]);
  const sable = people.get("sable");
  assert.deepEqual([sable?.state, sable?.text, sable?.since, sable?.rooms], ["waiting", "for a review", "2026-11-01T00:00:00Z", ["a", "b"]]);
  assert.deepEqual([...people.values()].map(isBusy), [true, false]);
});

test("levels are those that are told of", () => {
  const at = (used: number, limit = 100) => level({ used, limit });
  assert.deepEqual([79, 80, 99, 100, 199, 200].map((used) => at(used)), [undefined, 80, 80, 100, 100, 200]);
  assert.equal(share({ used: 0, limit: 0 }), 0);
  assert.equal(at(1, 0), 200, "a limit of nothing is passed by anything");
});

test("what begins as typed is found before what has it inside, and a kind narrows it", () => {
  const named = (label: string, kind = "room") => ({ label, kind });
  const all = [named("#redeploy"), named("#nightly-deploy"), named("#deploy-42"), named("deploy", "agent"), named("Usage", "page")];
  const labels = (text: string) => find(all, text).map(({ label }) => label);
  assert.deepEqual(labels("deploy"), ["deploy", "#deploy-42", "#nightly-deploy", "#redeploy"]);
  assert.deepEqual(labels("#dep"), ["#deploy-42", "deploy", "#nightly-deploy", "#redeploy"]);
  assert.deepEqual(labels("deploy agent"), ["deploy"]);
  assert.deepEqual(labels(""), all.map(({ label }) => label));
  assert.deepEqual(labels("nothing"), []);
});
