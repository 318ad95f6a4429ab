// The address bar as a signal. Views: those before the door, a workspace with what is in it, an organization,
// and one's own account.

import { batch, computed, signal } from "@preact/signals";

/** Views before the door, each with an address of its own. */
const ENTRIES = ["sign-in", "register", "setup", "invite", "reset", "confirm", "forgot"] as const;
type Entry = (typeof ENTRIES)[number];

/** Pages of a workspace, by their part of the address. */
const OF_WORKSPACE = ["rooms", "search", "agents", "keys", "connections", "settings"] as const;
type OfWorkspace = (typeof OF_WORKSPACE)[number];

/** Pages of an organization. */
const OF_ORGANIZATION = ["usage", "members", "audit", "organization"] as const;
type OfOrganization = (typeof OF_ORGANIZATION)[number];

export type Route =
  | { view: "home" | "missing" | "account" | "cluster" | "sign-in/callback" | Entry }
  | { view: "workspace" | OfWorkspace; workspace: string }
  | { view: "agent"; workspace: string; agent: string }
  | { view: OfOrganization; organization: string }
  | { view: "room"; workspace: string; room: string; stream: string | undefined };

const path = signal(location.pathname);
const search = signal(location.search);
addEventListener("popstate", read);

/** What stands behind the `?` of the address. */
export const query = computed(() => new URLSearchParams(search.value));

function read(): void {
  batch(() => {
    path.value = location.pathname;
    search.value = location.search;
  });
}

/** The view that the address names. */
export const route = computed<Route>(() => parse(path.value));

export function parse(pathname: string): Route {
  const [first, workspace, section, room, streams, stream, ...rest] = pathname.split("/").filter(Boolean).map(decode);
  if (first === undefined) return { view: "home" };
  const entry = ENTRIES.find((known) => known === first);
  if (workspace === undefined && first === "cluster") return { view: "cluster" };
  if (workspace === undefined && entry) return { view: entry };
  if (entry === "sign-in" && workspace === "callback" && section === undefined) return { view: "sign-in/callback" };
  if (workspace === undefined || rest.length > 0) return { view: "missing" };
  if (first === "account") return { view: workspace === "settings" && section === undefined ? "account" : "missing" };
  if (first === "o") {
    const page = OF_ORGANIZATION.find((known) => known === section);
    return page && room === undefined ? { view: page, organization: workspace } : { view: "missing" };
  }
  if (first !== "w") return { view: "missing" };
  if (section === undefined) return { view: "workspace", workspace };
  const page = OF_WORKSPACE.find((known) => known === section);
  if (page && room === undefined) return { view: page, workspace };
  if (section === "agents" && room !== undefined && streams === undefined) return { view: "agent", workspace, agent: room };
  if (section !== "rooms" || room === undefined) return { view: "missing" };
  if (streams === undefined) return { view: "room", workspace, room, stream: undefined };
  return streams === "streams" && stream !== undefined ? { view: "room", workspace, room, stream } : { view: "missing" };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a view, from its parts. */
export function href(...parts: string[]): string {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

/** Goes to an address of this page; `replace` leaves no step in the history. */
export function navigate(to: string, { replace = false } = {}): void {
  if (to === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  read();
}

/** Lets plain clicks on links to this page change the view without loading it anew. */
addEventListener("click", (event) => {
  const link = (event.target as Element).closest?.("a[href]");
  if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.target || link.hasAttribute("download") || link.origin !== location.origin || link.hash) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
});
