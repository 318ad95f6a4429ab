// Generated from the Rust crate `protocol`; to refresh it:
// GENERIC_CORP_REFRESH=1 cargo test -p generic-corp-protocol --features typescript

import type { CancelNotice, Sender, Slug, StreamId, StreamInfo, StreamOutcome, StreamRole, Timestamp } from "../protocol.js";

/** `POST /workspaces/{workspace}/rooms/{room}/events`. The key may also come as header `Idempotency-Key`. */
export type NewEvent = {
  /** Idempotency key. */
  key?: string,
  /** What it is; `message` when left out. */
  kind?: string,
  /** The content: any JSON value. */
  body: unknown,
  /** Names addressed by it. */
  mentions?: Array<Slug>,
  /** The `seq` it answers to. */
  reply_to?: number,
};

/** `POST /workspaces/{workspace}/rooms/{room}/streams`. The key may also come as header `Idempotency-Key`. */
export type NewStream = {
  /** Idempotency key. */
  key?: string,
  /** The name to show. */
  name: string,
  /** What it carries. */
  role?: StreamRole,
  /** Its media type; `text/x-ansi` when left out. */
  media_type?: string,
  /** The tool call it belongs to. */
  tool_call?: string,
  /** The stream it belongs to. */
  parent?: StreamId,
};

/** `GET /workspaces/{workspace}/rooms/{room}/streams`, the newest first. */
export type StreamPage = {
  /** The streams. */
  streams: Array<StreamInfo>,
  /** Whether there are older ones. */
  more: boolean,
};

/** When bytes of a stream were stored. */
export type StreamTime = {
  /** The bytes from here to the `offset` of the next one. */
  offset: number,
  /** When the first of them was stored; all of them were before the `time` of the next one. */
  time: Timestamp,
};

/** `GET /workspaces/{workspace}/streams/{stream}/times`. */
export type StreamTimes = {
  /** In order, each later than the one before. */
  times: Array<StreamTime>,
  /** Give this as `offset` for those behind these; missing when there are none. */
  next?: number,
};

/** The answer to an append over HTTP. */
export type Appended = {
  /** Everything before this byte is committed. */
  offset: number,
  /** Somebody asks the producer to stop. */
  cancel?: CancelNotice,
};

/** `POST /workspaces/{workspace}/streams/{stream}/close`. */
export type CloseStream = {
  /** Its final length. */
  offset: number,
  /** `completed`, `failed` or `cancelled`. */
  outcome: StreamOutcome,
  /** The exit status of the tool. */
  exit_code?: number,
};

/** `POST /workspaces/{workspace}/streams/{stream}/cancel`. */
export type CancelStream = {
  /** Why, for people. */
  reason?: string,
};

/** An event in which all words were found. */
export type SearchHit = {
  /** In which room. */
  room: Slug,
  /** Where in its log. */
  seq: number,
  /** When it came. */
  time: Timestamp,
  /** From whom. */
  sender: Sender,
  /** What it is. */
  kind: string,
  /** Its text around the first word that was found, in one line of at most 242 characters. */
  text: string,
  /** The stream that it opened. */
  stream?: StreamId,
};

/** `GET /workspaces/{workspace}/search`. */
export type SearchPage = {
  /** What was found, the newest first. */
  hits: Array<SearchHit>,
  /** Give this as `before` for the hits behind these; missing when there are none. */
  next?: number,
  /** Events of the rooms that are searched that were published and cannot be found yet. */
  behind: number,
};
