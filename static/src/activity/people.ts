// Connections by whom they belong to, with what they do where.

import type { wire } from "@generic-corp/client";
import type { Seen } from "./activity";

const ORDER = ["error", "waiting", "running", "online", "idle"];

/** An agent or person with one state: the most urgent of its connections'. */
export interface Someone {
  sender: wire.Sender;
  state: string;
  text: string | undefined;
  /** Since when it is in the room that it was first seen in. */
  since: string;
  rooms: string[];
  clients: wire.ClientInfo[];
}

function rank(state: string): number {
  const index = ORDER.indexOf(state);
  return index < 0 ? ORDER.indexOf("online") : index;
}

export function byPerson(seen: readonly Seen[]): Map<string, Someone> {
  const all = new Map<string, Someone>();
  for (const { room, member } of seen) {
    const { sender, state, text, since, client } = member;
    const known = all.get(sender.id);
    if (!known) {
      all.set(sender.id, { sender, state, text, since, rooms: [room], clients: client ? [client] : [] });
      continue;
    }
    if (rank(state) < rank(known.state)) Object.assign(known, { state, text });
    if (since < known.since) known.since = since;
    if (!known.rooms.includes(room)) known.rooms.push(room);
    if (client && !known.clients.some(({ name, version }) => name === client.name && version === client.version)) known.clients.push(client);
  }
  return all;
}

/** Whether somebody has said to be at work, or to wait for others. */
export const isBusy = ({ state }: Pick<Someone, "state">): boolean => state !== "idle" && state !== "online";
