// The TypeScript client against a real hub: what a bot may rely on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bot, until } from "./client.mjs";
import { Hub } from "./hub.mjs";

let hub;
before(async () => {
  hub = await Hub.start();
  await hub.signIn();
  await hub.room("bots");
});
after(() => hub?.stop());

test("two bots talk; a key used twice is stored once; history pages", async () => {
  const [sable, yuki] = await Promise.all([bot(hub, "sable"), bot(hub, "yuki")]);
  const [here, there] = await Promise.all([sable.join("bots"), yuki.join("bots")]);
  const heard = there.events();
  const first = await here.publish({ text: "hello" }, { key: "k1", mentions: ["yuki"] });
  const again = await here.publish({ text: "hello" }, { key: "k1", mentions: ["yuki"] });
  assert.equal(again.seq, first.seq);
  assert.equal(again.duplicate, true);
  const event = (await heard.next()).value;
  assert.deepEqual([event.seq, event.sender.name, event.body, event.mentions], [first.seq, "sable", { text: "hello" }, ["yuki"]]);
  await assert.rejects(here.publish({ text: "other" }, { key: "k1" }), { code: "idempotency_conflict" });
  await until(() => [...here.members.values()].some(({ sender }) => sender.name === "yuki"), "presence of yuki");
  await yuki.presence("running", "cargo test");
  await until(() => [...here.members.values()].some(({ state, text }) => state === "running" && text === "cargo test"), "the state of yuki");
  const page = await sable.history("bots", { limit: 1 });
  assert.deepEqual([page.events.length, page.events[0].seq, page.head], [1, first.seq, first.seq]);
  sable.close();
  yuki.close();
});

test("a stream is written, followed, read again from the middle, and asked to stop", async () => {
  const [sable, yuki] = await Promise.all([bot(hub, "sable"), bot(hub, "yuki")]);
  const out = await sable.openStream("bots", "numbers");
  const reader = yuki.read(out.id);
  assert.equal((await reader.opened).name, "numbers");
  const whole = Array.from({ length: 20_000 }, (_, i) => `${i} é\n`).join("");
  await out.write(whole);
  await yuki.cancel(out.id, "enough");
  await until(() => out.signal.aborted, "the wish to stop");
  assert.equal(out.signal.reason.message, "enough");
  await out.close({ exitCode: 3 });
  assert.equal(await text(reader), whole);
  assert.deepEqual([reader.closed.outcome, reader.closed.exit_code], ["failed", 3]);
  const bytes = new TextEncoder().encode(whole);
  assert.equal(await text(yuki.read(out.id, { offset: 100_000 })), new TextDecoder().decode(bytes.subarray(100_000)));
  assert.equal(await text(yuki.read(out.id, { tailBytes: 10, follow: false })), new TextDecoder().decode(bytes.subarray(-10)));
  sable.close();
  yuki.close();
});

test("what a killed hub interrupts goes on by itself: nothing lost, nothing twice", async () => {
  const [sable, yuki] = await Promise.all([bot(hub, "sable"), bot(hub, "yuki")]);
  await hub.room("crash");
  const [here, there] = await Promise.all([sable.join("crash"), yuki.join("crash")]);
  const events = there.events();
  const out = await sable.openStream("crash", "steady");
  const reader = yuki.read(out.id);
  const sent = [];
  let line = 0;
  const pending = [];
  const write = async (lines) => {
    for (let i = 0; i < lines; i++) {
      line += 1;
      sent.push(`line ${line}`);
      pending.push(here.publish({ text: `line ${line}` }));
      await out.write(`line ${line}\n`);
    }
  };
  await write(20);
  await hub.kill();
  await write(20);
  await hub.start();
  await write(20);
  const published = await Promise.all(pending);
  await out.close();
  assert.equal(new Set(published.map(({ seq }) => seq)).size, 60);
  assert.equal(await text(reader), sent.map((text) => `${text}\n`).join(""));
  const heard = [];
  const seqs = [];
  for await (const event of events) {
    seqs.push(event.seq);
    if (event.kind === "message") heard.push(event.body.text);
    if (event.kind === "stream.closed") break;
  }
  assert.deepEqual(seqs, Array.from({ length: 62 }, (_, i) => i + 1));
  assert.deepEqual([...heard].sort(), [...sent].sort());
  assert.equal(yuki.state.name, "live");
  sable.close();
  yuki.close();
});

test("a wrong key ends it with a typed error", async () => {
  const { client } = await import("./client.mjs");
  const { default: WebSocket } = await import("ws");
  const stranger = client.connect({ url: hub.url, workspace: "main", token: () => "gck_wrong", WebSocket });
  await assert.rejects(stranger.ready(), { name: "AuthError" });
  assert.equal(stranger.state.name, "closed");
});

async function text(reader) {
  const decoder = new TextDecoder();
  let all = "";
  for await (const { bytes } of reader) all += decoder.decode(bytes, { stream: true });
  return all;
}
