// The events around the position of a replay: some that were played, some that are next, and no more.

import type { RoomEvent } from "@generic-corp/client";
import type { Source } from "./source";

const PAGE = 500;
/** What stays in view behind the position. */
export const BEHIND = 200;
/** More are fetched when fewer than this are ahead. */
const LOW = 250;

export class ReplayLog {
  /** The stretch, from its first event to its last. */
  readonly first: number;
  readonly last: number;
  readonly #source: Source;
  #behind: RoomEvent[] = [];
  #ahead: RoomEvent[] = [];
  #filling: Promise<void> | undefined;
  /** Counts the seeks, so that a late page of another place is dropped. */
  #turn = 0;

  constructor(source: Source, first: number, last: number) {
    this.#source = source;
    this.first = first;
    this.last = last;
  }

  /** What was played, the newest last. */
  get behind(): readonly RoomEvent[] {
    return this.#behind;
  }

  get ahead(): readonly RoomEvent[] {
    return this.#ahead;
  }

  get next(): RoomEvent | undefined {
    return this.#ahead[0];
  }

  /** The `seq` of the event that was played last, or that before the stretch. */
  get position(): number {
    return this.#behind.at(-1)?.seq ?? (this.next ? this.next.seq - 1 : this.first - 1);
  }

  /** Whether more has to be fetched before it can be played. */
  get starved(): boolean {
    return this.#ahead.length === 0 && this.position < this.last;
  }

  /** Puts the position behind the event `seq`. */
  async seek(seq: number): Promise<void> {
    const turn = ++this.#turn;
    const at = Math.min(Math.max(seq, this.first - 1), this.last);
    const [behind, ahead] = await Promise.all([
      at < this.first ? [] : this.#source({ before: at + 1, limit: BEHIND }).then(({ events }) => events),
      at >= this.last ? [] : this.#source({ after: at, limit: PAGE }).then(({ events }) => events),
    ]);
    if (turn !== this.#turn) return;
    this.#behind = behind.filter((event) => event.seq >= this.first);
    this.#ahead = ahead.filter((event) => event.seq <= this.last);
  }

  /** The newest `seq` whose event happened at a time or before; `bracket` narrows where it is looked for. */
  async find(time: number, bracket: readonly [number, number] = [this.first - 1, this.last]): Promise<number> {
    // The event at `low` is not later than `time`, that at `high + 1` is.
    let [low, high] = bracket;
    while (high - low > PAGE) {
      const middle = Math.floor((low + high + 1) / 2);
      const [event] = (await this.#source({ after: middle - 1, limit: 1 })).events;
      if (event && Date.parse(event.time) <= time) low = middle;
      else high = middle - 1;
    }
    if (high <= low) return low;
    const { events } = await this.#source({ after: low, limit: high - low });
    return events.findLast((event) => event.seq <= high && Date.parse(event.time) <= time)?.seq ?? low;
  }

  /** Plays what happened up to a time, and gives it. */
  play(time: number): readonly RoomEvent[] {
    const stop = this.#ahead.findIndex((event) => Date.parse(event.time) > time);
    const played = this.#ahead.splice(0, stop < 0 ? this.#ahead.length : stop);
    if (played.length > 0) this.#behind = [...this.#behind, ...played].slice(-BEHIND);
    return played;
  }

  /** Fetches what comes next, where little of it is held; tells whether there was anything to fetch. */
  async fill(): Promise<boolean> {
    const newest = this.#ahead.at(-1)?.seq ?? this.position;
    if (this.#ahead.length >= LOW || newest >= this.last) return false;
    this.#filling ??= this.#fetch(newest).finally(() => (this.#filling = undefined));
    await this.#filling;
    return true;
  }

  async #fetch(after: number): Promise<void> {
    const turn = this.#turn;
    const { events } = await this.#source({ after, limit: PAGE });
    if (turn === this.#turn) this.#ahead.push(...events.filter((event) => event.seq <= this.last));
  }
}
