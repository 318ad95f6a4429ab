// Where a replay reads the log: the same pages of history that the feed reads.

import type { HistoryOptions, wire } from "@generic-corp/client";
import { HubError } from "@generic-corp/client";

export type Source = (options: HistoryOptions) => Promise<wire.HistoryPage>;

const ATTEMPTS = 5;
const WAIT_MS = 500;

/** Asks again after the wait that the hub names, so that many small pages do not fail for their number. */
export function patient<Q, A>(ask: (query: Q) => Promise<A>, wait = (ms: number) => new Promise<void>((next) => setTimeout(next, ms))): (query: Q) => Promise<A> {
  return async (query) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask(query);
      } catch (error) {
        if (!(error instanceof HubError) || !error.retryable || attempt === ATTEMPTS) throw error;
        await wait(error.retryAfterMs ?? WAIT_MS);
      }
    }
  };
}
