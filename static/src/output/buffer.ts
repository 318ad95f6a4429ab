// The bytes of one stream that a viewer holds: its tail as it grows, earlier parts when asked for, in
// segments that end at line ends, so that either end can be dropped.

import { type Hub, HubError, type StreamReader, type wire } from "@generic-corp/client";
import { signal } from "@preact/signals";
import * as api from "../api";
import { type Line, Terminal } from "./terminal";

const TAIL_BYTES = 128 * 1024;
const PAGE_BYTES = 256 * 1024;
const SEGMENT_LINES = 10_000;
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_LINES = 100_000;
const NEWLINE = 10;

export interface Segment {
  readonly id: number;
  /** Bytes of the stream, from … to before. */
  from: number;
  to: number;
  readonly terminal: Terminal;
}

let segments = 0;

function newSegment(from: number, terminal = new Terminal()): Segment {
  return { id: ++segments, from, to: from, terminal };
}

export class OutputBuffer {
  /** Changes when there is something new to paint. */
  readonly version = signal(0);
  readonly loadingEarlier = signal(false);
  /** Whether new bytes are appended; not after the end was dropped because the reader went far back. */
  readonly live = signal(true);
  readonly error = signal<HubError | undefined>(undefined);
  readonly #hub: Hub;
  readonly #path: string;
  readonly #id: string;
  #segments: Segment[] = [];
  #reader: StreamReader | undefined;
  #decoder = new TextDecoder();
  #painting: ReturnType<typeof setTimeout> | undefined;

  constructor(hub: Hub, workspace: string, info: wire.StreamInfo) {
    this.#hub = hub;
    this.#id = info.stream;
    this.#path = api.workspacePath(workspace, `/streams/${info.stream}/bytes`);
    void this.#read();
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Whether the first byte is there. */
  get atStart(): boolean {
    return this.#segments[0]?.from === 0;
  }

  get empty(): boolean {
    return this.#segments.every((segment) => segment.to === segment.from);
  }

  /** What is held, as text without colours. */
  get text(): string {
    return this.#segments.flatMap((segment) => segment.terminal.lines.slice(0, lineCount(segment)).map(textOf)).join("\n");
  }

  /** Goes back to the end and follows it again. */
  jumpToEnd(): void {
    if (this.live.value) return;
    this.#segments = [];
    this.#decoder = new TextDecoder();
    this.live.value = true;
    void this.#read();
  }

  close(): void {
    clearTimeout(this.#painting);
    void this.#reader?.return();
    this.#reader = undefined;
  }

  /** Loads what stands before what is held. */
  async loadEarlier(): Promise<void> {
    const to = this.#segments[0]?.from;
    if (!to || this.loadingEarlier.value) return;
    this.loadingEarlier.value = true;
    try {
      const from = Math.max(0, to - PAGE_BYTES);
      const response = await api.request(this.#path, { headers: { range: `bytes=${from}-${to - 1}`, accept: "*/*" } });
      const data = new Uint8Array(await response.arrayBuffer());
      if (this.#segments[0]?.from === to) this.#prepend(data, from);
    } catch (error) {
      this.error.value = error as HubError;
    } finally {
      this.loadingEarlier.value = false;
    }
  }

  #prepend(data: Uint8Array, from: number): void {
    const start = from === 0 ? 0 : afterFirstLine(data);
    const segment = newSegment(from + start);
    segment.terminal.write(new TextDecoder().decode(data.subarray(start)));
    segment.to = from + data.length;
    this.#segments.unshift(segment);
    // The far end goes first; what comes live is then left out until the reader returns to the end.
    while (this.#tooMuch() && this.#segments.length > 2) {
      this.#segments.pop();
      if (this.live.value) {
        this.live.value = false;
        void this.#reader?.return();
        this.#reader = undefined;
      }
    }
    this.version.value += 1;
  }

  async #read(): Promise<void> {
    const reader = this.#hub.read(this.#id, { tailBytes: TAIL_BYTES });
    this.#reader = reader;
    this.error.value = undefined;
    // A stream without output says so too.
    reader.opened.then(() => this.#paint(), () => undefined);
    try {
      for await (const chunk of reader) {
        if (this.#reader !== reader) return;
        this.#append(chunk.offset, chunk.bytes);
      }
    } catch (error) {
      if (this.#reader === reader) this.error.value = error as HubError;
    }
    this.#paint();
  }

  #append(offset: number, bytes: Uint8Array): void {
    let data = bytes, at = offset;
    let last = this.#segments.at(-1);
    if (!last || last.to !== at) {
      // The beginning of a tail is seldom the beginning of a line.
      const skip = at === 0 ? 0 : afterFirstLine(data);
      at += skip;
      data = data.subarray(skip);
      last = newSegment(at);
      this.#segments = [last];
      this.#decoder = new TextDecoder();
    }
    const end = data.lastIndexOf(NEWLINE) + 1;
    if (end > 0 && (last.to + end - last.from > PAGE_BYTES || last.terminal.lines.length > SEGMENT_LINES)) {
      this.#write(last, data.subarray(0, end));
      if (last.terminal.atLineStart) {
        last = newSegment(last.to, new Terminal(last.terminal.sgr));
        this.#segments.push(last);
        while (this.#tooMuch() && this.#segments.length > 2) this.#segments.shift();
      }
      data = data.subarray(end);
    }
    this.#write(last, data);
    this.#paint();
  }

  #write(segment: Segment, data: Uint8Array): void {
    segment.terminal.write(this.#decoder.decode(data, { stream: true }));
    segment.to += data.length;
  }

  #tooMuch(): boolean {
    let bytes = 0, lines = 0;
    for (const segment of this.#segments) {
      bytes += segment.to - segment.from;
      lines += segment.terminal.lines.length;
    }
    return bytes > MOST_BYTES || lines > MOST_LINES;
  }

  /** At most ten paints a second, however fast the bytes come. */
  #paint(): void {
    this.#painting ??= setTimeout(() => {
      this.#painting = undefined;
      this.version.value += 1;
    }, 100);
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

function afterFirstLine(data: Uint8Array): number {
  const newline = data.indexOf(NEWLINE);
  return newline < 0 || newline === data.length - 1 ? 0 : newline + 1;
}
