// An iterator over a room's events that keeps at most `QUEUE` of them: a reader that falls behind is served
// from the history instead of from memory.

import type { HubError } from "./error.js";
import type { Cursor, HistoryOptions, RoomEvent } from "./room.js";
import type { HistoryPage } from "./protocol.js";

export const QUEUE = 1024;
const PAGE = 500;

interface Source {
  /** The last event that came. */
  readonly position: Cursor | undefined;
  history(options: HistoryOptions): Promise<HistoryPage>;
}

type Result = IteratorResult<RoomEvent, undefined>;
interface Waiter {
  resolve: (result: Result) => void;
  reject: (error: HubError) => void;
}

export class EventQueue implements AsyncIterableIterator<RoomEvent> {
  readonly #source: Source;
  readonly #done: (last: number | undefined) => void;
  #events: RoomEvent[] = [];
  #waiters: Waiter[] = [];
  #last: number | undefined;
  /** The queue overflowed: what comes live is left out until the history has been read up to it. */
  #behind = false;
  /** Where it goes on when what is here was given. */
  #skipped: number | undefined;
  #skips = 0;
  #error: HubError | undefined;
  #finished = false;

  /** Begins after `after`; what has passed since then comes from the history. */
  constructor(source: Source, after: number | undefined, done: (last: number | undefined) => void) {
    this.#source = source;
    this.#done = done;
    this.#last = after;
    this.#behind = after !== undefined && after < (source.position?.seq ?? 0);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The last event that was handed out. */
  get last(): number | undefined {
    return this.#last;
  }

  push(event: RoomEvent): void {
    if (this.#behind || this.#finished) return;
    this.#last ??= event.seq - 1;
    const waiter = this.#waiters.shift();
    if (waiter) {
      this.#last = event.seq;
      waiter.resolve({ done: false, value: event });
    } else if (this.#events.length >= QUEUE) {
      this.#behind = true;
    } else {
      this.#events.push(event);
    }
  }

  /** What lies up to `seq` cannot be had; the room tells of it by `gap`. What is here already is still given. */
  skip(seq: number): void {
    this.#skips += 1;
    if (this.#events.length === 0) this.#last = seq;
    else this.#skipped = seq;
  }

  end(error: HubError): void {
    this.#error = error;
    this.#finished = true;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  async next(): Promise<Result> {
    while (this.#events.length === 0 && this.#behind) await this.#catchUp();
    const event = this.#events.shift();
    if (event) {
      this.#last = event.seq;
      return { done: false, value: event };
    }
    if (this.#error && this.#error.code !== "closed") throw this.#error;
    if (this.#finished) {
      this.#done(this.#last);
      return { done: true, value: undefined };
    }
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  async return(): Promise<Result> {
    this.#finished = true;
    this.#events = [];
    this.#done(this.#last);
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
    return { done: true, value: undefined };
  }

  async #catchUp(): Promise<void> {
    if (this.#skipped !== undefined) this.#last = this.#skipped;
    this.#skipped = undefined;
    const after = this.#last ?? 0;
    // What was pushed while nothing was behind follows at once.
    if (after >= (this.#source.position?.seq ?? 0)) {
      this.#behind = false;
      return;
    }
    const skips = this.#skips;
    const page = await this.#history(after);
    // It is of a log that was left meanwhile.
    if (skips !== this.#skips) return;
    this.#events = page.events;
    const newest = page.events.at(-1)?.seq ?? after;
    // Nothing can come in between: this line and the events' arrival run on one thread.
    if (newest >= (this.#source.position?.seq ?? 0)) this.#behind = false;
    // The page may hold events that are still to arrive live.
    if (!this.#behind) this.#events = this.#events.filter((event) => event.seq <= (this.#source.position?.seq ?? 0));
  }

  /** Who reads by `for await` does not say that it stops when this fails. */
  async #history(after: number): Promise<HistoryPage> {
    try {
      return await this.#source.history({ after, limit: PAGE });
    } catch (error) {
      this.#finished = true;
      this.#done(this.#last);
      throw error;
    }
  }
}
