// The rooms of the workspace in view, asked for again while somebody looks, and how far each was read.

import type { wire } from "@generic-corp/client";
import { HubError } from "@generic-corp/client";
import { effect, signal } from "@preact/signals";
import * as api from "./api";

const EVERY_MS = 5_000;

export const workspace = signal<string | undefined>(undefined);
export const rooms = signal<readonly wire.Room[] | undefined>(undefined);
export const error = signal<HubError | undefined>(undefined);
/** The newest `seq` this browser has shown, by room. */
export const read = signal<Readonly<Record<string, number>>>({});

const readKey = (slug: string) => `gc.read.${slug}`;

let asked = 0;

export async function reload(): Promise<void> {
  const slug = workspace.peek();
  if (!slug) return;
  const turn = ++asked;
  try {
    const answer = await api.json<wire.Room[]>(api.workspacePath(slug, "/rooms"));
    if (turn !== asked) return;
    rooms.value = answer;
    error.value = undefined;
  } catch (cause) {
    if (turn === asked && cause instanceof HubError) error.value = cause;
  }
}

export async function create(body: wire.NewRoom): Promise<wire.Room> {
  const room = await api.json<wire.Room>(api.workspacePath(workspace.peek() ?? "", "/rooms"), { method: "POST", body });
  void reload();
  return room;
}

/** Notes that a room was seen up to `seq`. */
export function seen(room: string, seq: number): void {
  const slug = workspace.peek();
  if (!slug || (read.peek()[room] ?? -1) >= seq) return;
  read.value = { ...read.peek(), [room]: seq };
  localStorage.setItem(readKey(slug), JSON.stringify(read.peek()));
}

/** How many events came since the room was last seen here; 0 for one never opened. */
export function unread(room: wire.Room): number {
  const last = read.value[room.name];
  return last === undefined ? 0 : Math.max(0, room.head - last);
}

effect(() => {
  const slug = workspace.value;
  rooms.value = undefined;
  error.value = undefined;
  if (!slug) return;
  try {
    read.value = JSON.parse(localStorage.getItem(readKey(slug)) ?? "{}");
  } catch {
    read.value = {};
  }
  void reload();
  const timer = setInterval(() => !document.hidden && void reload(), EVERY_MS);
  return () => clearInterval(timer);
});
