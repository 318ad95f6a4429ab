// The time of a replay: it runs at a speed, stands, is set, and leaves out stretches in which nothing happens.

export const SPEEDS = [1, 2, 5, 10, 30, 60] as const;
/** Nothing happens for so long: that is left out. */
export const IDLE_MS = 3_000;
/** What is left standing before the next thing happens. */
const LEAD_MS = 500;

export class Clock {
  readonly from: number;
  readonly to: number;
  position: number;
  speed = 1;
  playing = false;
  skipsIdle = true;

  constructor(from: number, to: number) {
    this.from = from;
    this.to = Math.max(from, to);
    this.position = from;
  }

  get ended(): boolean {
    return this.position >= this.to;
  }

  seek(time: number): void {
    this.position = Math.min(Math.max(time, this.from), this.to);
  }

  /** Goes on by so much of the viewer's time; `limit` is how far things are known. Stops at the end. */
  advance(ms: number, limit = this.to): void {
    if (!this.playing) return;
    this.seek(Math.min(this.position + ms * this.speed, Math.max(limit, this.position)));
    if (this.ended) this.playing = false;
  }

  /** Goes to just before the next thing that happens, where that is long off; tells how much was left out. */
  skip(next: number): number {
    if (!this.skipsIdle || !this.playing || next - this.position < IDLE_MS) return 0;
    const before = this.position;
    this.seek(next - LEAD_MS);
    return this.position - before;
  }
}
