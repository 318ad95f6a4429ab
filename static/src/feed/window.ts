// The part of a room's log that the feed holds: a stretch without a gap, small while it follows the end,
// growing when the reader scrolls back, never above a bound.

export interface Entry {
  readonly seq: number;
}

/** Rows of a stretch that is opened, and the most that are kept while following. */
export const TAIL = 80;
/** The fewest that are. */
const LEAST = 40;
/** What is kept may grow by this factor before it is cut back. */
const SLACK = 1.5;
/** The most rows at any time. */
export const MOST = 600;

export class FeedWindow<E extends Entry> {
  #entries: E[] = [];
  #tail = TAIL;
  /** The newest `seq` of the room that is known. */
  head = 0;
  /** The smallest `seq` that the room keeps. */
  oldest = 1;
  /** Whether what comes next in the log is appended here; `false` after the end was cut off. */
  atEnd = true;
  /** Whether the reader is at the end, so that the beginning may be dropped. */
  following = true;
  /** Events that came since the reader left the end. */
  unseen = 0;

  get entries(): readonly E[] {
    return this.#entries;
  }

  get first(): number {
    return this.#entries[0]?.seq ?? this.head + 1;
  }

  get last(): number {
    return this.#entries.at(-1)?.seq ?? this.head;
  }

  /** Whether there is something before what is held. */
  get hasOlder(): boolean {
    return this.first > Math.max(1, this.oldest);
  }

  /** The entry with this `seq`, if it is held: what is held has no gap. */
  at(seq: number): E | undefined {
    return this.#entries[seq - this.first];
  }

  /** Begins anew with a stretch of the log. */
  reset(entries: readonly E[], head: number): void {
    this.#entries = entries.slice(-MOST);
    this.head = Math.max(head, entries.at(-1)?.seq ?? 0);
    this.atEnd = this.last >= this.head;
    this.unseen = 0;
  }

  /** An event that came live. */
  push(entry: E): void {
    if (entry.seq <= this.head && entry.seq <= this.last) return;
    if (!this.following && entry.seq > this.head) this.unseen += 1;
    this.head = Math.max(this.head, entry.seq);
    if (!this.atEnd) return;
    if (this.#entries.length > 0 && entry.seq !== this.last + 1) this.#entries = [];
    this.#entries.push(entry);
    if (this.following) {
      this.#trim();
    } else if (this.#entries.length > MOST) {
      this.#entries.pop();
      this.atEnd = false;
    }
  }

  /** A page that ends before what is held. */
  prepend(page: readonly E[]): void {
    const older = page.filter((entry) => entry.seq < this.first);
    if (older.length === 0 || (this.#entries.length > 0 && older.at(-1)?.seq !== this.first - 1)) return;
    this.#entries.unshift(...older);
    if (this.#entries.length > MOST) {
      this.#entries.length = MOST;
      this.atEnd = false;
    }
  }

  /** A page that goes on after what is held, while the end is cut off. */
  append(page: readonly E[], head: number): void {
    const newer = page.filter((entry) => entry.seq > this.last);
    this.head = Math.max(this.head, head);
    if (newer.length > 0 && newer[0]?.seq === this.last + 1) this.#entries.push(...newer);
    this.atEnd = this.last >= this.head;
    if (this.#entries.length > MOST) this.#entries.splice(0, this.#entries.length - MOST);
  }

  /** The reader came to the end, or left it. */
  follow(following: boolean): void {
    this.following = following;
    if (!following) return;
    this.unseen = 0;
    this.#trim();
  }

  /** Keeps no more while following than can be seen: each row costs a layout whenever one comes. */
  set seen(rows: number) {
    this.#tail = Math.min(TAIL, Math.max(LEAST, rows));
  }

  #trim(): void {
    if (this.#entries.length > this.#tail * SLACK) this.#entries.splice(0, this.#entries.length - this.#tail);
  }
}
