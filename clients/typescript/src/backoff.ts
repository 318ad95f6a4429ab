// How long to wait before the next attempt: full jitter, so that a thousand clients do not return at once.

export const FIRST_MS = 500;
export const LONGEST_MS = 20_000;

/** A random wait for the `attempt`-th retry (1, 2, …), at most doubled each time up to 20 s. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16));
  return Math.round(random() * ceiling);
}
