// Where a replay reads the log: the same pages of history that the feed reads.

import type { HistoryOptions, wire } from "@generic-corp/client";
import { HubError } from "@generic-corp/client";

export type Source = (options: HistoryOptions) => Promise<wire.HistoryPage>;

const ATTEMPTS = 5;
const WAIT_MS = 500;

/** Asks again after the wait that the hub names, so that many small pages do not fail for their number. */
export function patient(source: Source, wait = (ms: number) => new Promise<void>((next) => setTimeout(next, ms))): Source {
  return async (options) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await source(options);
      } catch (error) {
        if (!(error instanceof HubError) || !error.retryable || attempt === ATTEMPTS) throw error;
        await wait(error.retryAfterMs ?? WAIT_MS);
      }
    }
  };
}
