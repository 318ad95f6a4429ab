// A stretch of a stream's output in segments that end at line ends, so that either end can be dropped.

import { type Line, Terminal } from "./terminal";

export const PAGE_BYTES = 256 * 1024;
const SEGMENT_LINES = 10_000;
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_LINES = 100_000;
const NEWLINE = 10;

export interface Segment {
  readonly id: number;
  /** Bytes of the stream, from … to before. */
  from: number;
  to: number;
  /** Newlines before it, from where the stretch began to be held. */
  readonly base: number;
  readonly terminal: Terminal;
}

let made = 0;

function newSegment(from: number, base: number, terminal = new Terminal()): Segment {
  return { id: ++made, from, to: from, base, terminal };
}

export class Segments {
  #list: Segment[] = [];
  #decoder = new TextDecoder();
  /** Newlines of the stream before a `base` of 0, where that is known. */
  #origin: number | undefined;

  get list(): readonly Segment[] {
    return this.#list;
  }

  get from(): number {
    return this.#list[0]?.from ?? 0;
  }

  get to(): number {
    return this.#list.at(-1)?.to ?? 0;
  }

  get empty(): boolean {
    return this.#list.every((segment) => segment.to === segment.from);
  }

  /** What is held, as text without colours. */
  get text(): string {
    return this.#list.flatMap((segment) => segment.terminal.lines.slice(0, lineCount(segment)).map(textOf)).join("\n");
  }

  clear(): void {
    this.#list = [];
    this.#decoder = new TextDecoder();
    this.#origin = undefined;
  }

  /** Tells how many newlines the stream has before the first byte held. */
  number(newlines: number): void {
    this.#origin = newlines - (this.#list[0]?.base ?? 0);
  }

  /** Whether lines can be numbered. */
  get numbered(): boolean {
    return this.#origin !== undefined;
  }

  /** The number of a line in the whole stream, counted from 1 as editors do. */
  lineNumber(segment: Segment, line: number): number | undefined {
    const source = segment.terminal.lines[line]?.source;
    return this.#origin === undefined || source === undefined ? undefined : this.#origin + segment.base + source + 1;
  }

  /** Where the line with this number is held. */
  find(number: number): { segment: Segment; line: number } | undefined {
    if (this.#origin === undefined) return undefined;
    const wanted = number - 1 - this.#origin;
    const segment = this.#list.findLast((one) => one.base <= wanted);
    const line = segment?.terminal.lines.findIndex((one) => one.source + segment.base >= wanted) ?? -1;
    return segment && line >= 0 && line < lineCount(segment) ? { segment, line } : undefined;
  }

  /** Adds bytes at the end; those that do not follow on begin anew. `atLine`: the first of them begins a line. */
  append(offset: number, bytes: Uint8Array, { atLine = offset === 0 }: { atLine?: boolean } = {}): void {
    let data = bytes;
    let last = this.#list.at(-1);
    if (!last || last.to !== offset) {
      // The beginning of a tail is seldom the beginning of a line.
      const skip = atLine ? 0 : afterFirstLine(data);
      data = data.subarray(skip);
      this.clear();
      last = newSegment(offset + skip, 0);
      this.#list = [last];
      if (offset === 0) this.#origin = 0;
    }
    while (data.length > 0) {
      const piece = data.subarray(0, cutAt(data));
      if (last.to - last.from + piece.length > PAGE_BYTES || last.terminal.lines.length > SEGMENT_LINES) last = this.#next(last);
      write(last, piece, this.#decoder);
      data = data.subarray(piece.length);
    }
  }

  /** A fresh segment, where the one before has come to a line's end. */
  #next(last: Segment): Segment {
    if (!last.terminal.atLineStart) return last;
    const next = newSegment(last.to, last.base + last.terminal.newlines, new Terminal(last.terminal.sgr));
    this.#list.push(next);
    while (this.#tooMuch() && this.#list.length > 2) this.#list.shift();
    return next;
  }

  /** Adds bytes before what is held; tells whether the end had to go for them. */
  prepend(data: Uint8Array, from: number): boolean {
    const start = from === 0 ? 0 : afterFirstLine(data);
    const bytes = data.subarray(start);
    const segment = newSegment(from + start, (this.#list[0]?.base ?? 0) - newlines(bytes));
    write(segment, bytes, new TextDecoder());
    this.#list.unshift(segment);
    if (from === 0) this.#origin ??= -segment.base;
    let dropped = false;
    while (this.#tooMuch() && this.#list.length > 2) {
      this.#list.pop();
      dropped = true;
    }
    if (dropped) this.#decoder = new TextDecoder();
    return dropped;
  }

  #tooMuch(): boolean {
    let bytes = 0, lines = 0;
    for (const segment of this.#list) {
      bytes += segment.to - segment.from;
      lines += segment.terminal.lines.length;
    }
    return bytes > MOST_BYTES || lines > MOST_LINES;
  }
}

/** Adds bytes line by line, so that each line knows where it begins. */
function write(segment: Segment, data: Uint8Array, decoder: TextDecoder): void {
  for (let at = 0; at < data.length; ) {
    const newline = data.indexOf(NEWLINE, at);
    const end = newline < 0 ? data.length : newline + 1;
    segment.terminal.offset = segment.to;
    segment.terminal.write(decoder.decode(data.subarray(at, end), { stream: true }));
    segment.to += end - at;
    at = end;
  }
}

/** How many lines a segment shows: not the empty one after its last newline. */
export function lineCount(segment: Segment): number {
  const { lines } = segment.terminal;
  return lines.at(-1)?.length === 0 ? lines.length - 1 : lines.length;
}

export function textOf(line: Line): string {
  return line.runs.map((run) => run.text).join("");
}

export function newlines(data: Uint8Array): number {
  let count = 0;
  for (let at = data.indexOf(NEWLINE); at >= 0; at = data.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

/** Where a piece of at most half a page ends: behind a line where it can. */
function cutAt(data: Uint8Array): number {
  if (data.length <= PAGE_BYTES / 2) return data.lastIndexOf(NEWLINE) + 1 || data.length;
  return data.subarray(0, PAGE_BYTES / 2).lastIndexOf(NEWLINE) + 1 || PAGE_BYTES / 2;
}

function afterFirstLine(data: Uint8Array): number {
  const newline = data.indexOf(NEWLINE);
  return newline < 0 || newline === data.length - 1 ? 0 : newline + 1;
}
