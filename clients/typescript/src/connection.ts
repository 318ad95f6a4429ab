// The socket's life: connect, authenticate, renew the token, notice that it broke, wait, connect again.
// What is to be said on each new socket comes from the sessions (rooms, streams) that live here.

import { backoff } from "./backoff.js";
import { Emitter } from "./emitter.js";
import { AuthError, HubError, fromFailure, hubError } from "./error.js";
import { CLOSE_CODES, SUBPROTOCOL, type ClientFrame, type ServerFrame, type Welcome } from "./protocol.js";
import { Requests } from "./requests.js";
import { OPEN, type SocketClass, type SocketLike, socketUrl } from "./socket.js";
import type { ClientInfo, State } from "./state.js";

/** Why a token is asked for; after `refused` the last one must not be given again. */
export type TokenReason = "connect" | "renew" | "refused";

export interface Options {
  /** The hub's address, `http(s)://` or `ws(s)://`. */
  url: string;
  /** Slug or id of the workspace. */
  workspace: string;
  /** A token that is good now, or the API key. Called for each connection, and before a token ends. */
  token: (why: TokenReason) => Promise<string> | string;
  /** Shown to others in the room. */
  client?: ClientInfo;
  /** Where there is no global WebSocket (Node before 22): the class of the npm package `ws`. */
  WebSocket?: unknown;
}

/** A room or stream: what it says on a new socket, and how far it has caught up. */
export interface Session {
  /** Called on each new connection; ask for what comes next. */
  resume(): void;
  /** A frame of the hub. */
  receive(frame: ServerFrame): void;
  /** The connection is over for good. */
  end(error: HubError): void;
  /** What is still to come after a reconnect; `undefined` while that is not known. */
  backlog(): { done: number; total: number } | undefined;
}

export interface ConnectionEvents {
  state: State;
  welcome: Welcome;
  frame: ServerFrame;
}

/** What a hub takes at least, until it has said its limit. */
const FRAME_BYTES = 64 * 1024;
/** Left for the id that a request gets. */
const ID_BYTES = 32;
const HELLO_MS = 10_000;
const TOKEN_MS = 20_000;
const STABLE_MS = 5_000;
const PROBE_MS = 10_000;
/** The longest wait a timer of JavaScript can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

type Timer = ReturnType<typeof setTimeout>;

export class Connection extends Emitter<ConnectionEvents> {
  readonly sessions = new Set<Session>();
  readonly requests = new Requests();
  #options: Options;
  #Socket: SocketClass;
  #state: State = { name: "connecting", attempt: 1, retryInMs: 0 };
  #welcome: Welcome | undefined;
  #socket: SocketLike | undefined;
  #attempt = 1;
  #refusals = 0;
  /** From `goaway`: when to come back. */
  #slot: number | undefined;
  /** Why the last attempt failed, to be shown. */
  #cause: HubError | undefined;
  /** What the hub said on this socket instead of welcome. */
  #refusal: HubError | undefined;
  #timers: Partial<Record<"retry" | "hello" | "renew" | "silence" | "stable" | "goaway", Timer>> = {};
  /** Grows with each socket, so that what belongs to an old one is told apart. */
  #life = 0;

  constructor(options: Options) {
    super();
    const Socket = (options.WebSocket ?? globalThis.WebSocket) as SocketClass | undefined;
    if (!Socket) throw new HubError("invalid", "there is no WebSocket here; pass the class of npm `ws` as `WebSocket`");
    this.#Socket = Socket;
    this.#options = options;
    void this.#open();
  }

  get state(): State {
    return this.#state;
  }

  get welcome(): Welcome | undefined {
    return this.#welcome;
  }

  get connected(): boolean {
    return this.#socket?.readyState === OPEN && this.#timers.hello === undefined;
  }

  /** Sends on the present socket; `false` when there is none. */
  send = (frame: ClientFrame): boolean => {
    if (!this.connected) return false;
    this.#socket?.send(JSON.stringify(frame));
    return true;
  };

  /** Sends `frame` now or after the next reconnect, and waits for its reply. */
  request(frame: ClientFrame, timeoutMs = 30_000): Promise<unknown> {
    if (this.#state.name === "closed") return Promise.reject(this.#ended());
    // The hub would end the whole connection, and for good.
    const most = this.#welcome?.limits.max_frame_bytes ?? FRAME_BYTES;
    const size = new TextEncoder().encode(JSON.stringify(frame)).length + ID_BYTES;
    if (size > most) return Promise.reject(new HubError("too_large", `a message may have ${most} bytes, this one has ${size}; use a stream`));
    return this.requests.add(frame, timeoutMs, this.send);
  }

  /** Ends the wait before the next attempt. */
  retryNow(): void {
    if (this.#state.name === "connecting" && this.#timers.retry !== undefined) void this.#open();
  }

  /** Ends the connection; `error` tells why, when it was not asked for. */
  close(error?: HubError): void {
    if (this.#state.name === "closed") return;
    this.#drop();
    this.#setState(error ? { name: "closed", error } : { name: "closed" });
    const ended = this.#ended();
    this.requests.fail(ended);
    for (const session of this.sessions) session.end(ended);
    this.sessions.clear();
  }

  /** To be called when a session's backlog changed. */
  progress(): void {
    if (!this.connected) return;
    let done = 0, total = 0;
    for (const session of this.sessions) {
      const backlog = session.backlog();
      if (!backlog) return;
      done += backlog.done;
      total += backlog.total;
    }
    this.#setState(done < total ? { name: "catching_up", done, total } : { name: "live" });
  }

  #ended(): HubError {
    const error = this.#state.name === "closed" ? this.#state.error : undefined;
    return error ?? new HubError("closed", "the connection was closed");
  }

  async #open(why: TokenReason = "connect"): Promise<void> {
    const life = this.#drop();
    this.#refusal = undefined;
    this.#setState({ name: "connecting", attempt: this.#attempt, retryInMs: 0, ...this.#why() });
    let token: string;
    try {
      token = await this.#token(why);
    } catch (error) {
      if (life === this.#life) this.#failed(error as HubError);
      return;
    }
    if (life !== this.#life) return;
    const socket = new this.#Socket(socketUrl(this.#options.url, this.#options.workspace), [SUBPROTOCOL]);
    this.#socket = socket;
    this.#timers.hello = setTimeout(() => this.#lost(life, 1006, "no welcome in time"), HELLO_MS);
    const client = this.#options.client;
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token, ...(client && { client }) }));
    socket.onmessage = (event: { data: unknown }) => life === this.#life && this.#read(event.data);
    socket.onclose = (event: { code: number; reason: string }) => this.#lost(life, event.code, event.reason);
    // A close event follows each error event.
    socket.onerror = () => undefined;
  }

  /** Forgets the socket and every timer. */
  #drop(): number {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
    const socket = this.#socket;
    this.#socket = undefined;
    this.#life += 1;
    socket?.close(1000);
    return this.#life;
  }

  async #token(why: TokenReason): Promise<string> {
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new HubError("no_answer", "`token` gave no token in time", { retryable: true })), TOKEN_MS);
    });
    try {
      return await Promise.race([Promise.resolve(this.#options.token(why)), late]);
    } catch (cause) {
      if (cause instanceof HubError) throw cause;
      throw new HubError("unavailable", "no token to connect with", { retryable: true, cause });
    } finally {
      clearTimeout(timer);
    }
  }

  #read(data: unknown): void {
    this.#heard();
    if (typeof data !== "string") return;
    const life = this.#life;
    let message: ServerFrame | ServerFrame[];
    try {
      message = JSON.parse(data) as ServerFrame | ServerFrame[];
      if (typeof message !== "object" || message === null) throw new TypeError("no frame");
    } catch {
      return this.#lost(life, 1002, "what came is no frame; is this a hub?");
    }
    for (const frame of Array.isArray(message) ? message : [message]) {
      if (life === this.#life) this.#receive(frame);
    }
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        return this.#welcomed(frame);
      case "ok":
        this.requests.settle(frame);
        break;
      case "error":
        if (!this.requests.settle(frame) && !this.connected) this.#refusal = fromFailure(frame);
        break;
      case "goaway":
        this.#leaveAt(frame.reconnect_after_ms);
        break;
      default:
    }
    for (const session of this.sessions) session.receive(frame);
    this.emit("frame", frame);
  }

  #welcomed(welcome: Welcome): void {
    this.#welcome = welcome;
    this.#renewBefore(welcome);
    const first = this.#timers.hello !== undefined;
    if (first) {
      clearTimeout(this.#timers.hello);
      delete this.#timers.hello;
      this.#timers.stable = setTimeout(() => {
        this.#attempt = 1;
        this.#refusals = 0;
        this.#cause = undefined;
      }, STABLE_MS);
      this.#heard();
      if (this.presence.state !== "online" || this.presence.text) {
        this.send({ type: "presence", id: this.requests.nextId(), ...this.presence });
      }
      for (const session of this.sessions) session.resume();
      this.requests.resend(this.send);
      this.progress();
    }
    this.emit("welcome", welcome);
  }

  /** The hub drains: come back at this client's slot, whether the hub has closed the socket by then or not. */
  #leaveAt(ms: number): void {
    this.#slot = Date.now() + ms;
    const life = this.#life;
    this.#timers.goaway = setTimeout(() => this.#lost(life, 1012, "the hub restarts"), ms);
  }

  /** Says `hello` again with a new token while the old one is still good for a fifth of its time. */
  #renewBefore(welcome: Welcome): void {
    clearTimeout(this.#timers.renew);
    if (!welcome.token_expires_at) return;
    const left = Date.parse(welcome.token_expires_at) - Date.parse(welcome.server.time);
    const wait = Math.min(Math.max(left * 0.8, 1_000), LONGEST_TIMER_MS);
    const life = this.#life;
    this.#timers.renew = setTimeout(async () => {
      try {
        const token = await this.#token("renew");
        if (life === this.#life) this.send({ type: "hello", id: this.requests.nextId(), token });
      } catch (error) {
        // A refused renewal ends it now; for anything else the hub's 4401 will ask again.
        if (life === this.#life && error instanceof AuthError) this.close(error);
      }
    }, wait);
  }

  /** A browser shows no pings, so after a long silence a small request finds out whether the hub is there. */
  #heard(): void {
    if (!this.connected || !this.#welcome) return;
    clearTimeout(this.#timers.silence);
    const life = this.#life;
    this.#timers.silence = setTimeout(() => {
      this.send({ type: "presence", id: this.requests.nextId(), ...this.presence });
      this.#timers.silence = setTimeout(() => this.#lost(life, 1006, "the hub fell silent"), PROBE_MS);
    }, this.#welcome.heartbeat_ms * 2);
  }

  /** What this connection says it is doing; said again on each new socket. */
  presence: { state: string; text?: string } = { state: "online" };

  #lost(life: number, code: number, reason: string): void {
    if (life !== this.#life) return;
    const known = CLOSE_CODES[code];
    const text = reason || known?.reason || `the connection broke (${code})`;
    const error = this.#refusal ?? (code === 4401 || code === 4403
      ? hubError(code === 4401 ? "unauthenticated" : "forbidden", text)
      : new HubError("closed", text, { retryable: known?.reconnect ?? true, details: { close_code: code } }));
    if (code === 4401 && ++this.#refusals <= 1) {
      void this.#open("refused");
    } else if (known && !known.reconnect) {
      this.close(error);
    } else {
      this.#failed(error);
    }
  }

  #failed(error: HubError): void {
    if (error instanceof AuthError) return this.close(error);
    this.#drop();
    this.#cause = error;
    const pause = Math.max(backoff(this.#attempt), error.retryAfterMs ?? 0);
    const wait = this.#slot === undefined ? pause : Math.max(0, this.#slot - Date.now());
    this.#slot = undefined;
    this.#timers.retry = setTimeout(() => void this.#open(), Math.min(wait, LONGEST_TIMER_MS));
    this.#setState({ name: "connecting", attempt: this.#attempt, retryInMs: wait, ...this.#why() });
    this.#attempt += 1;
  }

  #why(): { cause?: HubError } {
    return this.#cause ? { cause: this.#cause } : {};
  }

  #setState(state: State): void {
    const same = state.name === "live" && this.#state.name === "live";
    this.#state = state;
    if (!same) this.emit("state", state);
  }
}
