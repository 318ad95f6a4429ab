// Generated from the Rust crate `protocol`; to refresh it:
// GENERIC_CORP_REFRESH=1 cargo test -p generic-corp-protocol --features typescript

import type { Timestamp } from "../protocol.js";

/** `GET /readyz`. */
export type Readiness = {
  /** `ok` or `unavailable`. */
  status: string,
  /** Version of the hub. */
  version: string,
  /** Which node. */
  node: string,
  /** Whether it is draining. */
  draining: boolean,
  /** Whether the store answers. */
  store: boolean,
  /** Whether other nodes are heard at once; absent where there is no Redis. Without it a node takes work all the same, and looks for what others have written. */
  bus?: boolean,
};

/** A node of the hub. What is counted is counted since it started. */
export type Node = {
  /** Its name. */
  node: string,
  /** The hub's version that it runs. */
  version: string,
  /** When it started. */
  started_at: Timestamp,
  /** When it said so. */
  time: Timestamp,
  /** Sockets and streams of Server-Sent Events that are open. */
  connections: number,
  /** Rooms that somebody watches there. */
  rooms: number,
  /** Frames sent to sockets. */
  frames_sent: number,
  /** HTTP requests answered. */
  http_requests: number,
  /** Bytes of memory, where the system tells. */
  memory_bytes?: number,
};

/** `GET /cluster`. */
export type ClusterReport = {
  /** The node that answers, then the others. */
  nodes: Array<Node>,
  /** Whether nodes know of each other, by Redis; without it each shows itself alone. */
  shared: boolean,
  /** The database: `sqlite` or `postgresql`. */
  store: string,
};
