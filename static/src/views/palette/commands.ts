// What can be gone to and done.

import type { wire } from "@generic-corp/client";
import { administers, manages, organizationOf } from "../../may";
import { density } from "../../preferences";
import { rooms } from "../../rooms";
import { href, navigate } from "../../router";
import { me, signOut, workspaces } from "../../session";
import { overlay } from "../../shortcuts";
import { theme } from "../../theme";
import { organizationPlaces, searchHref, workspacePlaces } from "../navigation";
import type { Named } from "./find";

export interface Entry extends Named {
  icon: string;
  run: () => void;
}

const to = (label: string, kind: string, icon: string, address: string): Entry => ({ label, kind, icon, run: () => navigate(address) });

interface Sources {
  workspace: string | undefined;
  organization: string | undefined;
  agents: readonly wire.Agent[];
  /** Opens the question for a new room. */
  createRoom: () => void;
}

export function entries({ workspace, organization, agents, createRoom }: Sources): Entry[] {
  const pages = [...(workspace ? workspacePlaces(workspace) : []), ...(organization ? organizationPlaces(organization) : [])];
  const others = workspaces.value.filter((known) => known.workspace.slug !== workspace);
  return [
    ...pages.map(({ label, icon, to: address }) => to(label, "page", icon, address)),
    to("Your settings", "page", "user", href("account", "settings")),
    ...(me.value?.operator ? [to("The hub's nodes", "page", "cluster", href("cluster"))] : []),
    ...(workspace ? (rooms.value ?? []).map(({ name }) => to(`#${name}`, "room", "hash", href("w", workspace, "rooms", name))) : []),
    ...(workspace ? agents.map(({ name }) => to(name, "agent", "agent", href("w", workspace, "agents", name))) : []),
    ...others.map((known) => to(`${known.workspace.name} of ${known.organization.name}`, "workspace", "switch", href("w", known.workspace.slug))),
    ...actions(workspace, organization, createRoom),
  ];
}

/** Where what was typed is looked for in messages, behind all that is called so. */
export const searchFor = (workspace: string, text: string): Entry => ({ label: `Search messages for “${text}”`, kind: "search", icon: "search", run: () => navigate(searchHref(workspace, text)) });

function actions(workspace: string | undefined, organization: string | undefined, createRoom: () => void): Entry[] {
  const act = (label: string, icon: string, run: () => void): Entry => ({ label, kind: "action", icon, run });
  const compact = density.value === "compact";
  const all: Entry[] = [];
  if (workspace && administers(workspace)) {
    all.push(act("Create a room", "plus", createRoom), act("Create or rotate API keys", "key", () => navigate(href("w", workspace, "keys"))));
  }
  if (organization && manages(organizationOf(organization))) all.push(act("Invite somebody", "people", () => navigate(href("o", organization, "members"))));
  return [
    ...all,
    act("Theme: light", "sun", () => (theme.value = "light")),
    act("Theme: dark", "moon", () => (theme.value = "dark")),
    act("Theme: as the system has it", "system", () => (theme.value = "system")),
    act(compact ? "Density: comfortable" : "Density: compact", "menu", () => (density.value = compact ? "comfortable" : "compact")),
    act("Show the keys", "info", () => (overlay.value = "keys")),
    act("Sign out", "sign-out", () => void signOut()),
  ];
}
