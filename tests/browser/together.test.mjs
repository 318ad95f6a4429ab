// Two people and three bots in one room: all see the same, each does their part.

import assert from "node:assert/strict";
import { test } from "node:test";
import { open } from "./browser.mjs";
import { bot, until } from "./client.mjs";
import { member } from "./people.mjs";
import { ada, browser, hub, stage } from "./stage.mjs";

const BOTS = ["sable", "yuki", "marcus"];
const MESSAGES = 20;

stage();

const rows = (page) => page.locator(".feed-list > [data-seq]").evaluateAll((all) => all.map((row) => [Number(row.dataset.seq), row.querySelector(".md")?.textContent ?? ""]));

async function enter(t, context) {
  const page = await open(t, context);
  await page.goto(`${hub.url}/w/main/rooms/crew`);
  await page.getByText("Live", { exact: true }).waitFor();
  return page;
}

async function say(page, text) {
  await page.getByLabel("Message #crew").fill(text);
  await page.keyboard.press("Enter");
}

test("two people and three bots work in a room", async (t) => {
  await hub.room("crew");
  const bots = await Promise.all(BOTS.map((name) => bot(hub, name)));
  const rooms = await Promise.all(bots.map((one) => one.join("crew")));
  const vera = await enter(t, await member(browser, hub, { role: "member", email: "vera@example.com", name: "Vera" }));
  const page = await enter(t, ada);
  const people = [page, vera];
  for (const one of people) await one.getByRole("button", { name: "3 agents, 2 people here" }).waitFor();

  // All at once: what each says, and what each bot prints.
  const outs = await Promise.all(bots.map((one, i) => one.openStream("crew", `work of ${BOTS[i]}`)));
  await Promise.all([
    ...rooms.map(async (room, i) => {
      for (let n = 1; n <= MESSAGES; n++) await room.publish({ text: `${BOTS[i]} ${n}` });
    }),
    ...outs.map(async (out, i) => {
      for (let n = 1; n <= MESSAGES; n++) await out.write(`${BOTS[i]} prints ${n}\n`);
    }),
    say(page, "@yuki how far are you?"),
    say(vera, "good morning"),
  ]);
  const asked = vera.locator("[data-seq]", { hasText: "how far are you?" });
  await asked.waitFor();
  const seq = Number(await asked.getAttribute("data-seq"));
  assert.deepEqual((await rooms[1].history({ after: seq - 1, limit: 1 })).events[0].mentions, ["yuki"]);
  await rooms[1].publish({ text: "almost done" }, { replyTo: seq });
  for (const one of people) await one.locator("[data-seq]", { hasText: "almost done" }).getByRole("button", { name: /how far are you/ }).waitFor();

  // A person stops what a bot runs; the others end by themselves.
  await vera.locator(".stream-list").getByText("work of marcus").click();
  await vera.locator(".term-row").getByText(`marcus prints ${MESSAGES}`, { exact: true }).waitFor();
  await vera.getByRole("button", { name: "Ask marcus to stop" }).click();
  await vera.getByRole("button", { name: "Ask to stop", exact: true }).click();
  await until(() => outs[2].signal.aborted, "the wish to stop");
  await Promise.all([outs[0].close({ exitCode: 0 }), outs[1].close({ exitCode: 1 }), outs[2].close({ outcome: "cancelled" })]);
  const last = await rooms[0].publish({ text: "the end" });
  for (const one of people) await one.locator(`[data-seq="${last.seq}"]`).waitFor();

  // Whatever each holds of the log is the log.
  const { events } = await rooms[0].history({ after: 0, limit: 500 });
  const log = new Map(events.map((event) => [event.seq, event.kind === "message" ? event.body.text : ""]));
  assert.equal(log.size, last.seq);
  assert.equal([...log.values()].filter((text) => /^\w+ \d+$/.test(text)).length, BOTS.length * MESSAGES);
  for (const one of people) {
    const shown = await rows(one);
    assert.deepEqual(shown.map(([at]) => at), Array.from({ length: shown.length }, (_, i) => last.seq - shown.length + 1 + i));
    for (const [at, text] of shown) if (text) assert.equal(text, log.get(at));
  }
  bots[2].close();
  for (const one of people) await one.getByRole("button", { name: "2 agents, 2 people here" }).waitFor();
});
