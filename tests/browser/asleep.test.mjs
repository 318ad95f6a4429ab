// A page that is open for long: the laptop sleeps, the token ends, retention takes what was old, somebody is let go.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { administrator, launch, open } from "./browser.mjs";
import { bot, until } from "./client.mjs";
import { Hub } from "./hub.mjs";
import { member } from "./people.mjs";
import { plansWith } from "./plans.mjs";
import { Wire } from "./wire.mjs";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** The hub's events of a room but for the newest, two days older. */
const AGE = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=20); db.execute('UPDATE events SET time = time - 172800000 WHERE seq < ? AND room_id = (SELECT id FROM rooms WHERE name = ?)', (int(sys.argv[3]), sys.argv[2])); db.commit()";

let wire;
let plans;
let hub;
let browser;
let ada;
let sable;
before(async () => {
  wire = await Wire.lay();
  plans = await plansWith({ retention_days: 1, message_burst: 1_000 });
  hub = await Hub.start({ SERVER__PUBLIC_URL: wire.url, TENANCY__PLANS_FILE: plans.file, TENANCY__DEFAULT_PLAN: "pro", LOG__SWEEP_SECONDS: "1" });
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
  plans?.remove();
});

const seqs = (page) => page.locator("[data-seq]").evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));

/** A page in a room, with a clock that can be put forward, and with its sockets listed. */
async function openRoom(t, name, context = ada) {
  await hub.room(name);
  const room = await sable.join(name);
  const page = await open(t, context);
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

test("what is no longer kept is said where the feed ends", async (t) => {
  const { page, room } = await openRoom(t, "kept");
  for (let at = 0; at < 300; at += 100) await Promise.all(Array.from({ length: 100 }, (_, i) => room.publish({ text: `event ${at + i + 1}` })));
  await page.locator('[data-seq="300"]').waitFor();
  await promisify(execFile)("python3", ["-c", AGE, hub.env.GENERIC_CORP__DATABASE__URL.replace(/^sqlite:/, ""), "kept", "201"]);
  await until(async () => (await room.history({ limit: 1 })).oldest === 201, "the sweep");
  await page.reload();
  await page.locator('[data-seq="300"]').waitFor();
  await page.locator(".feed-scroll").focus();
  await until(async () => {
    await page.keyboard.press("Home");
    return (await page.getByText("What came before is no longer kept").count()) === 1;
  }, "the beginning of what is kept");
  assert.equal((await seqs(page))[0], 201);
  await page.goto(`${wire.url}/w/main/rooms/kept?at=7`);
  await page.getByText("Message 7 is no longer kept").waitFor();
});

test("who is let go is told, and reads on what is loaded", async (t) => {
  const max = await member(browser, { url: wire.url, api: hub.api.bind(hub) }, { role: "member", email: "max@example.com", name: "Max" });
  const { page, room } = await openRoom(t, "let-go", max);
  await room.publish({ text: "the last that Max reads" });
  await page.locator(".feed-list").getByText("the last that Max reads").waitFor();
  const members = await hub.api("/organizations/main/members");
  const { user } = members.find(({ email }) => email === "max@example.com");
  await hub.api(`/organizations/main/members/${user}`, { method: "DELETE" });
  await page.getByText("You may no longer come in here.").waitFor();
  await room.publish({ text: "not for Max" });
  await page.locator(".feed-list").getByText("the last that Max reads").waitFor();
  assert.equal(await page.getByText("not for Max").count(), 0);
  await page.getByRole("link", { name: "Your workspaces" }).waitFor();
  page.faults.length = 0;
});
