// What the person who looks may do, so that nobody is offered what the hub would refuse.

import type { wire } from "@generic-corp/client";
import { welcome } from "./hub";
import { me, workspaces } from "./session";

/** An organization that this person is in. */
export function organizationOf(name: string): wire.Organization | undefined {
  return me.value?.organizations.find(({ slug, id }) => slug === name || id === name);
}

/** A workspace that this person can open, with its organization. */
export function workspaceOf(name: string): { organization: wire.Organization; workspace: wire.Workspace } | undefined {
  return workspaces.value.find(({ workspace }) => workspace.slug === name || workspace.id === name);
}

/** Whether members, workspaces and the audit log of an organization are this person's to manage. */
export const manages = (organization: wire.Organization | undefined): boolean => organization?.role === "owner" || organization?.role === "admin";

/** Whether plan, money and owners are this person's. */
export const owns = (organization: wire.Organization | undefined): boolean => organization?.role === "owner";

/** Whether this person makes rooms, agents and keys in a workspace. A list may give that to members; the hub's welcome tells. */
export function administers(name: string): boolean {
  const known = workspaceOf(name);
  if (!known) return false;
  if (manages(known.organization)) return true;
  return known.workspace.access === "listed" && (welcome.value?.scopes.includes("admin") ?? false);
}
