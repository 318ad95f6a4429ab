import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { Hub, StreamReader } from "../src/index.js";
import { FakeSocket, SENDER, settle, start, welcomed } from "./fake.js";

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
test.afterEach(() => mock.timers.reset());

const info = (length: number, state = "open") => ({
  stream: "s", room: "deploy", name: "n", role: "stdout", media_type: "text/x-ansi", sender: SENDER, state, length, opened_at: "", opened_seq: 1,
});

function reading(socket: FakeSocket, offset: number, length = offset): void {
  socket.say({ type: "ok", id: socket.frame("stream.read").id, result: { info: info(length), offset } });
}

async function text(reader: StreamReader): Promise<string> {
  const next = await reader.next();
  return next.done ? "<end>" : new TextDecoder().decode(next.value.bytes);
}

async function reconnect(): Promise<FakeSocket> {
  FakeSocket.last.end(1006);
  mock.timers.tick(20_000);
  return welcomed();
}

test("a reader goes on from its byte after a reconnect and skips what it has", async () => {
  const hub = await start();
  const socket = await welcomed();
  const reader = hub.read("s", { tailBytes: 4 });
  assert.equal(socket.frame("stream.read").tail_bytes, 4);
  reading(socket, 6, 10);
  assert.equal((await reader.opened).length, 10);
  socket.say({ type: "stream.data", stream: "s", offset: 6, text: "abcd" });
  assert.equal(await text(reader), "abcd");
  const next = await reconnect();
  assert.equal(next.frame("stream.read").offset, 10);
  reading(next, 10);
  next.say({ type: "stream.data", stream: "s", offset: 8, base64: btoa("cdef") });
  next.say({ type: "stream.closed", stream: "s", offset: 12, outcome: "completed", exit_code: 0 });
  assert.ok(!reader.closed);
  assert.equal(await text(reader), "ef");
  assert.equal(await text(reader), "<end>");
  assert.equal((reader as StreamReader).closed?.exit_code, 0);
  hub.close();
});

test("a reader that does not keep up is paused and goes on where it was", async () => {
  const hub = await start();
  const socket = await welcomed();
  const reader = hub.read("s");
  reading(socket, 0);
  const piece = "x".repeat(400_000);
  for (let i = 0; i < 5; i++) socket.say({ type: "stream.data", stream: "s", offset: i * piece.length, text: piece });
  assert.equal(socket.frame("leave").stream, "s");
  let read = 0;
  for (let i = 0; i < 3; i++) read += (await text(reader)).length;
  assert.equal(socket.frame("stream.read").offset, read);
  assert.equal(read, 1_200_000);
  hub.close();
});

test("reading without following ends at the length there was", async () => {
  const hub = await start();
  const socket = await welcomed();
  const reader = hub.read("s", { follow: false });
  reading(socket, 0, 2);
  socket.say({ type: "stream.data", stream: "s", offset: 0, text: "ab" });
  assert.equal(await text(reader), "ab");
  assert.equal(await text(reader), "<end>");
  hub.close();
});

async function writing(hub: Hub, socket: FakeSocket) {
  const opening = hub.openStream("deploy", "tests", { key: "k" });
  socket.say({ type: "ok", id: socket.frame("stream.open").id, result: { stream: "s", seq: 1, offset: 0, duplicate: false, state: "open" } });
  return opening;
}

test("a writer resends what the hub has not stored, and nothing else", async () => {
  const hub = await start();
  const socket = await welcomed();
  const writer = await writing(hub, socket);
  await writer.write("hello ");
  await writer.write("world");
  socket.say({ type: "stream.ack", stream: "s", offset: 6 });
  const next = await reconnect();
  assert.equal(next.frame("stream.open").key, "k");
  await writer.write("!");
  assert.throws(() => next.frame("stream.append"));
  next.say({ type: "ok", id: next.frame("stream.open").id, result: { stream: "s", seq: 1, offset: 8, duplicate: true, state: "open" } });
  const appends = next.sent.filter((frame) => frame.type === "stream.append").map(({ offset, text }) => [offset, text]);
  assert.deepEqual(appends, [[8, "rld"], [11, "!"]]);
  const closing = writer.close({ exitCode: 3 });
  next.say({ type: "stream.ack", stream: "s", offset: 12 });
  await settle();
  const close = next.frame("stream.close");
  assert.deepEqual([close.offset, close.outcome, close.exit_code], [12, "failed", 3]);
  next.say({ type: "ok", id: close.id });
  await closing;
  hub.close();
});

test("a writer waits when much is not stored, and bytes that are no text go in base64", async () => {
  const hub = await start();
  const socket = await welcomed();
  const writer = await writing(hub, socket);
  await writer.write(new Uint8Array([0xff]));
  assert.equal(socket.frame("stream.append").base64, "/w==");
  let room = false;
  void writer.write("x".repeat(2 << 20)).then(() => (room = true));
  await settle();
  assert.equal(room, false);
  socket.say({ type: "stream.ack", stream: "s", offset: 1 + (1 << 20) });
  await settle();
  assert.equal(room, true);
  hub.close();
  assert.equal(writer.signal.aborted, true);
});

test("a refused append is sent again after the wait; a request to stop aborts the signal", async () => {
  const hub = await start();
  const socket = await welcomed();
  const writer = await writing(hub, socket);
  await writer.write("ab");
  socket.say({ type: "error", id: socket.frame("stream.append").id, code: "rate_limited", message: "", retryable: true, retry_after_ms: 50 });
  socket.sent = [];
  mock.timers.tick(50);
  assert.equal(socket.frame("stream.append").text, "ab");
  socket.say({ type: "cancel", stream: "s", by: SENDER, reason: "enough" });
  assert.equal(writer.signal.reason.message, "enough");
  hub.close();
});
