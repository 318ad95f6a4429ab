// A room in view: its feed, members, streams and what is being sent, as signals.

import { type Hub, HubError, type HistoryOptions, type JoinedRoom, type Room, type RoomEvent, type wire } from "@generic-corp/client";
import { batch, signal } from "@preact/signals";
import { count, plural } from "../format";
import { Outbox } from "./outbox";
import { Streams } from "./streams";
import { FeedWindow, TAIL } from "./window";

const PAGE = 100;
const PAINT_MS = 100;

/** A line in the feed before the event with this `seq`. */
export interface Marker {
  seq: number;
  text: string;
  kind: "unread" | "missed" | "gap";
  /** Whether what is missing there can be loaded. */
  load?: boolean;
}

/** How much came unseen, and where it begins. */
export interface Missed {
  count: number;
  from: number;
  /** Since the visit before this one, or during an interruption of this one. */
  since: "visit" | "interruption";
}

export class RoomModel {
  readonly window = new FeedWindow<RoomEvent>();
  /** Changes when the feed is to be painted again; at most ten times a second, and not in the background. */
  readonly version = signal(0);
  readonly ready = signal(false);
  readonly error = signal<HubError | undefined>(undefined);
  readonly members = signal<readonly wire.Member[]>([]);
  readonly missed = signal<Missed | undefined>(undefined);
  readonly markers = signal<readonly Marker[]>([]);
  /** The message that the next one answers. */
  readonly answering = signal<RoomEvent | undefined>(undefined);
  /** Where the view should scroll to, once. */
  readonly target = signal<number | undefined>(undefined);
  readonly outbox: Outbox;
  readonly streams: Streams;
  readonly room: Room;
  /** The newest `seq` of the visit before, if there was one. */
  readonly #read: number | undefined;
  #loading = false;
  /** Counts the jumps, so that a page asked for before one is dropped. */
  #turn = 0;
  #joinedHead = 0;
  #painting: ReturnType<typeof setTimeout> | undefined;
  /** Whether the reader followed the end when the page went into the background. */
  #followed = false;
  readonly #stops: (() => void)[];

  constructor(hub: Hub, workspace: string, name: string, read?: number) {
    this.#read = read;
    this.streams = new Streams(workspace, name);
    this.room = hub.room(name, { tail: TAIL });
    this.outbox = new Outbox(this.room);
    document.addEventListener("visibilitychange", this.#looked);
    this.#stops = [
      this.room.on("joined", (joined) => this.#joined(joined)),
      this.room.on("event", (event) => this.#event(event)),
      this.room.on("presence", (members) => (this.members.value = [...members.values()])),
      this.room.on("gap", ({ reason, from, to }) => this.#gap(reason, from, to)),
      this.room.on("error", (error) => (this.error.value = error)),
      () => document.removeEventListener("visibilitychange", this.#looked),
    ];
  }

  close(): void {
    clearTimeout(this.#painting);
    for (const stop of this.#stops) stop();
    this.room.leave();
  }

  /** Whether everything has come that was there at the join. */
  get settled(): boolean {
    return this.ready.peek() && this.window.last >= this.#joinedHead;
  }

  /** Whether the first event held follows a gap, which is filled only when that is asked for. */
  get afterGap(): boolean {
    return this.markers.peek().some(({ load, seq }) => load && seq === this.window.first);
  }

  follow(following: boolean): void {
    if (following === this.window.following) return;
    this.window.follow(following && this.window.atEnd);
    this.#paint(true);
  }

  /** Loads what stands above what is held. */
  async older(): Promise<void> {
    const before = this.window.first;
    if (!this.window.hasOlder || this.afterGap) return;
    await this.#load({ before, limit: PAGE }, (page) => this.window.prepend(page.events));
  }

  /** Loads what comes below, after the end was cut off. */
  async newer(): Promise<void> {
    if (this.window.atEnd) return;
    await this.#load({ after: this.window.last, limit: PAGE }, (page) => this.window.append(page.events, page.head));
  }

  /** Loads what is missing before a gap's marker. */
  async fill(marker: Marker): Promise<void> {
    this.markers.value = this.markers.value.filter((one) => one !== marker);
    await this.older();
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

  /** Brings an event into view, wherever in the log it is; the newest where there is none of that number yet. */
  async jump(wanted: number): Promise<void> {
    const seq = Math.min(wanted, Math.max(this.window.head, this.#joinedHead));
    this.#turn += 1;
    this.#loading = false;
    this.window.follow(false);
    if (seq < this.window.first || seq > this.window.last) {
      await this.#load({ after: Math.max(0, seq - TAIL / 2), limit: TAIL }, (page) => {
        this.window.reset(page.events, page.head);
        if (seq < page.oldest) this.#mark({ seq: this.window.first, kind: "gap", text: `Message ${count(seq)} is no longer kept` });
      });
    }
    this.target.value = seq;
    this.#paint(true);
  }

  async #load(options: HistoryOptions, use: (page: wire.HistoryPage) => void): Promise<void> {
    if (this.#loading) return;
    const turn = this.#turn;
    this.#loading = true;
    try {
      const page = await this.room.history(options);
      if (turn !== this.#turn) return;
      this.window.oldest = page.oldest;
      use(page);
      this.streams.cover(page.events).catch(() => undefined);
    } catch (error) {
      if (error instanceof HubError && !error.retryable) this.error.value = error;
    } finally {
      if (turn === this.#turn) this.#loading = false;
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
      this.missed.value = { count: missed, from: after + 1, since: "interruption" };
      this.#mark({ seq: after + 1, text: `${plural(missed, "message")} while you were away`, kind: "missed" });
    }
    const read = this.#read;
    if (!again && read !== undefined && read > 0 && read < head) {
      this.#mark({ seq: read + 1, text: "New since your last visit", kind: "unread" });
      if (read < after) this.missed.value = { count: head - read, from: read + 1, since: "visit" };
    }
    this.#paint(true);
  }

  #event(event: RoomEvent): void {
    this.window.push(event);
    this.outbox.arrived(event);
    this.streams.receive(event);
    this.#paint();
  }

  #gap(reason: string, from: number, to: number): void {
    this.#turn += 1;
    this.#loading = false;
    this.window.reset([], to);
    this.window.following = true;
    const text = to > from ? `Messages ${count(from + 1)}–${count(to)} are missing` : "The log begins anew here";
    this.#mark({ seq: to + 1, text: `${text}: ${reason}`, kind: "gap", load: to > 0 });
    this.#paint(true);
  }

  /** Puts a marker in the place of the one of its kind. */
  #mark(marker: Marker): void {
    this.markers.value = [...this.markers.value.filter(({ kind }) => kind !== marker.kind), marker];
  }

  /** The page went into the background, or came back: it keeps the reader's place. */
  #looked = (): void => {
    const { window } = this;
    if (document.hidden) {
      this.#followed = window.following;
      window.following = false;
      return;
    }
    if (this.room.cursor) this.ready.value = true;
    if (this.#followed && window.unseen === 0) window.follow(window.atEnd);
    else if (this.#followed) this.#mark({ seq: window.head - window.unseen + 1, text: "New while you looked elsewhere", kind: "unread" });
    this.#paint(true);
  };

  #paint(now = false): void {
    if (document.hidden) return;
    if (now) {
      clearTimeout(this.#painting);
      this.#painting = undefined;
      this.#show();
      return;
    }
    this.#painting ??= setTimeout(() => {
      this.#painting = undefined;
      if (document.hidden) return;
      this.ready.value = true;
      this.#show();
    }, this.version.value < 3 ? 0 : PAINT_MS);
  }

  #show(): void {
    batch(() => {
      this.streams.show();
      this.version.value += 1;
    });
  }
}
