import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { QUEUE } from "../src/event-queue.js";
import type { Gap, Hub, JoinedRoom, Room, State } from "../src/index.js";
import { FakeSocket, event, joined, settle, start, welcomed } from "./fake.js";

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
test.afterEach(() => mock.timers.reset());

async function inRoom(head = 10): Promise<{ hub: Hub; room: Room; socket: FakeSocket }> {
  const hub = await start();
  const socket = await welcomed();
  const joining = hub.join("deploy", { tail: 0 });
  socket.say(joined(socket.frame("join").id, head, head));
  return { hub, room: await joining, socket };
}

async function reconnect(): Promise<FakeSocket> {
  FakeSocket.last.end(1006);
  mock.timers.tick(20_000);
  return welcomed();
}

test("resumes from its cursor, drops repeats, and counts what it missed", async () => {
  const { hub, room, socket } = await inRoom();
  const seen: number[] = [];
  const joins: JoinedRoom[] = [];
  const states: State[] = [];
  room.on("event", ({ seq }) => seen.push(seq));
  room.on("joined", (join) => joins.push(join));
  socket.say([event(11), event(12), event(12)]);
  const next = await reconnect();
  hub.on("state", (state) => states.push(state));
  const join = next.frame("join");
  assert.equal(join.after, 12);
  assert.equal(join.epoch, "e1");
  assert.equal(hub.state.name, "connecting");
  next.say([joined(join.id, 14, 12, { recovered: true }), event(13)]);
  assert.deepEqual(hub.state, { name: "catching_up", done: 1, total: 2 });
  next.say([event(14), event(15)]);
  assert.equal(hub.state.name, "live");
  assert.deepEqual(seen, [11, 12, 13, 14, 15]);
  assert.equal(joins[0]?.missed, 2);
  assert.equal(joins[0]?.recovered, true);
  assert.deepEqual(room.cursor, { seq: 15, epoch: "e1" });
  hub.close();
});

test("a changed epoch, a reset and a hole are gaps that are told", async () => {
  const { hub, room, socket } = await inRoom();
  const gaps: Gap[] = [];
  room.on("gap", (gap) => gaps.push(gap));
  socket.say({ type: "reset", room: "deploy", reason: "restored", position: 20, epoch: "e2" });
  socket.say([event(21), event(25)]);
  const next = await reconnect();
  assert.equal(next.frame("join").epoch, "e2");
  next.say(joined(next.frame("join").id, 3, 3, { epoch: "e3" }));
  assert.deepEqual(gaps.map(({ from, to }) => [from, to]), [[10, 20], [21, 24], [25, 3]]);
  assert.deepEqual(room.cursor, { seq: 3, epoch: "e3" });
  assert.equal(hub.state.name, "live");
  hub.close();
});

test("a room that is refused rejects, and does not hold the others back", async () => {
  const hub = await start();
  const socket = await welcomed();
  const joining = hub.join("nowhere");
  socket.say({ type: "error", id: socket.frame("join").id, code: "not_found", message: "no such room", retryable: false });
  await assert.rejects(joining, { code: "not_found" });
  assert.equal(hub.state.name, "live");
  hub.close();
});

test("presence is a map that conflates", async () => {
  const { hub, room, socket } = await inRoom();
  const member = (connection: string, state: string) => ({ connection, state, sender: { kind: "agent", id: "a", name: "a" }, since: "" });
  socket.say({ type: "presence", room: "deploy", full: true, changed: [member("1", "idle"), member("2", "idle")], left: [] });
  socket.say({ type: "presence", room: "deploy", changed: [member("2", "running")], left: ["1"] });
  assert.deepEqual([...room.members].map(([id, { state }]) => [id, state]), [["2", "running"]]);
  hub.close();
});

test("an iterator gives what came between `joined` and its first step", async () => {
  const { hub, room, socket } = await inRoom();
  const events = room.events();
  socket.say([event(11), event(12)]);
  assert.equal((await events.next()).value?.seq, 11);
  assert.equal((await events.next()).value?.seq, 12);
  const waiting = events.next();
  socket.say(event(13));
  assert.equal((await waiting).value?.seq, 13);
  await events.return?.();
  assert.equal((await events.next()).done, true);
  hub.close();
});

test("an iterator that falls behind is served from the history, without a gap or repeat", async () => {
  const { hub, room, socket } = await inRoom();
  const events = room.events();
  const last = 10 + QUEUE + 700;
  for (let seq = 11; seq <= last; seq++) socket.say(event(seq));
  const seen: number[] = [];
  while (seen.at(-1) !== last + 1) {
    const next = events.next();
    await settle();
    const ask = socket.sent.at(-1);
    if (ask?.type === "history") {
      socket.sent.pop();
      const after = Number(ask.after);
      const page = Array.from({ length: Math.min(500, last - after) }, (_, i) => event(after + 1 + i));
      socket.say({ type: "ok", id: ask.id, result: { events: page, head: last, epoch: "e1", more: after + 500 < last } });
    }
    if (seen.at(-1) === last) socket.say(event(last + 1));
    seen.push((await next).value?.seq as number);
  }
  assert.deepEqual(seen, Array.from({ length: last - 9 }, (_, i) => 11 + i));
  hub.close();
});

test("the cursor is what the iterator gave, and the next iterator goes on behind it", async () => {
  const { hub, room, socket } = await inRoom();
  const events = room.events();
  socket.say([event(11), event(12), event(13)]);
  assert.deepEqual(room.cursor, { seq: 10, epoch: "e1" });
  assert.equal((await events.next()).value?.seq, 11);
  assert.deepEqual(room.cursor, { seq: 11, epoch: "e1" }, "12 and 13 were not read yet");
  await events.return?.();
  assert.deepEqual(room.cursor, { seq: 11, epoch: "e1" });
  const next = room.events();
  const asked = next.next();
  await settle();
  const history = socket.frame("history");
  assert.equal(history.after, 11);
  socket.say({ type: "ok", id: history.id, result: { events: [event(12), event(13)], head: 13, epoch: "e1", oldest: 1, more: false } });
  assert.equal((await asked).value?.seq, 12);
  hub.close();
  assert.equal((await next.next()).value?.seq, 13, "what came is still given");
  assert.deepEqual(room.cursor, { seq: 13, epoch: "e1" });
});

test("a room that cannot be joined again for now is asked again", async () => {
  const { hub, room } = await inRoom();
  const next = await reconnect();
  const join = next.frame("join");
  next.say({ type: "error", id: join.id, code: "rate_limited", message: "slow down", retryable: true, retry_after_ms: 300 });
  mock.timers.tick(299);
  assert.equal(next.frame("join").id, join.id);
  mock.timers.tick(1);
  const again = next.frame("join");
  assert.notEqual(again.id, join.id);
  next.say([joined(again.id, 11, 10, { recovered: true }), event(11)]);
  assert.equal(room.cursor?.seq, 11);
  assert.equal(hub.state.name, "live");
  hub.close();
});

test("what is no frame ends the connection with a reason", async () => {
  for (const data of ["<html>", "null", "5"]) {
    const { hub, socket } = await inRoom();
    socket.onmessage?.({ data });
    assert.equal(hub.state.name, "closed");
    assert.match(String(hub.state.name === "closed" && hub.state.error?.message), /no frame/);
  }
});

test("an iterator that the history fails is over, and the next goes on where it was", async () => {
  const { hub, room, socket } = await inRoom();
  const events = room.events();
  const last = 10 + QUEUE + 100;
  for (let seq = 11; seq <= last; seq++) socket.say(event(seq));
  for (let seq = 11; seq <= 10 + QUEUE; seq++) await events.next();
  const asked = assert.rejects(events.next() as Promise<unknown>, { code: "unavailable" });
  await settle();
  socket.say({ type: "error", id: socket.frame("history").id, code: "unavailable", message: "away", retryable: true });
  await asked;
  assert.equal(room.cursor?.seq, 10 + QUEUE);
  room.events().next().catch(() => undefined);
  await settle();
  assert.equal(socket.frame("history").after, 10 + QUEUE);
  hub.close();
});

test("two iterators: the cursor is the one that is behind, and one that is left no longer counts", async () => {
  const { hub, room, socket } = await inRoom();
  const [one, other] = [room.events(), room.events()];
  socket.say([event(11), event(12)]);
  await one.next();
  await one.next();
  await other.next();
  assert.equal(room.cursor?.seq, 11);
  await other.return?.();
  assert.equal(room.cursor?.seq, 12);
  hub.close();
});

test("a log that begins anew under a full buffer is read from there", async () => {
  const { hub, room, socket } = await inRoom();
  const events = room.events();
  for (let seq = 11; seq <= 12 + QUEUE; seq++) socket.say(event(seq));
  socket.say({ type: "reset", room: "deploy", reason: "restored", position: 50, epoch: "e2" });
  socket.say([event(51), event(52)]);
  for (let seq = 11; seq <= 10 + QUEUE; seq++) assert.equal((await events.next()).value?.seq, seq);
  const asked = events.next();
  await settle();
  const history = socket.frame("history");
  assert.equal(history.after, 50);
  socket.say({ type: "ok", id: history.id, result: { events: [event(51), event(52)], head: 52, epoch: "e2", oldest: 1, more: false } });
  assert.equal((await asked).value?.seq, 51);
  assert.equal((await events.next()).value?.seq, 52);
  hub.close();
});
