// What was written of a stream at a time. The hub tells when a stream began and ended, not when each part of
// it was written, so it is taken to have been written evenly.

import type { wire } from "@generic-corp/client";

/** From when to when a stream was written; to now while it still runs. */
export function span(info: wire.StreamInfo, now: number): { begin: number; end: number } {
  const begin = Date.parse(info.opened_at);
  return { begin, end: Math.max(begin, info.closed_at === undefined ? now : Date.parse(info.closed_at)) };
}

/** How many of its bytes were there at a time. */
export function bytesAt(info: wire.StreamInfo, time: number, now: number): number {
  const { begin, end } = span(info, now);
  if (time >= end) return info.length;
  if (time <= begin) return 0;
  return Math.floor((info.length * (time - begin)) / (end - begin));
}

/** How many bytes are taken to be written between two times. */
export function bytesBetween(info: wire.StreamInfo, from: number, to: number, now: number): number {
  return bytesAt(info, to, now) - bytesAt(info, from, now);
}

/** The stream as it stood at a time; nothing before it was opened. While it ran, `closed_at` is that time. */
export function asOf(info: wire.StreamInfo, time: number, now: number): wire.StreamInfo | undefined {
  const { begin, end } = span(info, now);
  if (time < begin) return undefined;
  if (time >= end) return info;
  const { exit_code: _, ...rest } = info;
  return { ...rest, state: "open", length: bytesAt(info, time, now), closed_at: new Date(time).toISOString() };
}
