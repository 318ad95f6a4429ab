// How busy a stretch of the log was over time, from few events of it however long it is.

import type { Source } from "./source";
import type { StreamTimes } from "./times";

/** A stretch of up to a page is read whole. */
const PAGE = 500;
const PROBES = 48;
const AT_ONCE = 8;

interface Sample {
  seq: number;
  time: number;
}

export class Activity {
  /** In order; the first and the last event of the stretch are among them. */
  readonly samples: readonly Sample[];

  constructor(samples: readonly Sample[]) {
    this.samples = samples;
  }

  /** Looks at events of the stretch, evenly spread by their number. */
  static async of(source: Source, first: number, last: number): Promise<Activity> {
    if (last < first) return new Activity([]);
    if (last - first < PAGE) {
      const { events } = await source({ after: first - 1, limit: last - first + 1 });
      return new Activity(inOrder(events.filter(({ seq }) => seq <= last).map(sample)));
    }
    const seqs = Array.from({ length: PROBES }, (_, i) => Math.round(first + ((last - first) * i) / (PROBES - 1)));
    const samples: Sample[] = [];
    for (let at = 0; at < seqs.length; at += AT_ONCE) {
      const pages = await Promise.all(seqs.slice(at, at + AT_ONCE).map((seq) => source({ after: seq - 1, limit: 1 })));
      samples.push(...pages.flatMap(({ events }) => events.map(sample)));
    }
    return new Activity(inOrder(samples));
  }

  get from(): number {
    return this.samples[0]?.time ?? 0;
  }

  get to(): number {
    return this.samples.at(-1)?.time ?? 0;
  }

  /** Between which events a time lies: that at the first is not later, that after the second is. */
  bracket(time: number): [number, number] {
    const after = this.samples.findIndex((one) => one.time > time);
    const [first, last] = [this.samples[0]?.seq ?? 1, this.samples.at(-1)?.seq ?? 0];
    if (after < 0) return [last, last];
    if (after === 0) return [first - 1, first - 1];
    return [(this.samples[after - 1] as Sample).seq, (this.samples[after] as Sample).seq - 1];
  }

  /** How many events fall into each of `count` equal parts of the time, as far as the samples tell. */
  events(count: number, from = this.from, to = this.to): number[] {
    const bins = new Array<number>(count).fill(0);
    const [first] = this.samples;
    if (first) spread(bins, 1, first.time, first.time, from, to);
    for (let i = 1; i < this.samples.length; i++) {
      const [one, next] = [this.samples[i - 1] as Sample, this.samples[i] as Sample];
      // One event at its own time; several anywhere between the two that were looked at.
      const begin = next.seq - one.seq === 1 ? next.time : one.time;
      spread(bins, next.seq - one.seq, begin, next.time, from, to);
    }
    return bins;
  }
}

/** How many bytes of output fall into each part. */
export function outputBins(streams: Iterable<StreamTimes>, count: number, from: number, to: number): number[] {
  const bins = new Array<number>(count).fill(0);
  for (const times of streams) {
    for (const { bytes, from: begin, to: end } of times.amounts()) spread(bins, bytes, begin, end, from, to);
  }
  return bins;
}

/** Adds an amount to the parts between two times, each in proportion. */
function spread(bins: number[], amount: number, begin: number, end: number, from: number, to: number): void {
  const width = Math.max(1, to - from) / bins.length;
  const place = (time: number) => (time - from) / width;
  const [start, stop] = [place(begin), place(end)];
  const length = stop - start;
  if (length <= 1) {
    const at = Math.floor(Math.min(Math.max(start, 0), bins.length - 1));
    if (stop >= 0 && start <= bins.length) bins[at] = (bins[at] as number) + amount;
    return;
  }
  for (let i = Math.max(0, Math.floor(start)); i < Math.min(bins.length, Math.ceil(stop)); i++) {
    const part = Math.min(stop, i + 1) - Math.max(start, i);
    bins[i] = (bins[i] as number) + (amount * part) / length;
  }
}

function sample({ seq, time }: { seq: number; time: string }): Sample {
  return { seq, time: Date.parse(time) };
}

/** Nodes' clocks may differ a little: a later event is not taken for an earlier one. */
function inOrder(samples: readonly Sample[]): Sample[] {
  let latest = -Infinity;
  return samples.map(({ seq, time }) => ({ seq, time: (latest = Math.max(latest, time)) }));
}
