// The usage of the organization in view, asked for again while somebody looks, and which banners were put away.

import { HubError, type wire } from "@generic-corp/client";
import { effect, signal } from "@preact/signals";
import * as api from "../api";
import { type Level } from "./meters";

const EVERY_MS = 60_000;
const KEY = "gc.dismissed";
/** Old windows are forgotten. */
const MOST_KEPT = 100;

/** Name of the organization in view. */
export const organization = signal<string | undefined>(undefined);
export const report = signal<wire.UsageReport | undefined>(undefined);
export const plans = signal<readonly wire.Plan[]>([]);

export const planOf = (name: string | undefined): wire.Plan | undefined => plans.value.find(({ plan }) => plan === name);

let asked = 0;

export async function reload(): Promise<void> {
  const name = organization.peek();
  if (!name) return;
  const turn = ++asked;
  try {
    const answer = await api.json<wire.UsageReport>(api.organizationPath(name, "/usage"));
    if (plans.peek().length === 0) plans.value = await api.json<wire.Plan[]>("/plans");
    if (turn === asked) report.value = answer;
  } catch (cause) {
    // The old figures stay; the connection's own banner tells when the hub is away.
    if (!(cause instanceof HubError)) throw cause;
  }
}

effect(() => {
  report.value = undefined;
  if (!organization.value) return;
  void reload();
  const timer = setInterval(() => !document.hidden && void reload(), EVERY_MS);
  return () => clearInterval(timer);
});

const dismissed = signal<readonly string[]>(stored());

function stored(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(list) ? list.map(String) : [];
  } catch {
    return [];
  }
}

/** A banner's name: another level or another month is another banner. */
const name = (owner: string, limit: wire.UsageLimit, level: Level) => [owner, limit.meter, level, limit.resets_at ?? "always"].join(" ");

export const isDismissed = (owner: string, limit: wire.UsageLimit, level: Level): boolean => dismissed.value.includes(name(owner, limit, level));

export function dismiss(owner: string, limit: wire.UsageLimit, level: Level): void {
  dismissed.value = [...dismissed.peek(), name(owner, limit, level)].slice(-MOST_KEPT);
  localStorage.setItem(KEY, JSON.stringify(dismissed.peek()));
}
