// How much of a stream was there at a time: roughly for all of it, and exactly around the position of a replay.

import type { wire } from "@generic-corp/client";
import { MARKS, type Mark, type ReadMarks, lastMark } from "../output/times";

/** The hub keeps no finer times of what is older. */
const FINEST_MS = 50;
/** At speed 1 nothing finer is seen. */
const FRAME_MS = 20;
/** Answers that an overview may take. */
const MOST_PAGES = 4;

/** Marks that hold from one time on to before another. */
interface Stretch {
  from: number;
  to: number;
  /** Milliseconds that lie between its marks at least. */
  every: number;
  marks: readonly Mark[];
  /** The byte behind its last mark's. */
  end: number;
}

export class StreamTimes {
  readonly info: wire.StreamInfo;
  readonly begin: number;
  /** While it runs: now, as the replay began. */
  readonly end: number;
  readonly #read: ReadMarks;
  #overview: Stretch | undefined;
  #near: Stretch | undefined;
  #loading: Promise<void> | undefined;

  constructor(info: wire.StreamInfo, now: number, read: ReadMarks) {
    this.info = info;
    this.#read = read;
    this.begin = Date.parse(info.opened_at);
    this.end = Math.max(this.begin, info.closed_at === undefined ? now : Date.parse(info.closed_at));
  }

  /** Whether it is known roughly when all of it was written. */
  get known(): boolean {
    return this.#overview !== undefined;
  }

  /** How many of its bytes were there at a time; spread evenly as long as nothing is known. */
  at(time: number): number {
    const { length } = this.info;
    if (time >= this.end) return length;
    const stretch = this.#near && holds(this.#near, time) ? this.#near : this.#overview;
    if (!stretch) return time <= this.begin ? 0 : Math.floor((length * (time - this.begin)) / (this.end - this.begin));
    const last = lastMark(stretch.marks, "time", time);
    return last < 0 ? 0 : Math.min(length, stretch.marks[last + 1]?.offset ?? stretch.end);
  }

  /** The stream as it stood at a time; nothing before it was opened. While it ran, `closed_at` is that time. */
  asOf(time: number): wire.StreamInfo | undefined {
    if (time < this.begin) return undefined;
    if (time >= this.end) return this.info;
    const { exit_code: _, ...rest } = this.info;
    return { ...rest, state: "open", length: this.at(time), closed_at: new Date(time).toISOString() };
  }

  /** What came when: bytes with the time they came at; evenly from the beginning to the end where nothing is known. */
  *amounts(): Generator<{ bytes: number; from: number; to: number }> {
    if (!this.#overview) yield { bytes: this.info.length, from: this.begin, to: this.end };
    else {
      const { marks, end } = this.#overview;
      for (const [i, { offset, time }] of marks.entries()) yield { bytes: (marks[i + 1]?.offset ?? end) - offset, from: time, to: time };
    }
  }

  /** Learns roughly when all of it was written. */
  async look(): Promise<void> {
    if (this.#overview || this.info.length === 0) return;
    const every = Math.max(FINEST_MS, Math.ceil((this.end - this.begin) / (MARKS - 10)));
    const marks: Mark[] = [];
    let next: number | undefined = 0;
    for (let page = 0; page < MOST_PAGES && next !== undefined; page++) {
      const answer = await this.#read({ offset: next, every });
      marks.push(...answer.marks);
      next = answer.next;
    }
    this.#overview = { from: -Infinity, to: next === undefined ? Infinity : (marks.at(-1)?.time ?? -Infinity), every, marks, end: next ?? this.info.length };
  }

  /** Whether what is known is as fine as it is seen at this time and speed. */
  exact(time: number, speed: number): boolean {
    if (time < this.begin || time >= this.end || this.info.length === 0) return true;
    const fine = Math.max(FINEST_MS, FRAME_MS * speed);
    return [this.#overview, this.#near].some((stretch) => stretch && stretch.every <= fine && holds(stretch, time));
  }

  /** Learns exactly what came from this time on. */
  load(time: number, speed: number): Promise<void> {
    this.#loading ??= this.#load(time, Math.max(FINEST_MS, FRAME_MS * speed)).finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #load(time: number, every: number): Promise<void> {
    const { marks, next } = await this.#read({ time, every });
    this.#near = { from: time, to: next === undefined ? Infinity : Math.max(time + every, marks.at(-1)?.time ?? time), every, marks, end: next ?? this.info.length };
  }
}

function holds({ from, to }: Stretch, time: number): boolean {
  return time >= from && time < to;
}
