// Keys that work on every page. Single ones can be turned off, and do nothing while somebody types.

import { signal } from "@preact/signals";
import { shortcuts } from "./preferences";
import { href, navigate } from "./router";
import { beside } from "./session";
import { organization } from "./usage/organization";

/** What is open above the page. */
export const overlay = signal<"palette" | "keys" | undefined>(undefined);

/** The list that `?` shows; `single` ones can be turned off. */
export const KEYS: readonly { keys: string; what: string; single: boolean }[] = [
  { keys: "Ctrl K or ⌘ K", what: "Go to a page, room or agent, or do something", single: false },
  { keys: "Esc", what: "Close what is open", single: false },
  { keys: "?", what: "Show this list", single: true },
  { keys: "/", what: "Search messages", single: true },
  { keys: "g then o", what: "Overview", single: true },
  { keys: "g then r", what: "Rooms", single: true },
  { keys: "g then a", what: "Agents", single: true },
  { keys: "g then u", what: "Usage", single: true },
  { keys: "g then m", what: "Members", single: true },
  { keys: "g then s", what: "Your settings", single: true },
];

/** How long the second key of two may take. */
const PAIR_MS = 1_500;
let began = 0;

function place(key: string): string | undefined {
  const slug = beside(organization.value);
  const owner = organization.value;
  switch (key) {
    case "/": return slug && href("w", slug, "search");
    case "o": return slug && href("w", slug);
    case "r": return slug && href("w", slug, "rooms");
    case "a": return slug && href("w", slug, "agents");
    case "u": return owner && href("o", owner, "usage");
    case "m": return owner && href("o", owner, "members");
    case "s": return href("account", "settings");
    default: return undefined;
  }
}

/** Whether a key is text for what has the focus. */
const isTyping = (target: EventTarget | null): boolean => target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    // A question that is open is answered first.
    if (!document.querySelector("dialog[open]")) overlay.value = "palette";
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !shortcuts.value || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const second = event.timeStamp - began < PAIR_MS;
  began = event.key === "g" ? event.timeStamp : 0;
  if (event.key === "?") overlay.value = "keys";
  const to = event.key === "/" || (second && event.key !== "g") ? place(event.key) : undefined;
  if (event.key !== "?" && to === undefined) return;
  event.preventDefault();
  if (to) navigate(to);
}

/** Listens until what it answers is called. */
export function listen(): () => void {
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}
