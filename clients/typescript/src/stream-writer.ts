// Writes an output stream: bytes are kept until the hub has stored them, so nothing is lost or doubled
// when the connection breaks. A writer that is faster than the hub waits.

import type { Connection, Session } from "./connection.js";
import { HubError, fromFailure } from "./error.js";
import type { ServerFrame, StreamOpen, StreamOpened, StreamOutcome } from "./protocol.js";

export interface CloseOptions {
  /** `completed` when left out, `failed` with an exit code other than 0. */
  outcome?: StreamOutcome;
  exitCode?: number;
  metadata?: unknown;
}

const HIGH_WATER = 1 << 20;
/** In base64 and with its envelope, a piece still fits into one frame. */
const PIECE = 32 * 1024;
const LARGEST_TEXT = 60 * 1024;

export class StreamWriter implements Session {
  /** Aborts when somebody asks this stream to stop, or it cannot go on. */
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #connection: Connection;
  readonly #open: StreamOpen;
  #id = "";
  /** Stored by the hub up to here; the first byte of `#kept`. */
  #acked = 0;
  #sent = 0;
  #end = 0;
  #kept: Uint8Array[] = [];
  #openId: string | undefined;
  /** The ids of this writer's appends begin with it. */
  readonly #mark: string;
  #appends = 0;
  #error: HubError | undefined;
  #waiters: { resolve: () => void; reject: (error: HubError) => void; below: number }[] = [];

  /** @internal */
  constructor(connection: Connection, open: StreamOpen) {
    this.#connection = connection;
    this.#open = open;
    this.signal = this.#abort.signal;
    this.#mark = `${connection.requests.nextId()}.`;
  }

  /** The stream's id. */
  get id(): string {
    return this.#id;
  }

  /** Appends; resolves when there is room for more. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.#error) throw this.#error;
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data.slice();
    for (let at = 0; at < bytes.length; at += PIECE) this.#kept.push(bytes.subarray(at, at + PIECE));
    this.#end += bytes.length;
    this.#flush();
    await this.#until(HIGH_WATER);
  }

  /** Waits until everything is stored, then ends the stream. */
  async close({ outcome, exitCode, metadata }: CloseOptions = {}): Promise<void> {
    await this.#until(0);
    this.#connection.sessions.delete(this);
    await this.#connection.request({
      type: "stream.close",
      stream: this.#id,
      offset: this.#end,
      outcome: outcome ?? (exitCode ? "failed" : "completed"),
      ...(exitCode !== undefined && { exit_code: exitCode }),
      ...(metadata !== undefined && { metadata }),
    });
  }

  /** @internal */
  async start(): Promise<void> {
    const opened = (await this.#connection.request({ type: "stream.open", ...this.#open })) as StreamOpened;
    this.#id = opened.stream;
    this.#acked = this.#sent = this.#end = opened.offset;
    this.#connection.sessions.add(this);
  }

  /** @internal Takes the lease again; the answer tells how far the hub has got. */
  resume(): void {
    this.#openId = this.#connection.requests.nextId();
    this.#connection.send({ type: "stream.open", ...this.#open, id: this.#openId });
  }

  /** @internal */
  backlog(): { done: number; total: number } {
    return { done: 0, total: 0 };
  }

  /** @internal */
  receive(frame: ServerFrame): void {
    if (frame.type === "stream.ack" && frame.stream === this.#id) this.#ack(frame.offset);
    else if (frame.type === "ok" && frame.id === this.#openId) this.#reopened(frame.result as StreamOpened);
    else if (frame.type === "error" && frame.id !== undefined && frame.id === this.#openId) this.end(fromFailure(frame));
    else if (frame.type === "error" && frame.id?.startsWith(this.#mark)) this.#refused(fromFailure(frame));
    else if (frame.type === "cancel" && frame.stream === this.#id) {
      this.#abort.abort(new HubError("closed", frame.reason ?? `${frame.by.name} asked to stop`));
    }
  }

  /** @internal */
  end(error: HubError): void {
    this.#error = error;
    this.#connection.sessions.delete(this);
    this.#abort.abort(error);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  /** An append was refused; those after it are refused too, for they begin beyond the end. */
  #refused(error: HubError): void {
    if (!error.retryable && error.code !== "stream_offset") return this.end(error);
    if (this.#rewind !== undefined) return;
    this.#rewind = setTimeout(() => {
      this.#rewind = undefined;
      this.#sent = this.#acked;
      this.#flush();
    }, error.retryAfterMs ?? 100);
  }

  #rewind: ReturnType<typeof setTimeout> | undefined;

  #reopened(opened: StreamOpened): void {
    this.#openId = undefined;
    if (opened.state !== "open") return this.end(new HubError("stream_closed", `the hub ended the stream: ${opened.state}`));
    this.#ack(opened.offset);
    this.#sent = this.#acked;
    this.#flush();
  }

  #ack(offset: number): void {
    let first = this.#kept[0];
    while (first && this.#acked + first.length <= offset) {
      this.#acked += first.length;
      this.#kept.shift();
      first = this.#kept[0];
    }
    // A piece that is stored in part is cut.
    if (first && offset > this.#acked) {
      this.#kept[0] = first.subarray(offset - this.#acked);
      this.#acked = offset;
    }
    this.#waiters = this.#waiters.filter((waiter) => {
      const done = this.#end - this.#acked <= waiter.below;
      if (done) waiter.resolve();
      return !done;
    });
  }

  #flush(): void {
    // Until the lease is taken again, the hub may know less than was sent.
    if (this.#openId !== undefined) return;
    let at = this.#acked;
    for (const piece of this.#kept) {
      if (at >= this.#sent) {
        const id = `${this.#mark}${++this.#appends}`;
        if (!this.#connection.send({ type: "stream.append", id, stream: this.#id, offset: at, ...encoded(piece) })) return;
        this.#sent = at + piece.length;
      }
      at += piece.length;
    }
  }

  #until(below: number): Promise<void> {
    if (this.#error) return Promise.reject(this.#error);
    if (this.#end - this.#acked <= below) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject, below }));
  }
}

/** As text where the piece is whole UTF-8 and its JSON fits into a frame, else in base64. */
function encoded(piece: Uint8Array): { text: string } | { base64: string } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(piece);
    if (new TextEncoder().encode(JSON.stringify(text)).length <= LARGEST_TEXT) return { text };
  } catch {
    // Not UTF-8, or cut inside a character.
  }
  let binary = "";
  for (const byte of piece) binary += String.fromCharCode(byte);
  return { base64: btoa(binary) };
}
