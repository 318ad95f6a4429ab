// Who is at work in a workspace and which streams run, from its busiest rooms, which are joined while somebody looks.

import type { Hub, Room, wire } from "@generic-corp/client";
import { effect, signal } from "@preact/signals";
import { Streams } from "../feed/streams";
import { rooms, workspace } from "../rooms";

/** A connection follows a bounded number of rooms; the newest activity decides. */
const MOST_ROOMS = 12;
const MOST_ENDED = 50;
const RECENT_MS = 86_400_000;

/** A connection in one room, as its members see it. */
export interface Seen {
  room: string;
  member: wire.Member;
}

export class Activity {
  readonly seen = signal<readonly Seen[]>([]);
  /** Streams that run, and those that ended in the last day, the newest first. */
  readonly streams = signal<readonly wire.StreamInfo[]>([]);
  /** Whether every room that was chosen has answered. */
  readonly ready = signal(false);
  readonly #hub: Hub;
  readonly #followed = new Map<string, Followed>();
  readonly #stop: () => void;

  constructor(hub: Hub, slug: string) {
    this.#hub = hub;
    this.#stop = effect(() => {
      const list = rooms.value;
      if (list && workspace.value === slug) this.#follow(slug, list);
    });
  }

  close(): void {
    this.#stop();
    for (const followed of this.#followed.values()) followed.close();
    this.#followed.clear();
  }

  /** Follows the rooms that came to life; those once followed stay so, up to the bound. */
  #follow(slug: string, list: readonly wire.Room[]): void {
    const now = Date.now();
    const alive = list.filter((room) => room.members > 0 || room.open_streams > 0 || Date.parse(room.last_at ?? "") > now - RECENT_MS);
    alive.sort((a, b) => b.open_streams - a.open_streams || Date.parse(b.last_at ?? b.created_at) - Date.parse(a.last_at ?? a.created_at));
    for (const { name } of alive.slice(0, MOST_ROOMS)) {
      if (this.#followed.has(name) || this.#followed.size >= MOST_ROOMS) continue;
      this.#followed.set(name, new Followed(this.#hub, slug, name, () => this.#changed()));
    }
    this.#changed();
  }

  #changed(): void {
    const all = [...this.#followed.values()];
    this.seen.value = all.flatMap(({ room }) => [...room.members.values()].map((member) => ({ room: room.name, member })));
    const since = Date.now() - RECENT_MS;
    const streams = all.flatMap((followed) => [...followed.streams.known.peek().values()]);
    const ended = streams.filter((info) => info.state !== "open" && Date.parse(info.closed_at ?? info.opened_at) > since);
    const open = streams.filter((info) => info.state === "open");
    this.streams.value = [...newest(open), ...newest(ended).slice(0, MOST_ENDED)];
    this.ready.value = all.every(({ answered }) => answered);
  }
}

function newest(streams: wire.StreamInfo[]): wire.StreamInfo[] {
  const at = (info: wire.StreamInfo) => Date.parse(info.closed_at ?? info.opened_at);
  return streams.sort((a, b) => at(b) - at(a));
}

class Followed {
  readonly room: Room;
  readonly streams: Streams;
  answered = false;

  constructor(hub: Hub, workspace: string, name: string, changed: () => void) {
    this.streams = new Streams(workspace, name);
    this.room = hub.room(name, { tail: 0 });
    this.room.on("joined", ({ streams }) => {
      this.streams.merge(streams);
      this.answered = true;
      changed();
    });
    this.room.on("presence", changed);
    this.room.on("error", () => {
      this.answered = true;
      changed();
    });
    this.room.on("event", (event) => {
      this.streams.receive(event);
      if (!event.kind.startsWith("stream.")) return;
      this.streams.show();
      changed();
    });
    // What ended before, too; a failure of that leaves what runs.
    this.streams.load().then(changed, () => undefined);
  }

  close(): void {
    this.room.leave();
  }
}
