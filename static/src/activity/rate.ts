// How many events a second come into the workspace's rooms, from how far their logs grew between two looks.

import type { wire } from "@generic-corp/client";
import { effect, signal } from "@preact/signals";
import { rooms, workspace } from "../rooms";

/** Ten minutes of looks. */
const MOST = 120;

export interface Sample {
  at: number;
  perSecond: number;
}

export const samples = signal<readonly Sample[]>([]);

let last: { slug: string | undefined; at: number; heads: ReadonlyMap<string, number> } | undefined;

/** Events that came in rooms that were there before; a log that was restored counts as nothing. */
export function growth(before: ReadonlyMap<string, number>, list: readonly Pick<wire.Room, "id" | "head">[]): number {
  return list.reduce((sum, { id, head }) => sum + Math.max(0, head - (before.get(id) ?? head)), 0);
}

effect(() => {
  const list = rooms.value;
  const slug = workspace.value;
  if (slug !== last?.slug) {
    last = undefined;
    samples.value = [];
  }
  if (!list) return;
  const at = Date.now();
  if (last && at > last.at) {
    const perSecond = growth(last.heads, list) / ((at - last.at) / 1_000);
    samples.value = [...samples.peek(), { at, perSecond }].slice(-MOST);
  }
  last = { slug, at, heads: new Map(list.map(({ id, head }) => [id, head])) };
});
