// The client of a generic-corp hub. It connects, authenticates, joins rooms, and after any interruption goes
// on where it was: see `connect`.

import { Connection, type ConnectionEvents, type Options, type Session } from "./connection.js";
import { HubError } from "./error.js";
import { type JoinOptions, Room } from "./room.js";
import { randomKey } from "./socket.js";
import type { State } from "./state.js";
import type { HistoryPage, StreamRole, Welcome } from "./protocol.js";
import { type ReadOptions, StreamReader } from "./stream-reader.js";
import { StreamWriter } from "./stream-writer.js";

export * from "./error.js";
export type * as wire from "./protocol.js";
export { CLOSE_CODES, MAX_HISTORY_PAGE, SUBPROTOCOL } from "./protocol.js";
export type { Options, TokenReason } from "./connection.js";
export { Room } from "./room.js";
export type { Cursor, Gap, HistoryOptions, JoinOptions, JoinedRoom, PublishOptions, RoomEvent, RoomEvents } from "./room.js";
export type { ClientInfo, State } from "./state.js";
export { StreamReader, type Chunk, type ReadOptions } from "./stream-reader.js";
export { StreamWriter, type CloseOptions } from "./stream-writer.js";

export interface StreamOptions {
  /** `stdout` when left out. */
  role?: StreamRole;
  /** `text/x-ansi` when left out. */
  mediaType?: string;
  /** Idempotency key: opening again with it continues the same stream. */
  key?: string;
  toolCall?: string;
  parent?: string;
}

/** A connection to one workspace of a hub. */
export class Hub {
  readonly #connection: Connection;

  /** @internal */
  constructor(options: Options) {
    this.#connection = new Connection(options);
  }

  /** Where the connection stands. */
  get state(): State {
    return this.#connection.state;
  }

  /** Who the hub takes this client for, its limits and quota; `undefined` before the first welcome. */
  get welcome(): Welcome | undefined {
    return this.#connection.welcome;
  }

  /** Hears of `state`, `welcome`, and each `frame` (for instance `usage`); returns how to stop. */
  on<K extends keyof ConnectionEvents>(type: K, listener: (value: ConnectionEvents[K]) => void): () => void {
    return this.#connection.on(type, listener);
  }

  /** Resolves when the hub has said welcome; rejects when it never will. */
  ready(): Promise<Welcome> {
    return new Promise((resolve, reject) => {
      if (this.#connection.connected && this.welcome) return resolve(this.welcome);
      const stop = [
        this.on("welcome", (welcome) => (stop.forEach((off) => off()), resolve(welcome))),
        this.on("state", (state) => {
          if (state.name !== "closed") return;
          stop.forEach((off) => off());
          reject(state.error ?? new HubError("closed", "the connection was closed"));
        }),
      ];
    });
  }

  /** Begins to follow a room; listen to it, and await `joined` where that matters. */
  room(name: string, options: JoinOptions = {}): Room {
    for (const session of this.#connection.sessions) {
      if (session instanceof Room && session.name === name) throw new HubError("conflict", `room \`${name}\` is joined already`);
    }
    const room = new Room(this.#connection, name, options);
    this.#follow(room);
    return room;
  }

  /** Joins a room and waits until it is joined; what comes meanwhile is kept for `events()`. */
  async join(name: string, options: JoinOptions = {}): Promise<Room> {
    const room = this.room(name, options);
    await room.joined;
    return room;
  }

  /** A page of a room's log, without joining it. */
  async history(room: string, options: Parameters<Room["history"]>[0] = {}): Promise<HistoryPage> {
    return (await this.#connection.request({ type: "history", room, ...options })) as HistoryPage;
  }

  /** Reads a stream's bytes. */
  read(stream: string, options: ReadOptions = {}): StreamReader {
    for (const session of this.#connection.sessions) {
      if (session instanceof StreamReader && session.id === stream) throw new HubError("conflict", "this stream is being read already");
    }
    const reader = new StreamReader(this.#connection, stream, options);
    this.#follow(reader);
    return reader;
  }

  #follow(session: Session): void {
    const { state, sessions, connected } = this.#connection;
    if (state.name === "closed") return session.end(state.error ?? new HubError("closed", "the connection was closed"));
    sessions.add(session);
    if (connected) session.resume();
  }

  /** Opens an output stream in a room. */
  async openStream(room: string, name: string, options: StreamOptions = {}): Promise<StreamWriter> {
    const { role, mediaType, key, toolCall, parent } = options;
    const writer = new StreamWriter(this.#connection, {
      room,
      name,
      key: key ?? randomKey(),
      ...(role && { role }),
      ...(mediaType && { media_type: mediaType }),
      ...(toolCall && { tool_call: toolCall }),
      ...(parent && { parent }),
    });
    await writer.start();
    return writer;
  }

  /** Says what this connection is doing, in every room it has joined. */
  async presence(state: string, text?: string): Promise<void> {
    this.#connection.presence = text ? { state, text } : { state };
    await this.#connection.request({ type: "presence", ...this.#connection.presence });
  }

  /** Asks a stream's producer to stop. */
  async cancel(stream: string, reason?: string): Promise<void> {
    await this.#connection.request({ type: "cancel", stream, ...(reason && { reason }) });
  }

  /** Ends the wait before the next attempt to connect. */
  retryNow(): void {
    this.#connection.retryNow();
  }

  /** Closes the connection for good. */
  close(): void {
    this.#connection.close();
  }
}

/**
 * Connects to a hub. It returns at once; `ready()` resolves with the first welcome. After an interruption it
 * connects again by itself, with growing random waits, and resumes every room and stream where it was.
 */
export function connect(options: Options): Hub {
  return new Hub(options);
}
