// Reads an output stream from a byte on, across reconnects. When the reader does not keep up, the hub is
// asked to stop and later to go on from the next byte, so that little is held here.

import type { Connection, Session } from "./connection.js";
import { type HubError, fromFailure } from "./error.js";
import type { ServerFrame, StreamClosed, StreamInfo, StreamReading } from "./protocol.js";

export interface ReadOptions {
  /** Begin at this byte; 0 when left out. */
  offset?: number;
  /** Or begin this many bytes before the end. */
  tailBytes?: number;
  /** Go on as it grows; `true` when left out. */
  follow?: boolean;
}

/** Bytes of a stream; `offset` is where they begin. */
export interface Chunk {
  offset: number;
  bytes: Uint8Array;
}

const HIGH_WATER = 1 << 20;

type Result = IteratorResult<Chunk, undefined>;

export class StreamReader implements Session, AsyncIterableIterator<Chunk> {
  readonly id: string;
  /** The stream as it stood when reading began. */
  readonly opened: Promise<StreamInfo>;
  readonly #connection: Connection;
  readonly #follow: boolean;
  readonly #tailBytes: number | undefined;
  #offset: number | undefined;
  #chunks: Chunk[] = [];
  #held = 0;
  #paused = false;
  #closed: StreamClosed | undefined;
  #finished = false;
  #error: HubError | undefined;
  #readId: string | undefined;
  #waiting: { resolve: (result: Result) => void; reject: (error: HubError) => void } | undefined;
  #open: { resolve: (info: StreamInfo) => void; reject: (error: HubError) => void } | undefined;

  /** @internal */
  constructor(connection: Connection, id: string, options: ReadOptions) {
    this.id = id;
    this.#connection = connection;
    this.#follow = options.follow ?? true;
    this.#tailBytes = options.tailBytes;
    this.#offset = options.tailBytes === undefined ? (options.offset ?? 0) : undefined;
    this.opened = new Promise((resolve, reject) => (this.#open = { resolve, reject }));
    // Whoever does not ask for `opened` hears of the error from the iterator.
    this.opened.catch(() => undefined);
  }

  /** How the stream ended; known once the last byte was read. */
  get closed(): StreamClosed | undefined {
    return this.#chunks.length === 0 ? this.#closed : undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#held -= chunk.bytes.length;
      if (this.#paused && this.#held === 0) this.resume();
      return { done: false, value: chunk };
    }
    if (this.#error) throw this.#error;
    if (this.#finished) return { done: true, value: undefined };
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  /** Stops reading. */
  async return(): Promise<Result> {
    if (this.#connection.sessions.has(this)) this.#leave();
    this.#finish();
    this.#chunks = [];
    return { done: true, value: undefined };
  }

  /** @internal */
  resume(): void {
    if (this.#held > 0) {
      this.#paused = true;
      return;
    }
    this.#paused = false;
    this.#readId = this.#connection.requests.nextId();
    this.#connection.send({
      type: "stream.read",
      id: this.#readId,
      stream: this.id,
      follow: this.#follow,
      ...(this.#offset !== undefined ? { offset: this.#offset } : { tail_bytes: this.#tailBytes ?? 0 }),
    });
  }

  /** @internal */
  backlog(): { done: number; total: number } {
    return { done: 0, total: 0 };
  }

  /** @internal */
  receive(frame: ServerFrame): void {
    if (frame.type === "ok" && frame.id === this.#readId) this.#reading(frame.result as StreamReading | undefined);
    else if (frame.type === "error" && frame.id !== undefined && frame.id === this.#readId) this.#fail(fromFailure(frame));
    else if (frame.type === "stream.data" && frame.stream === this.id) this.#data(frame.offset, bytesOf(frame));
    else if (frame.type === "stream.closed" && frame.stream === this.id) this.#end(frame);
    else if (frame.type === "reset" && frame.stream === this.id) this.#offset = frame.position;
  }

  /** @internal */
  end(error: HubError): void {
    this.#fail(error);
  }

  #reading(reading: StreamReading | undefined): void {
    if (!reading) return;
    this.#offset ??= reading.offset;
    this.#open?.resolve(reading.info);
    this.#open = undefined;
    // Without `follow` the end is where the stream stood.
    if (!this.#follow && this.#offset >= reading.info.length) this.#finish();
    this.#until = this.#follow ? undefined : reading.info.length;
  }

  #until: number | undefined;

  #data(offset: number, bytes: Uint8Array): void {
    if (this.#finished || this.#paused || this.#offset === undefined) return;
    const skip = this.#offset - offset;
    if (skip < 0 || skip >= bytes.length) return;
    const fresh = skip === 0 ? bytes : bytes.subarray(skip);
    const chunk = { offset: this.#offset, bytes: fresh };
    this.#offset += fresh.length;
    if (this.#waiting) {
      this.#waiting.resolve({ done: false, value: chunk });
      this.#waiting = undefined;
    } else {
      this.#chunks.push(chunk);
      this.#held += fresh.length;
      if (this.#held > HIGH_WATER) {
        this.#paused = true;
        this.#leave();
      }
    }
    if (this.#until !== undefined && this.#offset >= this.#until) this.#finish();
  }

  #end(closed: StreamClosed): void {
    // Bytes that were left out while paused come first, after which the hub says it again.
    if (this.#paused || (this.#offset ?? 0) < closed.offset) return;
    this.#closed = closed;
    this.#finish();
  }

  #finish(): void {
    this.#finished = true;
    this.#connection.sessions.delete(this);
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  #fail(error: HubError): void {
    this.#error = error;
    this.#connection.sessions.delete(this);
    this.#open?.reject(error);
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  #leave(): void {
    this.#connection.send({ type: "leave", id: this.#connection.requests.nextId(), stream: this.id });
  }
}

function bytesOf(data: { text?: string; base64?: string }): Uint8Array {
  if (data.text !== undefined) return new TextEncoder().encode(data.text);
  return Uint8Array.from(atob(data.base64 ?? ""), (char) => char.charCodeAt(0));
}
