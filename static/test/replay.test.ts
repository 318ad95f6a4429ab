import assert from "node:assert/strict";
import { test } from "node:test";
import { HubError, type HistoryOptions, type RoomEvent, type wire } from "@generic-corp/client";
import { Activity, outputBins } from "../src/replay/activity.js";
import { Clock } from "../src/replay/clock.js";
import { Film, momentOf } from "../src/replay/film.js";
import { BEHIND, ReplayLog } from "../src/replay/log.js";
import { patient } from "../src/replay/source.js";
import { Tape } from "../src/replay/tape.js";
import { StreamTimes } from "../src/replay/times.js";
import { LineTimes, MARKS, type Mark, type MarkQuery } from "../src/output/times.js";

const START = Date.parse("2026-11-25T10:00:00.000Z");
const sender = { kind: "agent", id: "1", name: "sable" } as wire.Sender;

/** A log with an event at each of these seconds. */
function log(seconds: readonly number[]) {
  let asked = 0, largest = 0;
  const at = (seq: number) => ({ room: "r", seq, time: new Date(START + (seconds[seq - 1] as number) * 1_000).toISOString(), sender, kind: "message", body: { text: `${seq}` } }) as unknown as RoomEvent;
  const source = async ({ before, after, limit = 100 }: HistoryOptions): Promise<wire.HistoryPage> => {
    asked += 1;
    const head = seconds.length;
    const [from, to] = after !== undefined ? [after + 1, Math.min(head, after + limit)] : [Math.max(1, (before ?? head + 1) - limit), (before ?? head + 1) - 1];
    const events = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => at(from + i));
    largest = Math.max(largest, events.length);
    return { events, head, oldest: 1, epoch: "e", more: false };
  };
  return { source, asked: () => asked, largest: () => largest };
}

function stream(length: number, from: number, to: number | undefined): wire.StreamInfo {
  return {
    stream: "s", room: "r", name: "s", role: "stdout", media_type: "text/x-ansi", sender, state: to === undefined ? "open" : "completed", length,
    opened_at: new Date(START + from * 1_000).toISOString(), opened_seq: 1, ...(to !== undefined && { closed_at: new Date(START + to * 1_000).toISOString(), exit_code: 0 }),
  } as wire.StreamInfo;
}

const streams = (...infos: wire.StreamInfo[]) => ({
  known: { value: new Map(infos.map((info) => [info.stream, info])) },
  load: async () => undefined,
  cover: async () => undefined,
});

/** Lets what was asked for arrive. */
const settle = () => new Promise<void>((next) => setImmediate(next));

test("a clock runs at its speed, leaves idle time out and stops at the end", () => {
  const clock = new Clock(0, 100_000);
  clock.advance(1_000);
  assert.equal(clock.position, 0, "it stands until it is played");
  clock.playing = true;
  clock.speed = 10;
  clock.advance(1_000);
  assert.equal(clock.position, 10_000);
  clock.advance(1_000, 12_000);
  assert.equal(clock.position, 12_000, "not beyond what is known");
  assert.equal(clock.skip(13_000), 0, "a short wait is kept");
  assert.equal(clock.skip(50_000), 37_500);
  clock.skipsIdle = false;
  assert.equal(clock.skip(90_000), 0);
  clock.advance(60_000);
  assert.deepEqual([clock.position, clock.playing], [100_000, false]);
});

test("a long log is played in order from any place, with little of it held", async () => {
  const seconds = Array.from({ length: 100_000 }, (_, i) => i * 2);
  const { source, asked, largest } = log(seconds);
  const replay = new ReplayLog(source, 1, seconds.length);
  assert.equal(await replay.find(START + 80_001_000), 40_001);
  assert.ok(asked() <= 12, `${asked()} pages to find a time`);
  await replay.seek(40_001);
  const seen: number[] = [];
  for (let time = START + 80_000_000; seen.length < 5_000; time += 700) {
    seen.push(...replay.play(time).map(({ seq }) => seq));
    await replay.fill();
    assert.ok(replay.behind.length <= BEHIND && replay.ahead.length <= 750);
  }
  assert.deepEqual(seen.slice(0, 5_000), Array.from({ length: 5_000 }, (_, i) => 40_002 + i));
  assert.ok(largest() <= 500);
});

test("the ends of a log and of a stretch are found", async () => {
  const { source } = log([0, 5, 5, 9]);
  const replay = new ReplayLog(source, 1, 4);
  assert.equal(await replay.find(START - 1), 0);
  assert.equal(await replay.find(START + 5_000), 3, "of several at once the last");
  assert.equal(await replay.find(START + 99_000), 4);
  await replay.seek(0);
  assert.deepEqual([replay.position, replay.next?.seq], [0, 1]);
  const part = new ReplayLog(source, 2, 3);
  await part.seek(1);
  assert.deepEqual(part.play(START + 99_000).map(({ seq }) => seq), [2, 3]);
  assert.equal(part.starved, false);
});

test("activity is told from few events, and none is lost in the sum", async () => {
  const busy = Array.from({ length: 20_000 }, (_, i) => (i < 10_000 ? i / 100 : 900 + (i - 10_000) / 100));
  const { source, asked } = log(busy);
  const activity = await Activity.of(source, 1, busy.length);
  assert.ok(asked() <= 48);
  const bins = activity.events(10);
  assert.equal(Math.round(bins.reduce((sum, value) => sum + value, 0)), 20_000);
  assert.ok((bins[0] as number) > 8_000 && (bins[9] as number) > 8_000 && (bins[5] as number) < 500, bins.join(" "));
  const [low, high] = activity.bracket(START + 50_000);
  assert.ok(low <= 5_001 && high >= 5_000 && high - low < 500);
  const few = await Activity.of(log([0, 1, 9]).source, 1, 3);
  assert.deepEqual(few.events(3), [2, 0, 1]);
  assert.deepEqual((await Activity.of(log([]).source, 1, 0)).events(2), [0, 0]);
});

/** What a hub answers that stored bytes at these times: pairs of an offset and a second. */
function marks(...all: readonly [number, number][]) {
  const asked: MarkQuery[] = [];
  const read = async (query: MarkQuery) => {
    asked.push(query);
    const stored = all.map(([offset, second]): Mark => ({ offset, time: START + second * 1_000 }));
    const first = stored.findLastIndex((mark) => ("offset" in query ? mark.offset <= query.offset : mark.time <= query.time));
    const apart: Mark[] = [];
    for (const mark of stored.slice(Math.max(0, first))) if (mark.time - (apart.at(-1)?.time ?? -Infinity) >= query.every) apart.push(mark);
    return { marks: apart.slice(0, MARKS), next: apart[MARKS]?.offset };
  };
  return { read, asked };
}

test("output is there at the times that the hub tells, evenly until it has told", async () => {
  const info = stream(1_000, 10, 20);
  const times = new StreamTimes(info, START + 99_000, marks([0, 10], [100, 18], [700, 19]).read);
  const at = (second: number) => times.at(START + second * 1_000);
  assert.deepEqual([at(9), at(10), at(15), at(20), at(50)], [0, 0, 500, 1_000, 1_000]);
  assert.deepEqual(outputBins([times], 3, START, START + 30_000), [0, 1_000, 0]);
  assert.ok(!times.exact(START + 15_000, 1));
  await times.look();
  assert.ok(times.exact(START + 15_000, 1), "a short stream is known exactly at once");
  assert.deepEqual([at(9), at(10), at(17.9), at(18), at(18.9), at(19), at(20)], [0, 100, 100, 700, 700, 1_000, 1_000]);
  assert.deepEqual(outputBins([times], 20, START, START + 20_000).slice(9), [0, 100, 0, 0, 0, 0, 0, 0, 0, 600, 300]);
  assert.equal(times.asOf(START + 9_000), undefined);
  const part = times.asOf(START + 15_000);
  assert.deepEqual([part?.state, part?.length, part?.exit_code], ["open", 100, undefined]);
  assert.equal(times.asOf(START + 20_000)?.exit_code, 0);
});

test("a long stream is known roughly, and exactly where a replay comes", async () => {
  // A byte each 100 ms for an hour.
  const { read, asked } = marks(...Array.from({ length: 36_000 }, (_, i): [number, number] => [i, i / 10]));
  const times = new StreamTimes(stream(36_000, 0, 3_600), START + 9_000_000, read);
  await times.look();
  const at = (second: number) => times.at(START + second * 1_000);
  assert.ok(Math.abs(at(1_800) - 18_000) < 100, `${at(1_800)}`);
  assert.ok(!times.exact(START + 1_800_000, 1) && !times.exact(START + 1_800_000, 60));
  await times.load(START + 1_800_000, 1);
  assert.equal(at(1_800), 18_001);
  assert.equal(at(1_840), 18_401);
  assert.ok(times.exact(START + 1_840_000, 1) && !times.exact(START + 1_790_000, 1) && !times.exact(START + 1_900_000, 1));
  await times.load(START + 1_900_000, 60);
  assert.ok(times.exact(START + 2_400_000, 60) && !times.exact(START + 2_400_000, 1), "fast needs less, and reaches further");
  assert.ok(asked.length <= 4, `${asked.length} questions`);
});

test("lines have the times that were told or seen, and are asked for once", async () => {
  const { read, asked } = marks([0, 1], [40, 5]);
  const times = new LineTimes(read);
  assert.equal(times.at(10), undefined);
  const both = [times.learn(10, 90), times.learn(10, 90)];
  assert.deepEqual(await Promise.all(both), [true, false]);
  assert.deepEqual([9, 10, 39, 40, 89, 90].map((byte) => times.at(byte)), [undefined, START + 1_000, START + 1_000, START + 5_000, START + 5_000, undefined]);
  assert.equal(await times.learn(20, 90), false);
  assert.equal(asked.length, 1);
  times.saw(90, 10, 7_000);
  times.saw(100, 10, 7_100);
  times.saw(110, 10, 8_000);
  assert.deepEqual([90, 100, 110, 119, 120].map((byte) => times.at(byte)), [7_000, 7_000, 8_000, 8_000, undefined]);
  times.saw(500, 10, 9_000);
  assert.deepEqual([119, 120, 499, 500].map((byte) => times.at(byte)), [8_000, undefined, undefined, 9_000], "what was not seen has no time");
  const far = new LineTimes(async (query) => ({ marks: "offset" in query ? [{ offset: query.offset, time: 1 }] : [], next: "offset" in query ? query.offset + 1 : undefined }));
  far.saw(1_000, 10, 7_000);
  for (let byte = 0; byte < 100; byte++) await far.learn(byte, 1_000);
  assert.deepEqual([0, 99, 1_005].map((byte) => far.at(byte)), [undefined, 1, 7_000], "of what was read the oldest goes, what came live stays");
});

test("a tape shows exactly the bytes up to a place, forwards, backwards and far away", async () => {
  const data = new TextEncoder().encode(Array.from({ length: 40_000 }, (_, i) => `line ${i + 1} é\n`).join(""));
  let most = 0;
  const tape = new Tape(async (from, to) => ((most = Math.max(most, to - from)), data.slice(from, to)), data.length);
  const show = async (byte: number) => {
    while (!tape.show(byte)) await tape.fill(byte);
  };
  for (let byte = 0; byte < 3_000; byte += 7) await show(byte);
  assert.equal(tape.held.text, new TextDecoder().decode(data.subarray(0, tape.position)).replace(/\n$/, "").replace("\ufffd", ""));
  await show(data.length);
  assert.equal(tape.held.text.split("\n").at(-1), "line 40000 é");
  await show(2_000);
  assert.ok(tape.held.text.startsWith("line 1 é\nline 2 é\n"));
  await show(data.length);
  assert.ok(tape.held.text.endsWith("line 39999 é\nline 40000 é"));
  assert.ok(most <= 4 * 1024 * 1024);
});

test("a film plays what happened at its times, and goes to a moment", async () => {
  const { source } = log([0, 1, 2, 60, 61]);
  const { read } = marks([0, 0], [100, 1], [300, 1.4]);
  const output = () => ({ range: async (from: number, to: number) => new Uint8Array(to - from).fill(97), marks: read });
  const film = await Film.open(source, streams(stream(400, 0, 2)), output);
  await film.seek({ seq: 0 });
  film.play(true);
  const seen = () => film.log.behind.map(({ seq }) => seq);
  film.tick(0);
  await settle();
  assert.deepEqual(seen(), [1]);
  film.tick(1_000);
  await settle();
  film.tick(0);
  assert.deepEqual(seen(), [1, 2]);
  assert.equal(film.tape?.held.text.length, 300, "what came by then, not a share of it");
  film.tick(1_000);
  film.tick(1_000);
  assert.deepEqual(seen(), [1, 2, 3]);
  assert.ok(film.skipped > 50_000, `skipped ${film.skipped} ms`);
  film.clock.speed = 60;
  film.tick(1_000);
  assert.deepEqual([seen(), film.clock.playing], [[1, 2, 3, 4, 5], false]);
  await film.seek({ time: START + 1_500 });
  assert.deepEqual(seen(), [1, 2]);
  film.tick(0);
  await settle();
  film.tick(0);
  assert.equal(film.tape?.held.text.length, 400);
  assert.equal(film.shown?.state, "open");
  const part = await Film.open(source, streams(), output, { first: 2, last: 3 });
  assert.deepEqual([part.log.first, part.log.last, part.clock.to - part.clock.from], [2, 3, 1_000]);
  const running = await Film.open(source, streams(stream(400, 0, undefined)), output, {}, START + 90_000);
  assert.equal(running.clock.to, START + 90_000, "what still runs is played up to now");
  const empty = await Film.open(log([]).source, streams(), output);
  await empty.seek({ seq: 1 });
  assert.deepEqual(empty.log.behind, []);
});

test("a film stands still where its output cannot be had, and goes on when that is tried again", async () => {
  let broken = true, asked = 0;
  const { read } = marks([0, 0], [100, 1]);
  const source = () => ({
    range: async (from: number, to: number) => {
      asked += 1;
      if (broken) throw new HubError("internal", "no");
      return new Uint8Array(to - from).fill(97);
    },
    marks: read,
  });
  const film = await Film.open(log([0, 1, 9]).source, streams(stream(400, 0, 9)), source);
  await film.seek({ seq: 1 });
  film.play(true);
  for (let i = 0; i < 20; i++) {
    film.tick(10);
    await settle();
  }
  assert.equal(film.error.value?.message, "no");
  assert.ok(!film.clock.playing && asked <= 2, `asked ${asked} times`);
  broken = false;
  film.play(true);
  for (let i = 0; i < 5; i++) {
    film.tick(10);
    await settle();
  }
  assert.equal(film.error.value, undefined);
  assert.equal(film.tape?.held.text.length, 100);
});

test("moments are read from an address", () => {
  assert.deepEqual(momentOf("42"), { seq: 42 });
  assert.deepEqual(momentOf("2026-11-25T10:00:00.000Z"), { time: START });
  assert.equal(momentOf("nonsense"), undefined);
});

test("asking too fast is asking again later, another error is an error", async () => {
  let asked = 0;
  const waits: number[] = [];
  const source = patient(async () => {
    if (++asked < 3) throw new HubError("rate_limited", "too fast", { retryable: true, retryAfterMs: 250 });
    return { events: [], head: 0, oldest: 1, epoch: "e", more: false };
  }, async (ms) => void waits.push(ms));
  await source({});
  assert.deepEqual(waits, [250, 250]);
  await assert.rejects(patient(async () => { throw new HubError("forbidden", "no"); })({}), /no/);
});
