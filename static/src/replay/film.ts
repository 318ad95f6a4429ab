// A stretch of a room played again: its clock, its events and its output brought together.

import type { HubError, RoomEvent, wire } from "@generic-corp/client";
import { signal } from "@preact/signals";
import { Activity, outputBins } from "./activity";
import { Clock, IDLE_MS } from "./clock";
import { ReplayLog } from "./log";
import type { ReadMarks } from "../output/times";
import type { Source } from "./source";
import { type ReadRange, Tape } from "./tape";
import { StreamTimes } from "./times";

const PAINT_MS = 100;
/** Less output than a line is not worth waiting for. */
const LINE_BYTES = 80;

/** The streams of a room, as far as they were asked for. */
export interface KnownStreams {
  readonly known: { readonly value: ReadonlyMap<string, wire.StreamInfo> };
  load(before?: number): Promise<unknown>;
  cover(events: readonly RoomEvent[]): Promise<void>;
}

/** What a replay reads of a stream: its bytes, and when they came. */
export interface StreamSource {
  range: ReadRange;
  marks: ReadMarks;
}

export interface Stretch {
  first?: number | undefined;
  last?: number | undefined;
}

/** A place in a replay: an event by its number, or a time. */
export type Moment = { seq: number } | { time: number };

/** Reads a moment from an address; the beginning for what is neither. */
export function momentOf(text: string): Moment | undefined {
  if (/^\d+$/.test(text)) return { seq: Number(text) };
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : { time };
}

export class Film {
  /** Changes when the view is to be painted again; at most ten times a second. */
  readonly version = signal(0);
  /** Whether it stands still because something is being fetched. */
  readonly waiting = signal(false);
  readonly error = signal<HubError | undefined>(undefined);
  /** How much idle time was left out so far. */
  skipped = 0;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly log: ReplayLog;
  readonly #streams: KnownStreams;
  readonly #source: (stream: string) => StreamSource;
  /** By this machine's clock: until then running streams are taken to have been written. */
  readonly #now: number;
  readonly #times = new Map<string, StreamTimes>();
  readonly #unclear = new Set<StreamTimes>();
  #looking = false;
  #chosen: string | undefined;
  #tape: { stream: string; tape: Tape } | undefined;
  #painted = 0;
  #seeking = false;
  /** Whether all of the output was there at the last tick. */
  #whole = true;

  private constructor(source: Source, streams: KnownStreams, output: (stream: string) => StreamSource, activity: Activity, to: number, now: number) {
    const { samples } = activity;
    this.#streams = streams;
    this.#source = output;
    this.#now = now;
    this.activity = activity;
    this.log = new ReplayLog(source, samples[0]?.seq ?? 1, samples.at(-1)?.seq ?? 0);
    this.clock = new Clock(activity.from, to);
  }

  /** Opens a stretch; the whole log where it has no ends. */
  static async open(source: Source, streams: KnownStreams, output: (stream: string) => StreamSource, { first, last }: Stretch = {}, now = Date.now()): Promise<Film> {
    const { head, oldest } = await source({ limit: 1 });
    const from = Math.max(first ?? 1, oldest, 1);
    const activity = await Activity.of(source, from, Math.max(Math.min(last ?? head, head), Math.min(from, head)));
    await streams.load();
    // What still runs is written up to now, after the last event.
    const runs = activity.samples.at(-1)?.seq === head && [...streams.known.value.values()].some(({ state }) => state === "open");
    return new Film(source, streams, output, activity, runs ? Math.max(activity.to, now) : activity.to, now);
  }

  /** Goes to a moment, and is there when what belongs to it is held. */
  async seek(moment: Moment): Promise<void> {
    this.#seeking = true;
    this.waiting.value = true;
    if ("time" in moment) this.clock.seek(moment.time);
    this.error.value = undefined;
    try {
      const seq = "seq" in moment ? moment.seq : await this.log.find(this.clock.position, this.activity.bracket(this.clock.position));
      await this.log.seek(seq);
      if ("seq" in moment) this.clock.seek(Date.parse(this.log.behind.at(-1)?.time ?? new Date(this.clock.from).toISOString()));
      await this.#streams.load(this.log.position + 1);
      await this.#learn();
    } catch (error) {
      this.error.value = error as HubError;
    } finally {
      this.#seeking = false;
      this.#show();
      this.#paint(true);
    }
  }

  play(playing: boolean): void {
    if (playing && this.clock.ended) {
      void this.seek({ seq: this.log.first - 1 }).then(() => this.play(true));
      return;
    }
    this.clock.playing = playing;
    // What failed is tried again.
    if (playing) this.error.value = undefined;
    this.#paint(true);
  }

  set(how: Partial<Pick<Clock, "speed" | "skipsIdle">>): void {
    Object.assign(this.clock, how);
    this.#paint(true);
  }

  /** Shows the output of this stream; of the one that runs, without a choice. */
  choose(stream: string | undefined): void {
    this.#chosen = stream;
    this.#show();
    this.#paint(true);
  }

  /** Goes on by so much of the viewer's time. */
  tick(ms: number): void {
    if (this.#seeking) return;
    const { clock, log } = this;
    const whole = this.#show();
    this.waiting.value = log.starved || !whole;
    if (clock.playing && !this.waiting.value) {
      clock.advance(ms, this.#known());
      this.skipped += clock.skip(this.#nextBusy());
      log.play(clock.position);
      this.#show();
      this.#paint(!clock.playing);
    } else if (!whole || !this.#whole) {
      this.#paint(whole);
    }
    this.#whole = whole;
    if (clock.playing) void this.#fetch();
  }

  async #fetch(): Promise<void> {
    try {
      if (await this.log.fill()) await this.#learn();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Asks for the streams that the next events open. */
  async #learn(): Promise<void> {
    await this.#streams.cover([...this.log.behind, ...this.log.ahead]);
    void this.#look();
  }

  /** Asks when the streams of this stretch were written, those at the position first, one after the other. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (let next = this.#unknown(); next; next = this.#unknown()) {
        // Without an overview its bar is drawn evenly; what is shown of it is asked for by itself.
        await next.look().catch(() => this.#unclear.add(next as StreamTimes));
        this.#paint(true);
      }
    } finally {
      this.#looking = false;
    }
  }

  /** The stream nearest to the position of which is not known when it was written. */
  #unknown(): StreamTimes | undefined {
    const { from, to, position } = this.clock;
    const off = ({ begin, end }: StreamTimes) => Math.max(0, begin - position, position - end);
    const here = this.#all().filter((times) => !times.known && !this.#unclear.has(times) && times.info.length > 0 && times.begin < to && times.end > from);
    return here.sort((a, b) => off(a) - off(b))[0];
  }

  /** Of how many streams it is known when they were written. */
  get looked(): number {
    return this.#all().filter((times) => times.known).length;
  }

  /** When each stream that is known of was written. */
  #all(): StreamTimes[] {
    return [...this.#streams.known.value.values()].map((info) => {
      const times = this.#times.get(info.stream) ?? new StreamTimes(info, this.#now, this.#source(info.stream).marks);
      this.#times.set(info.stream, times);
      return times;
    });
  }

  /** Up to when events are known. */
  #known(): number {
    const newest = this.log.ahead.at(-1);
    return newest && newest.seq < this.log.last ? Date.parse(newest.time) : this.clock.to;
  }

  /** When something happens next: an event, or a line's worth of output. */
  #nextBusy(): number {
    const { position } = this.clock;
    let bytes = 0;
    for (const times of this.#all()) bytes += times.at(position + IDLE_MS) - times.at(position);
    if (bytes >= LINE_BYTES) return position;
    return this.log.next ? Date.parse(this.log.next.time) : this.clock.to;
  }

  /** The streams that there were at the position, as they stood then, in the order they were opened. */
  get streams(): wire.StreamInfo[] {
    return this.#all()
      .map((times) => times.asOf(this.clock.position))
      .filter((info) => info !== undefined && info.opened_seq <= this.log.position)
      .sort((a, b) => (a as wire.StreamInfo).opened_seq - (b as wire.StreamInfo).opened_seq) as wire.StreamInfo[];
  }

  /** The stream whose output is shown. */
  get shown(): wire.StreamInfo | undefined {
    const { streams } = this;
    return streams.find((info) => info.stream === this.#chosen) ?? streams.findLast((info) => info.state === "open") ?? streams.at(-1);
  }

  get tape(): Tape | undefined {
    return this.#tape?.tape;
  }

  /** Messages and bytes over the time of the stretch, each between 0 and 1. */
  bars(count: number): { events: number[]; output: number[] } {
    const { from, to } = this.clock;
    const share = (bins: number[]) => {
      const most = Math.max(...bins, 1);
      return bins.map((value) => value / most);
    };
    return { events: share(this.activity.events(count, from, to)), output: share(outputBins(this.#all(), count, from, to)) };
  }

  /** Brings the output to the position; `false` while bytes of it are on their way. */
  #show(): boolean {
    const info = this.shown;
    if (!info) {
      this.#tape = undefined;
      return true;
    }
    const times = this.#times.get(info.stream) as StreamTimes;
    if (this.#tape?.stream !== info.stream) this.#tape = { stream: info.stream, tape: new Tape(this.#source(info.stream).range, times.info.length) };
    const { position, speed } = this.clock;
    if (this.error.peek()) return false;
    if (!times.exact(position, speed)) {
      times.load(position, speed).catch(this.#fail);
      return false;
    }
    const { tape } = this.#tape;
    const byte = times.at(position);
    const there = tape.show(byte);
    tape.fill(byte).catch(this.#fail);
    return there;
  }

  #fail = (error: unknown): void => {
    this.clock.playing = false;
    this.error.value = error as HubError;
  };

  #paint(now = false): void {
    const time = performance.now();
    if (!now && time - this.#painted < PAINT_MS) return;
    this.#painted = time;
    this.version.value += 1;
  }
}
