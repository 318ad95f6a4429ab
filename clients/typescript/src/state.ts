// Where a connection stands, as a program or a person wants to know it.

import type { HubError } from "./error.js";

export type State =
  /** Not connected. `retryInMs` is 0 while an attempt runs; `attempt` counts from 1. */
  | { readonly name: "connecting"; readonly attempt: number; readonly retryInMs: number; readonly cause?: HubError }
  /** Connected again; what was missed arrives: `done` of `total` events. */
  | { readonly name: "catching_up"; readonly done: number; readonly total: number }
  /** Connected, and nothing is missing. */
  | { readonly name: "live" }
  /** Over: by `close()`, or for the reason in `error`. It will not connect again. */
  | { readonly name: "closed"; readonly error?: HubError };

export interface ClientInfo {
  name: string;
  version: string;
}
