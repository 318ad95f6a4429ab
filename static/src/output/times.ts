// When lines of a stream came: as the hub tells of those that are looked at, and as this page saw those that came live.

import type { wire } from "@generic-corp/client";
import * as api from "../api";

/** From this byte on, up to that of the next mark, they came at this time. */
export interface Mark {
  offset: number;
  time: number;
}

/** Marks of a stretch, and where the next one begins if there is one. */
export interface MarkPage {
  marks: Mark[];
  next: number | undefined;
}

/** Which times: from a byte or a moment on, at least so many milliseconds apart. */
export type MarkQuery = ({ offset: number } | { time: number }) & { every: number };

export type ReadMarks = (query: MarkQuery) => Promise<MarkPage>;

/** Marks of an answer. */
export const MARKS = 500;
/** Times are shown to the second. */
const APART_MS = 500;
const MOST_STRETCHES = 64;
const MOST_LIVE = 20_000;
const WAIT_MS = 5_000;

/** Times of a stream over the REST API. */
export function readMarks(workspace: string, stream: string): ReadMarks {
  return async ({ every, ...from }) => {
    const query = new URLSearchParams({ limit: String(MARKS), every: String(every) });
    if ("offset" in from) query.set("offset", String(from.offset));
    else query.set("time", new Date(from.time).toISOString());
    const path = `/streams/${encodeURIComponent(stream)}/times?${query}`;
    const { times, next } = await api.json<wire.StreamTimes>(api.workspacePath(workspace, path));
    return { marks: times.map(({ offset, time }) => ({ offset, time: Date.parse(time) })), next };
  };
}

/** The last mark at a place or before, by its index; -1 where there is none. */
export function lastMark(marks: readonly Mark[], by: "offset" | "time", place: number): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle] as Mark)[by] <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Bytes `from` … before `to`, which all have times. */
interface Stretch {
  from: number;
  to: number;
  marks: Mark[];
}

/** The times of lines by where they begin in the stream. */
export class LineTimes {
  readonly #read: ReadMarks;
  readonly #stretches: Stretch[] = [];
  /** What came live, up to now. It is kept apart: it grows, and must not be the oldest that goes. */
  #live: Stretch | undefined;
  #reading = false;
  /** After a failure nothing is asked for a while. */
  #notBefore = 0;

  constructor(read: ReadMarks) {
    this.#read = read;
  }

  /** When the line came that begins with this byte, where that is known. */
  at(offset: number): number | undefined {
    const has = (one: Stretch | undefined) => one !== undefined && offset >= one.from && offset < one.to;
    const stretch = has(this.#live) ? this.#live : this.#stretches.findLast(has);
    return stretch?.marks[lastMark(stretch.marks, "offset", offset)]?.time;
  }

  /** Bytes came live. */
  saw(offset: number, length: number, time: number): void {
    if (this.#live?.to !== offset) {
      if (this.#live) this.#keep(this.#live);
      this.#live = { from: offset, to: offset, marks: [] };
    }
    const { marks } = this.#live;
    this.#live.to += length;
    if (time - (marks.at(-1)?.time ?? 0) >= APART_MS) marks.push({ offset, time });
    if (marks.length <= MOST_LIVE) return;
    marks.splice(0, MOST_LIVE / 2);
    this.#live.from = (marks[0] as Mark).offset;
  }

  /** Asks when the bytes `from` … before `to` came, as far as one answer tells; whether something is new. */
  async learn(from: number, to: number): Promise<boolean> {
    if (this.#reading || Date.now() < this.#notBefore || this.at(from) !== undefined) return false;
    this.#reading = true;
    try {
      const { marks, next } = await this.#read({ offset: from, every: APART_MS });
      if (marks.length > 0) this.#keep({ from, to: next ?? to, marks });
      return marks.length > 0;
    } catch (error) {
      this.#notBefore = Date.now() + WAIT_MS;
      throw error;
    } finally {
      this.#reading = false;
    }
  }

  #keep(stretch: Stretch): void {
    this.#stretches.push(stretch);
    if (this.#stretches.length > MOST_STRETCHES) this.#stretches.shift();
  }
}
