import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { backoff } from "../src/backoff.js";
import { AuthError, HubError, type State } from "../src/index.js";
import { FakeSocket, settle, start, welcome, welcomed } from "./fake.js";

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
test.afterEach(() => mock.timers.reset());

test("says hello with the token in the first frame, never in the URL", async () => {
  const hub = await start({ client: { name: "bot", version: "1" } });
  assert.equal(FakeSocket.last.url, "ws://127.0.0.1:8080/ws/main");
  assert.deepEqual(FakeSocket.last.protocols, ["generic-corp.v1"]);
  assert.deepEqual(FakeSocket.last.sent, [{ type: "hello", token: "t", client: { name: "bot", version: "1" } }]);
  assert.equal(hub.state.name, "connecting");
  const ready = hub.ready();
  await welcomed();
  assert.equal((await ready).you.name, "sable");
  assert.equal(hub.state.name, "live");
  hub.close();
});

test("waits with full jitter, doubled up to 20 s", () => {
  assert.equal(backoff(1, () => 1), 500);
  assert.equal(backoff(3, () => 1), 2_000);
  assert.equal(backoff(50, () => 1), 20_000);
  assert.equal(backoff(50, () => 0), 0);
});

test("tries again after a break, counts the attempts, and tells when", async () => {
  const hub = await start();
  await welcomed();
  const states: State[] = [];
  hub.on("state", (state) => states.push(state));
  FakeSocket.last.end(1006);
  mock.timers.tick(20_000);
  await settle();
  FakeSocket.last.end(1013);
  const [waiting, trying, again] = states;
  assert.ok(waiting?.name === "connecting" && waiting.attempt === 1 && waiting.retryInMs <= 500);
  assert.ok(trying?.name === "connecting" && trying.retryInMs === 0);
  assert.ok(again?.name === "connecting" && again.attempt === 2);
  assert.equal(FakeSocket.all.length, 2);
  mock.timers.tick(20_000);
  await welcomed();
  assert.equal(hub.state.name, "live");
  hub.close();
});

test("keeps back what the hub would end the connection for", async () => {
  const hub = await start();
  FakeSocket.last.say(welcome({ limits: { max_frame_bytes: 1_000 } }));
  const room = hub.room("deploy");
  await assert.rejects(room.publish({ text: "é".repeat(500) }), { code: "too_large", retryable: false });
  assert.ok(!FakeSocket.last.sent.some((frame) => frame.type === "publish"));
  room.publish({ text: "é".repeat(300) }).catch(() => undefined);
  assert.equal(FakeSocket.last.frame("publish").room, "deploy");
  hub.close();
});

test("stops at a close code that forbids to come back", async () => {
  for (const code of [1002, 4400, 4403, 4409]) {
    const hub = await start();
    await welcomed();
    FakeSocket.last.end(code);
    mock.timers.tick(60_000);
    await settle();
    assert.equal(hub.state.name, "closed", `${code}`);
    assert.equal(FakeSocket.all.length, 1, `${code}`);
  }
});

test("asks once for a fresh token at 4401, then stops", async () => {
  let tokens = 0;
  const reasons: string[] = [];
  const hub = await start({ token: async (why) => (reasons.push(why), `t${++tokens}`) });
  FakeSocket.last.end(4401);
  await settle();
  assert.deepEqual(reasons, ["connect", "refused"]);
  FakeSocket.last.open();
  assert.equal(FakeSocket.last.frame("hello").token, "t2");
  FakeSocket.last.end(4401);
  await settle();
  assert.ok(hub.state.name === "closed" && hub.state.error instanceof AuthError);
  assert.equal(FakeSocket.all.length, 2);
});

test("an AuthError from `token` ends it; another error is retried", async () => {
  let fail: Error | undefined;
  const hub = await start({ token: async () => { if (fail) throw fail; return "t"; } });
  fail = new Error("offline");
  FakeSocket.last.end(1006);
  for (let attempt = 0; attempt < 3; attempt++) {
    mock.timers.tick(20_000);
    await settle();
  }
  assert.ok(hub.state.name === "connecting" && hub.state.cause?.code === "unavailable");
  assert.equal(FakeSocket.all.length, 1);
  fail = undefined;
  mock.timers.tick(20_000);
  await settle();
  assert.equal(FakeSocket.all.length, 2);
  fail = new AuthError("unauthenticated", "signed out");
  FakeSocket.last.end(1006);
  mock.timers.tick(20_000);
  await settle();
  assert.equal(hub.state.name, "closed");
  assert.equal(FakeSocket.all.length, 2);
});

test("renews the token on the same socket before it ends", async () => {
  let tokens = 0;
  const hub = await start({ token: () => `t${++tokens}` });
  FakeSocket.last.say(welcome({ token_expires_at: "2026-01-01T00:10:00.000Z" }));
  mock.timers.tick(8 * 60_000 - 1);
  await settle();
  assert.equal(tokens, 1);
  FakeSocket.last.say({ type: "usage" });
  mock.timers.tick(1);
  await settle();
  assert.equal(FakeSocket.last.frame("hello").token, "t2");
  assert.equal(FakeSocket.all.length, 1);
  hub.close();
});

test("comes back in its slot after goaway", async () => {
  const hub = await start();
  await welcomed();
  FakeSocket.last.say({ type: "goaway", reason: "restart", reconnect_after_ms: 3_000 });
  mock.timers.tick(1_000);
  FakeSocket.last.end(1012);
  assert.ok(hub.state.name === "connecting" && hub.state.retryInMs === 2_000);
  mock.timers.tick(1_999);
  await settle();
  assert.equal(FakeSocket.all.length, 1);
  mock.timers.tick(1);
  await settle();
  assert.equal(FakeSocket.all.length, 2);
  hub.close();
});

test("asks after a long silence, and gives the socket up without an answer", async () => {
  const hub = await start();
  await welcomed();
  mock.timers.tick(50_000);
  assert.equal(FakeSocket.last.frame("presence").state, "online");
  mock.timers.tick(10_000);
  assert.equal(hub.state.name, "connecting");
  hub.close();
});

test("sends a publish again after a reconnect, with its key, and settles once", async () => {
  const hub = await start();
  const socket = await welcomed();
  const room = hub.room("deploy");
  const published = room.publish({ text: "hi" });
  const first = socket.frame("publish");
  assert.match(String(first.key), /^[0-9a-f]{32}$/);
  socket.end(1006);
  mock.timers.tick(20_000);
  const next = await welcomed();
  assert.deepEqual(next.frame("publish"), first);
  next.say({ type: "ok", id: first.id, result: { seq: 7, time: "", duplicate: true } });
  assert.equal((await published).seq, 7);
  hub.close();
});

test("an error reply is typed; no reply ends in an error that may be retried", async () => {
  const hub = await start();
  const socket = await welcomed();
  const room = hub.room("deploy");
  const limited = room.publish(1);
  socket.say({ type: "error", id: socket.frame("publish").id, code: "rate_limited", message: "slow down", retryable: true, retry_after_ms: 40 });
  await assert.rejects(limited, { name: "LimitError", code: "rate_limited", retryAfterMs: 40, retryable: true });
  const silent = room.publish(2, { timeoutMs: 1_000 });
  mock.timers.tick(1_000);
  await assert.rejects(silent, { code: "no_answer", retryable: true });
  const pending = room.publish(3);
  hub.close();
  await assert.rejects(pending, HubError);
  await assert.rejects(room.publish(4), { code: "closed" });
});
