// A room as a cursor: the position in its log, what follows it, who is there, and what may have been missed.

import type { Connection, Session } from "./connection.js";
import { Emitter } from "./emitter.js";
import { HubError, fromFailure } from "./error.js";
import { EventQueue } from "./event-queue.js";
import type { Ephemeral, Event, HistoryPage, Joined, Member, PresenceChange, Published, ServerFrame, StreamInfo } from "./protocol.js";
import { randomKey } from "./socket.js";

export type RoomEvent = Event;

/** How long a join that was refused for now waits where the hub does not say. */
const REJOIN_MS = 1_000;

/** A place in a room's log; store it to go on from there another day. */
export interface Cursor {
  seq: number;
  epoch: string;
}

export interface JoinOptions {
  /** Go on after this position. */
  cursor?: Cursor;
  /** Without `cursor`, or when it cannot be honoured: begin this many events before the end. */
  tail?: number;
}

export interface JoinedRoom {
  /** The newest `seq`. */
  head: number;
  /** Events after this `seq` follow. */
  after: number;
  /** Whether the cursor was honoured, so that nothing is missing. */
  recovered: boolean;
  /** Whether this connection had been in the room before. */
  again: boolean;
  /** How many events came while it was away; they follow now. Known only when `recovered`. */
  missed: number | undefined;
  streams: StreamInfo[];
}

/** The log could not be followed from where it was: load what is needed from the history. */
export interface Gap {
  reason: string;
  /** The last `seq` before it; the next event has a `seq` above `to`. */
  from: number;
  to: number;
  epoch: string;
}

export interface RoomEvents {
  joined: JoinedRoom;
  event: RoomEvent;
  ephemeral: Ephemeral;
  /** `members` changed. */
  presence: ReadonlyMap<string, Member>;
  gap: Gap;
  /** The room is gone, or must not be read any more. */
  error: HubError;
}

export interface PublishOptions {
  /** `message` when left out. */
  kind?: string;
  /** Idempotency key; one is made when it is missing. Give the same again to retry. */
  key?: string;
  mentions?: string[];
  replyTo?: number;
  /** Skip the log. */
  ephemeral?: boolean;
  timeoutMs?: number;
}

export interface HistoryOptions {
  before?: number;
  after?: number;
  limit?: number;
  kinds?: string[];
}

export class Room extends Emitter<RoomEvents> implements Session {
  readonly name: string;
  /** Resolves at the first join; rejects when the room cannot be joined. */
  readonly joined: Promise<void>;
  readonly #connection: Connection;
  readonly #queues = new Set<EventQueue>();
  readonly #members = new Map<string, Member>();
  #cursor: Cursor | undefined;
  #tail: number | undefined;
  #joinId: string | undefined;
  #welcomed = false;
  /** Where the first iterator begins, so that nothing between `joined` and `events()` is lost. */
  #start: number | undefined;
  /** Where the last iterator was left. */
  #left: number | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #catchUp: { from: number; to: number } | undefined;
  #firstJoin: { resolve: () => void; reject: (error: HubError) => void } | undefined;

  /** @internal */
  constructor(connection: Connection, name: string, options: JoinOptions) {
    super();
    this.name = name;
    this.#connection = connection;
    this.#cursor = options.cursor;
    this.#tail = options.tail;
    this.joined = new Promise((resolve, reject) => (this.#firstJoin = { resolve, reject }));
    // Whoever does not wait for `joined` hears of the error by `error`.
    this.joined.catch(() => undefined);
  }

  /**
   * The last event seen; where events are read by an iterator, the last one that it gave. Before the first `joined`
   * the one that was given to `join`.
   */
  get cursor(): Cursor | undefined {
    if (!this.#cursor) return undefined;
    const read = [this.#left, ...[...this.#queues].map(({ last }) => last)].filter((seq) => seq !== undefined);
    return { ...this.#cursor, seq: Math.min(this.#cursor.seq, ...read) };
  }

  /** @internal The last event that came. */
  get position(): Cursor | undefined {
    return this.#cursor;
  }

  /** Who is in the room now, by connection. */
  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /**
   * Every event from now on, in order and without a gap, read at the caller's own pace. After an iterator was left,
   * the next one goes on behind it.
   */
  events(): AsyncIterableIterator<RoomEvent> {
    const after = this.#start ?? this.#left ?? this.#cursor?.seq;
    this.#start = this.#left = undefined;
    const queue = new EventQueue(this, after, (last) => {
      // Where another one reads, that one says how far.
      if (this.#queues.delete(queue) && this.#queues.size === 0) this.#left = last;
    });
    this.#queues.add(queue);
    return queue;
  }

  /** Appends an event; the promise means that it is stored. Retried by itself after a reconnect. */
  async publish(body: unknown, options: PublishOptions = {}): Promise<Published> {
    const { kind, mentions, replyTo, ephemeral, timeoutMs } = options;
    const frame = {
      type: "publish" as const,
      room: this.name,
      key: options.key ?? randomKey(),
      body,
      ...(kind !== undefined && { kind }),
      ...(mentions?.length && { mentions }),
      ...(replyTo !== undefined && { reply_to: replyTo }),
      ...(ephemeral && { ephemeral }),
    };
    return (await this.#connection.request(frame, timeoutMs)) as Published;
  }

  /** A page of the log, ascending: the newest `before` a `seq`, or the oldest `after` one. */
  async history(options: HistoryOptions = {}): Promise<HistoryPage> {
    return (await this.#connection.request({ type: "history", room: this.name, ...options })) as HistoryPage;
  }

  /** Stops following the room. */
  leave(): void {
    if (!this.#connection.sessions.delete(this)) return;
    this.#connection.send({ type: "leave", id: this.#connection.requests.nextId(), room: this.name });
    this.end(new HubError("closed", "the room was left"));
    this.#connection.progress();
  }

  /** @internal */
  resume(): void {
    this.#joinId = this.#connection.requests.nextId();
    this.#catchUp = undefined;
    this.#welcomed = false;
    this.#connection.send({
      type: "join",
      id: this.#joinId,
      room: this.name,
      ...(this.#cursor && { after: this.#cursor.seq, epoch: this.#cursor.epoch }),
      ...(this.#tail !== undefined && { tail: this.#tail }),
    });
  }

  /** @internal */
  backlog(): { done: number; total: number } | undefined {
    if (!this.#welcomed) return undefined;
    const { from, to } = this.#catchUp ?? { from: 0, to: 0 };
    return { done: Math.min(this.#cursor?.seq ?? to, to) - from, total: to - from };
  }

  /** @internal */
  receive(frame: ServerFrame): void {
    if (frame.type === "error") return this.#refused(frame);
    if (!("room" in frame) || frame.room !== this.name) return;
    if (frame.type === "event") this.#event(frame);
    else if (frame.type === "joined") this.#joined(frame);
    else if (frame.type === "presence") this.#presence(frame);
    else if (frame.type === "ephemeral") this.emit("ephemeral", frame);
    else if (frame.type === "reset") this.#reset(frame.reason, frame.position, frame.epoch);
  }

  /** @internal */
  end(error: HubError): void {
    this.#firstJoin?.reject(error);
    this.#firstJoin = undefined;
    clearTimeout(this.#retry);
    for (const queue of this.#queues) queue.end(error);
  }

  #event(event: RoomEvent): void {
    const last = this.#cursor?.seq ?? 0;
    // A repeat after a rejoin. `welcomed`: what was on its way before the join was answered is dropped.
    if (!this.#welcomed || event.seq <= last) return;
    if (event.seq !== last + 1) this.#reset("the hub skipped events", event.seq - 1, undefined);
    if (this.#cursor) this.#cursor.seq = event.seq;
    this.emit("event", event);
    for (const queue of this.#queues) queue.push(event);
    if (this.#catchUp) {
      if (event.seq >= this.#catchUp.to) this.#catchUp = undefined;
      this.#connection.progress();
    }
  }

  #joined(joined: Joined): void {
    if (joined.id !== this.#joinId) return;
    const before = this.#cursor;
    const again = this.#firstJoin === undefined;
    const recovered = before !== undefined && joined.recovered;
    const missed = recovered ? joined.head - joined.after : undefined;
    this.#welcomed = true;
    this.#cursor = { seq: joined.after, epoch: joined.epoch };
    if (!again && this.#queues.size === 0) this.#start = joined.after;
    if (again && joined.head > joined.after) this.#catchUp = { from: joined.after, to: joined.head };
    this.#members.clear();
    for (const member of joined.members) this.#members.set(member.connection, member);
    const { head, after, epoch, streams } = joined;
    if (before && !recovered) this.#gap("the hub does not know this position", before.seq, after, epoch);
    this.emit("joined", { head, after, recovered, again, missed, streams });
    this.emit("presence", this.#members);
    this.#firstJoin?.resolve();
    this.#firstJoin = undefined;
    this.#connection.progress();
  }

  #presence(change: PresenceChange): void {
    if (change.full) this.#members.clear();
    for (const gone of change.left) this.#members.delete(gone);
    for (const member of change.changed) this.#members.set(member.connection, member);
    this.emit("presence", this.#members);
  }

  #reset(reason: string, position: number, epoch: string | undefined): void {
    const from = this.#cursor?.seq ?? 0;
    this.#cursor = { seq: position, epoch: epoch ?? this.#cursor?.epoch ?? "" };
    this.#catchUp = undefined;
    this.#gap(reason, from, position, this.#cursor.epoch);
    this.#connection.progress();
  }

  #gap(reason: string, from: number, to: number, epoch: string): void {
    this.#left = undefined;
    for (const queue of this.#queues) queue.skip(to);
    this.emit("gap", { reason, from, to, epoch });
  }

  #refused(frame: Extract<ServerFrame, { type: "error" }>): void {
    if (frame.id === undefined || frame.id !== this.#joinId) return;
    const error = fromFailure(frame);
    if (error.retryable && this.#firstJoin === undefined) return this.#joinAgain(frame.id, error.retryAfterMs);
    this.#connection.sessions.delete(this);
    this.end(error);
    this.emit("error", error);
    this.#connection.progress();
  }

  /** The hub could not let it in again now. */
  #joinAgain(id: string, waitMs = REJOIN_MS): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      // Another socket may have asked meanwhile.
      if (this.#joinId === id && this.#connection.sessions.has(this)) this.resume();
    }, waitMs);
  }
}
