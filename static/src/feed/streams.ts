// The output streams of a room that this page knows of: from the list, and kept up by the room's events.

import type { RoomEvent, wire } from "@generic-corp/client";
import { signal } from "@preact/signals";
import * as api from "../api";

const PAGE = 50;
const MOST = 500;
/** Pages asked for to learn about the streams of one stretch of the feed. */
const MOST_PAGES = 4;

/** The body of `stream.opened`. */
interface OpenedBody {
  stream: string;
  name: string;
  role: wire.StreamRole;
  media_type: string;
}

/** The body of `stream.closed`. */
interface ClosedBody {
  stream: string;
  outcome: wire.StreamOutcome;
  exit_code?: number;
  length: number;
}

export class Streams {
  /** By id; in the order they were opened. */
  readonly known = signal<ReadonlyMap<string, wire.StreamInfo>>(new Map());
  /** The same, with what came by events and was not shown yet. */
  #all: ReadonlyMap<string, wire.StreamInfo> = new Map();
  readonly #workspace: string;
  readonly #room: string;

  constructor(workspace: string, room: string) {
    this.#workspace = workspace;
    this.#room = room;
  }

  merge(infos: readonly wire.StreamInfo[]): void {
    this.#learn(infos);
    this.show();
  }

  /** Shows what came by events: once for many, as a list of streams is long. */
  show(): void {
    this.known.value = this.#all;
  }

  #learn(infos: readonly wire.StreamInfo[]): void {
    const all = new Map(this.#all);
    for (const info of infos) {
      const known = all.get(info.stream);
      // What has ended stays so; a slow answer may be older than an event.
      if (!known || known.state === "open") all.set(info.stream, info);
    }
    const sorted = [...all].sort(([, a], [, b]) => a.opened_seq - b.opened_seq);
    const spare = sorted.length - MOST;
    this.#all = new Map(spare > 0 ? sorted.filter(([, info], i) => i >= spare || info.state === "open") : sorted);
  }

  /** A `stream.opened` or `stream.closed` that came live; `show` brings it into sight. */
  receive(event: RoomEvent): void {
    if (event.kind === "stream.opened") {
      const { stream, name, role, media_type } = event.body as OpenedBody;
      const { room, sender, time, seq } = event;
      this.#learn([{ stream, room, name, role, media_type, sender, state: "open", length: 0, opened_at: time, opened_seq: seq }]);
    } else if (event.kind === "stream.closed") {
      const { stream, outcome, exit_code, length } = event.body as ClosedBody;
      const known = this.#all.get(stream);
      if (known) this.#learn([{ ...known, state: outcome, length, closed_at: event.time, ...(exit_code !== undefined && { exit_code }) }]);
    }
  }

  /** The newest streams, from the hub. */
  async load(before?: number): Promise<wire.StreamPage> {
    const query = before === undefined ? "" : `&before=${before}`;
    const path = `/rooms/${encodeURIComponent(this.#room)}/streams?limit=${PAGE}${query}`;
    const page = await api.json<wire.StreamPage>(api.workspacePath(this.#workspace, path));
    this.merge(page.streams);
    return page;
  }

  /** Learns how the streams ended that a stretch of the feed opens. */
  async cover(events: readonly RoomEvent[]): Promise<void> {
    const opened = events.filter((event) => event.kind === "stream.opened");
    for (let page = 0; page < MOST_PAGES; page++) {
      const unknown = opened.filter((event) => !this.#all.has((event.body as OpenedBody).stream));
      const newest = unknown.at(-1);
      if (!newest) return;
      const { streams } = await this.load(newest.seq + 1);
      if (streams.length === 0) return;
    }
  }

  /** One stream by id, for a link to it. */
  async find(id: string): Promise<wire.StreamInfo> {
    const known = this.#all.get(id);
    if (known) return known;
    const info = await api.json<wire.StreamInfo>(api.workspacePath(this.#workspace, `/streams/${encodeURIComponent(id)}`));
    this.merge([info]);
    return info;
  }
}
