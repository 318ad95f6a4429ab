// The output of one stream as a replay shows it: what was written up to a byte, the end of it held. Bytes
// are fetched a page ahead of the position.

import { Segments } from "../output/segments";

export const TAIL_BYTES = 128 * 1024;
const PAGE_BYTES = 256 * 1024;
const MOST_PAGE_BYTES = 4 * 1024 * 1024;

export type ReadRange = (from: number, to: number) => Promise<Uint8Array>;

export class Tape {
  readonly held = new Segments();
  /** Bytes up to here are shown. */
  position = 0;
  readonly #read: ReadRange;
  readonly #length: number;
  #ahead: Uint8Array = new Uint8Array();
  #fetching: Promise<void> | undefined;
  #turn = 0;

  constructor(read: ReadRange, length: number) {
    this.#read = read;
    this.#length = length;
  }

  /** Shows what was written up to a byte; `true` when all of it is there, else `fill` fetches the rest. */
  show(byte: number): boolean {
    const to = Math.min(byte, this.#length);
    if (to < this.position || to - this.position > MOST_PAGE_BYTES) this.#jump(to);
    const fresh = this.#ahead.subarray(0, to - this.position);
    if (fresh.length > 0) {
      this.held.append(this.position, fresh);
      this.position += fresh.length;
      this.#ahead = this.#ahead.subarray(fresh.length);
    }
    return this.position === to;
  }

  /** Begins anew at the tail of what was written up to a byte. */
  #jump(to: number): void {
    this.#turn += 1;
    this.#fetching = undefined;
    this.held.clear();
    this.#ahead = new Uint8Array();
    this.position = Math.max(0, to - TAIL_BYTES);
  }

  /** Fetches what `byte` needs, and a page beyond it. */
  async fill(byte: number): Promise<void> {
    const from = this.position + this.#ahead.length;
    const wanted = Math.min(this.#length, byte + PAGE_BYTES / 2);
    if (from >= wanted) return;
    const to = Math.min(this.#length, Math.max(from + PAGE_BYTES, Math.min(wanted, from + MOST_PAGE_BYTES)));
    this.#fetching ??= this.#fetch(from, to, this.#turn);
    await this.#fetching;
  }

  async #fetch(from: number, to: number, turn: number): Promise<void> {
    try {
      const data = await this.#read(from, to);
      if (turn !== this.#turn) return;
      const ahead = new Uint8Array(this.#ahead.length + data.length);
      ahead.set(this.#ahead);
      ahead.set(data, this.#ahead.length);
      this.#ahead = ahead;
    } finally {
      if (turn === this.#turn) this.#fetching = undefined;
    }
  }
}
