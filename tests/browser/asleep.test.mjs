// A page that is open for long: the laptop sleeps, the token ends.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { administrator, launch, open } from "./browser.mjs";
import { bot, until } from "./client.mjs";
import { Hub } from "./hub.mjs";
import { Wire } from "./wire.mjs";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

let wire;
let hub;
let browser;
let ada;
let sable;
before(async () => {
  wire = await Wire.lay();
  hub = await Hub.start({ SERVER__PUBLIC_URL: wire.url });
  wire.port = Number(new URL(hub.url).port);
  browser = await launch();
  await hub.signIn();
  ada = await administrator(browser, wire);
  sable = await bot(hub, "sable");
});
after(async () => {
  await browser?.close();
  await hub?.stop();
  wire?.close();
});

const seqs = (page) => page.locator("[data-seq]").evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));

/** A page in a room, with a clock that can be put forward, and with its sockets listed. */
async function openRoom(t, name) {
  await hub.room(name);
  const room = await sable.join(name);
  const page = await open(t, ada);
  page.sockets = [];
  page.on("websocket", (socket) => {
    const hellos = [];
    socket.on("framesent", ({ payload }) => `${payload}`.includes('"type":"hello"') && hellos.push(JSON.parse(payload)));
    page.sockets.push({ hellos });
  });
  await page.clock.install();
  await page.goto(`${wire.url}/w/main/rooms/${name}`);
  await page.getByText("Live", { exact: true }).waitFor();
  return { page, room };
}

test("a laptop that slept finds its dead socket out, and misses nothing", async (t) => {
  const { page, room } = await openRoom(t, "asleep");
  for (let n = 1; n <= 5; n++) await room.publish({ text: `before ${n}` });
  await page.locator('[data-seq="5"]').waitFor();
  wire.cut();
  for (let n = 1; n <= 20; n++) await room.publish({ text: `asleep ${n}` });
  assert.deepEqual(await seqs(page), [1, 2, 3, 4, 5], "nothing tells the page that its socket is dead");
  await page.locator(".pill").getByText("Live").waitFor();
  // It wakes: two beats of the hub without a word, and no answer when it asks.
  await page.clock.fastForward(51 * SECOND);
  await page.clock.fastForward(11 * SECOND);
  await page.getByText("You missed 20 messages").waitFor();
  await page.locator('[data-seq="25"]').waitFor();
  assert.deepEqual(await seqs(page), Array.from({ length: 25 }, (_, i) => i + 1));
  assert.equal(page.sockets.length, 2);
  await room.publish({ text: "after" });
  await page.locator(".feed-list").getByText("after", { exact: true }).waitFor();
});

test("a token is renewed in its place: the same socket, nothing interrupted", async (t) => {
  const { page, room } = await openRoom(t, "renewed");
  const [{ hellos }] = page.sockets;
  let refreshed = 0;
  page.on("response", (response) => (refreshed += Number(response.url().endsWith("/auth/refresh") && response.ok())));
  await until(() => hellos.length === 1, "the first hello");
  for (let round = 2; round <= 3; round++) {
    await page.clock.fastForward(15 * MINUTE);
    await until(() => hellos.length === round, "a hello with another token");
    await room.publish({ text: `round ${round}` });
    await page.locator(".feed-list").getByText(`round ${round}`).waitFor();
  }
  assert.equal(refreshed, 2);
  assert.equal(page.sockets.length, 1);
  await page.getByText("Live", { exact: true }).waitFor();
  assert.equal(await page.getByText("You missed").count(), 0);
});
