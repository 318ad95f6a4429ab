// The one connection of this page, to the workspace in view, as signals.

import { type Hub, type State, connect, type wire } from "@generic-corp/client";
import { computed, effect, signal } from "@preact/signals";
import * as api from "./api";

export const hub = signal<Hub | undefined>(undefined);
export const state = signal<State>({ name: "connecting", attempt: 1, retryInMs: 0 });
/** When the next attempt begins, by this machine's clock. */
export const retryAt = signal(0);
export const welcome = signal<wire.Welcome | undefined>(undefined);
/** The newest word on each meter. */
export const usage = signal<ReadonlyMap<string, wire.Usage>>(new Map());

let open: { workspace: string; hub: Hub } | undefined;

/** Connects to a workspace, and leaves the one before. */
export function enter(workspace: string): void {
  if (open?.workspace === workspace && open.hub.state.name !== "closed") return;
  leave();
  const next = connect({
    url: location.origin,
    workspace,
    token: api.token,
    client: { name: "dashboard", version: __VERSION__ },
  });
  open = { workspace, hub: next };
  state.value = next.state;
  next.on("state", (value) => {
    state.value = value;
    if (value.name === "connecting") retryAt.value = Date.now() + value.retryInMs;
  });
  next.on("welcome", (value) => (welcome.value = value));
  next.on("frame", (frame) => {
    if (frame.type === "usage") usage.value = new Map(usage.value).set(frame.meter, frame);
  });
  hub.value = next;
}

export function leave(): void {
  open?.hub.close();
  open = undefined;
  hub.value = undefined;
  welcome.value = undefined;
  usage.value = new Map();
}

addEventListener("online", () => hub.value?.retryNow());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) hub.value?.retryNow();
});

/** The meters at whose end people send nothing. */
const OF_MESSAGES = ["messages_per_hour", "messages_per_month"];

/** Until when a used-up plan lets nothing be written, by the hub's word. */
export const stopped = computed(() => {
  const ends = [...usage.value.values()].filter(({ level, meter }) => level === "hard" && OF_MESSAGES.includes(meter)).map(({ resets_at }) => Date.parse(resets_at));
  return ends.length > 0 ? Math.max(...ends) : undefined;
});

/** Whether this page may write messages here. */
export function canPublish(): boolean {
  return welcome.value?.scopes.includes("publish") ?? false;
}

// Shown in the tab, so that a page in the background tells that it is not live.
effect(() => {
  const lost = hub.value !== undefined && (state.value.name === "connecting" || state.value.name === "closed") && welcome.value !== undefined;
  document.documentElement.dataset.connection = lost ? "lost" : "live";
});
