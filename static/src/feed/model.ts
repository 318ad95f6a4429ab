// A room in view: its feed, members, streams and what is being sent, as signals.

import { type Hub, HubError, type HistoryOptions, type JoinedRoom, type Room, type RoomEvent, type wire } from "@generic-corp/client";
import { signal } from "@preact/signals";
import { plural } from "../format";
import { mentions } from "./mention";
import { Streams } from "./streams";
import { FeedWindow, TAIL } from "./window";

const PAGE = 100;

/** A message that is not stored yet. */
export interface Outgoing {
  key: string;
  text: string;
  error?: HubError;
}

/** A line in the feed before the event with this `seq`. */
export interface Marker {
  seq: number;
  text: string;
  kind: "missed" | "gap";
}

export class RoomModel {
  readonly window = new FeedWindow<RoomEvent>();
  /** Changes when the feed is to be painted again; at most ten times a second. */
  readonly version = signal(0);
  readonly ready = signal(false);
  readonly error = signal<HubError | undefined>(undefined);
  readonly members = signal<readonly wire.Member[]>([]);
  readonly missed = signal<{ count: number; from: number } | undefined>(undefined);
  readonly marker = signal<Marker | undefined>(undefined);
  readonly outgoing = signal<readonly Outgoing[]>([]);
  /** Where the view should scroll to, once. */
  readonly target = signal<number | undefined>(undefined);
  readonly streams: Streams;
  readonly room: Room;
  #loading = false;
  #joinedHead = 0;
  #painting: ReturnType<typeof setTimeout> | undefined;
  readonly #stops: (() => void)[];

  constructor(hub: Hub, workspace: string, name: string) {
    this.streams = new Streams(workspace, name);
    this.room = hub.room(name, { tail: TAIL });
    this.#stops = [
      this.room.on("joined", (joined) => this.#joined(joined)),
      this.room.on("event", (event) => this.#event(event)),
      this.room.on("presence", (members) => (this.members.value = [...members.values()])),
      this.room.on("gap", ({ reason, to }) => void this.#gap(reason, to)),
      this.room.on("error", (error) => (this.error.value = error)),
    ];
  }

  close(): void {
    clearTimeout(this.#painting);
    for (const stop of this.#stops) stop();
    this.room.leave();
  }

  /** Sends a message; it stays in `outgoing` until it is stored. */
  async send(text: string, key = crypto.getRandomValues(new Uint32Array(4)).join("-")): Promise<void> {
    const others = this.outgoing.value.filter((message) => message.key !== key);
    this.outgoing.value = [...others, { key, text }];
    try {
      await this.room.publish({ text }, { key, mentions: mentions(text) });
      this.discard(key);
    } catch (error) {
      this.outgoing.value = this.outgoing.value.map((message) => (message.key === key ? { ...message, error: error as HubError } : message));
    }
  }

  discard(key: string): void {
    this.outgoing.value = this.outgoing.value.filter((message) => message.key !== key);
  }

  /** Whether everything has come that was there at the join. */
  get settled(): boolean {
    return this.ready.peek() && this.window.last >= this.#joinedHead;
  }

  follow(following: boolean): void {
    if (following === this.window.following) return;
    this.window.follow(following && this.window.atEnd);
    this.#paint(true);
  }

  /** Loads what stands above what is held. */
  async older(): Promise<void> {
    const before = this.window.first;
    if (!this.window.hasOlder) return;
    await this.#load({ before, limit: PAGE }, (page) => this.window.prepend(page.events));
  }

  /** Loads what comes below, after the end was cut off. */
  async newer(): Promise<void> {
    if (this.window.atEnd) return;
    await this.#load({ after: this.window.last, limit: PAGE }, (page) => this.window.append(page.events, page.head));
  }

  /** Back to the newest. */
  async latest(): Promise<void> {
    if (!this.window.atEnd) {
      await this.#load({ limit: TAIL }, (page) => this.window.reset(page.events, page.head));
      // What came in the meantime.
      await this.newer();
    }
    this.window.follow(true);
    this.#paint(true);
  }

  /** Brings an event into view, wherever in the log it is. */
  async jump(seq: number): Promise<void> {
    this.window.follow(false);
    if (seq < this.window.first || seq > this.window.last) {
      await this.#load({ after: Math.max(0, seq - 1), limit: TAIL }, (page) => this.window.reset(page.events, page.head));
    }
    this.target.value = seq;
    this.#paint(true);
  }

  async #load(options: HistoryOptions, use: (page: wire.HistoryPage) => void): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      const page = await this.room.history(options);
      use(page);
      this.streams.cover(page.events).catch(() => undefined);
    } catch (error) {
      if (error instanceof HubError && !error.retryable) this.error.value = error;
    } finally {
      this.#loading = false;
      this.#paint(true);
    }
  }

  #joined({ again, after, head, missed, streams }: JoinedRoom): void {
    if (!again) this.window.reset([], after);
    this.ready.value = again || after === head;
    this.#joinedHead = head;
    this.streams.merge(streams);
    this.streams.load().catch(() => undefined);
    if (missed) {
      this.missed.value = { count: missed, from: after + 1 };
      this.marker.value = { seq: after + 1, text: `${plural(missed, "message")} while you were away`, kind: "missed" };
    }
    this.#paint(true);
  }

  #event(event: RoomEvent): void {
    this.window.push(event);
    this.streams.receive(event);
    this.#paint();
  }

  async #gap(reason: string, to: number): Promise<void> {
    this.window.reset([], to);
    this.window.following = true;
    this.marker.value = { seq: to + 1, text: `The log could not be followed from where this page was (${reason}). What is above was loaded again.`, kind: "gap" };
    await this.#load({ before: to + 1, limit: TAIL }, (page) => this.window.prepend(page.events));
  }

  #paint(now = false): void {
    if (now) {
      clearTimeout(this.#painting);
      this.#painting = undefined;
      this.version.value += 1;
      return;
    }
    this.#painting ??= setTimeout(() => {
      this.#painting = undefined;
      this.ready.value = true;
      this.version.value += 1;
    }, this.version.value < 3 ? 0 : 100);
  }
}
