// The names of what is counted and limited, and what still works at each limit (docs/plans.md).

import type { wire } from "@generic-corp/client";
import * as format from "../format";

interface Meter {
  name: string;
  show: (value: number) => string;
  /** What does not work any more where the plan stops. */
  stops: string;
  /** What goes on. */
  works: string;
}

const made = (what: string): Meter => ({
  name: what.charAt(0).toUpperCase() + what.slice(1),
  show: format.count,
  stops: `No more ${what} can be made.`,
  works: "What there is stays and works.",
});

const METERS: Record<string, Meter> = {
  messages_per_hour: { name: "Messages this hour", show: format.count, stops: "Nothing is sent from here.", works: "Reading goes on." },
  messages_per_month: { name: "Messages", show: format.count, stops: "Nothing is published.", works: "Streams and reading go on." },
  agent_minutes_per_month: { name: "Agent-minutes", show: format.count, stops: "Agents publish nothing and write no streams.", works: "They stay connected and read, and people go on." },
  api_calls_per_month: { name: "API calls", show: format.count, stops: "Calls that would change something are refused.", works: "Reading and sockets go on." },
  stored_bytes: { name: "Storage", show: format.bytes, stops: "Nothing is published and no stream is written.", works: "Reading works. A plan that gives more helps." },
  members: { ...made("members"), stops: "Nobody else can come in." },
  workspaces: made("workspaces"),
  rooms: made("rooms"),
  agents: made("agents"),
};

export function meter(name: string): Meter {
  return METERS[name] ?? { name: name.replaceAll("_", " "), show: format.count, stops: "Work stops.", works: "Reading works." };
}

/** What holds at a limit where the plan goes on. */
export const CHARGED = "All goes on, and what lies beyond is charged.";

/** Plans without limits have numbers that no machine reaches. */
export const isEndless = ({ limit }: Pick<wire.UsageLimit, "limit">): boolean => limit >= 1e12;

export const share = ({ used, limit }: Pick<wire.UsageLimit, "used" | "limit">): number => (limit > 0 ? used / limit : used > 0 ? Infinity : 0);

export type Level = 80 | 100 | 200;

/** Which of the levels that are told of is reached. */
export function level(limit: Pick<wire.UsageLimit, "used" | "limit">): Level | undefined {
  const part = share(limit);
  return part >= 2 ? 200 : part >= 1 ? 100 : part >= 0.8 ? 80 : undefined;
}

/** What can be drawn by day. */
export interface Series {
  value: string;
  label: string;
  of: (row: wire.UsageRow) => number;
  show: (value: number) => string;
  /** The limit of the month that it counts against. */
  limit?: string;
}

export const SERIES: readonly Series[] = [
  { value: "messages", label: "Messages", of: (row) => row.messages, show: format.count, limit: "messages_per_month" },
  { value: "agent_minutes", label: "Agent-minutes", of: (row) => row.agent_seconds / 60, show: (value) => format.count(Math.round(value)), limit: "agent_minutes_per_month" },
  { value: "api_calls", label: "API calls", of: (row) => row.api_calls, show: format.count, limit: "api_calls_per_month" },
  { value: "streams", label: "Streams", of: (row) => row.streams, show: format.count },
  { value: "stream_bytes", label: "Output", of: (row) => row.stream_bytes, show: format.bytes },
];
