// Where the lines of a stream begin, and which of them hold a text: found by reading the stream once, from
// its first byte on and no farther than needed; of what was read only landmarks are kept.

import { streamBytes } from "./bytes";
import { newlines, textOf } from "./segments";
import { Terminal } from "./terminal";

const NEWLINE = 10;
const LANDMARK_BYTES = 256 * 1024;
/** Text is looked for in pieces of about this size. */
const PIECE_BYTES = 512 * 1024;
/** More are counted no further. */
export const MOST_MATCHES = 10_000;

/** A byte that begins a line, and how many newlines come before it. */
export interface Landmark {
  byte: number;
  newlines: number;
}

export class Lines {
  readonly #landmarks: Landmark[] = [{ byte: 0, newlines: 0 }];
  readonly #read: (from: number, signal: AbortSignal) => AsyncGenerator<Uint8Array>;

  constructor(read: (from: number, signal: AbortSignal) => AsyncGenerator<Uint8Array>) {
    this.#read = read;
  }

  static of(workspace: string, stream: string): Lines {
    return new Lines((from, signal) => streamBytes(workspace, stream, from, signal));
  }

  /** Where the line with this number begins, counted from 1; the last line where there are fewer. */
  async begin(line: number, signal: AbortSignal): Promise<Landmark> {
    const wanted = line - 1;
    let at = this.#landmarks.findLast((mark) => mark.newlines <= wanted) as Landmark;
    for await (const bytes of this.#read(at.byte, signal)) {
      const count = newlines(bytes);
      if (at.newlines + count >= wanted) return { byte: nth(at, bytes, wanted), newlines: wanted };
      at = this.#pass(at, bytes, count);
    }
    // It has fewer lines: the end, or the newest landmark before it.
    return this.#landmarks.at(-1) as Landmark;
  }

  /** How many newlines come before a byte. */
  async before(byte: number, signal: AbortSignal): Promise<number> {
    let at = this.#landmarks.findLast((mark) => mark.byte <= byte) as Landmark;
    for await (const bytes of this.#read(at.byte, signal)) {
      const left = byte - at.byte;
      if (left <= bytes.length) return at.newlines + newlines(bytes.subarray(0, left));
      at = this.#pass(at, bytes, newlines(bytes));
    }
    return at.newlines;
  }

  /** Behind a piece; kept as a landmark now and then, where a line begins there. */
  #pass(at: Landmark, bytes: Uint8Array, count: number): Landmark {
    const next = { byte: at.byte + bytes.length, newlines: at.newlines + count };
    const last = this.#landmarks.at(-1) as Landmark;
    if (bytes.at(-1) === NEWLINE && next.byte >= last.byte + LANDMARK_BYTES) this.#landmarks.push(next);
    return next;
  }

  /** Numbers of the lines that show `text`, in batches as they are found, whatever their case and colours. */
  async *search(text: string, signal: AbortSignal): AsyncGenerator<number[]> {
    const wanted = text.toLowerCase();
    let number = 1, found = 0;
    for await (const piece of wholeLines(this.#read(0, signal))) {
      const terminal = new Terminal();
      terminal.write(piece);
      const lines = new Set<number>();
      for (const line of terminal.lines) {
        if (textOf(line).toLowerCase().includes(wanted)) lines.add(number + line.source);
      }
      number += terminal.newlines;
      const batch = [...lines].slice(0, MOST_MATCHES - found);
      found += batch.length;
      yield batch;
      if (found >= MOST_MATCHES) return;
    }
  }
}

/** The byte behind as many newlines. */
function nth(at: Landmark, bytes: Uint8Array, wanted: number): number {
  let from = 0;
  for (let left = wanted - at.newlines; left > 0; left--) from = bytes.indexOf(NEWLINE, from) + 1;
  return at.byte + from;
}

/** Text in pieces that end at line ends, as far as lines are not longer than a piece. */
async function* wholeLines(bytes: AsyncGenerator<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let held = "";
  for await (const piece of bytes) {
    held += decoder.decode(piece, { stream: true });
    if (held.length < PIECE_BYTES) continue;
    const end = held.lastIndexOf("\n") + 1 || held.length;
    yield held.slice(0, end);
    held = held.slice(end);
  }
  held += decoder.decode();
  if (held) yield held;
}
