// What each role may do, in words, and who may give or take it.

import type { wire } from "@generic-corp/client";
import { manages, owns } from "../../may";

export const ROLES = [
  ["owner", "everything, also the plan, money, owners and the end of the organization"],
  ["admin", "members, workspaces, rooms, agents, keys, webhooks and the audit log"],
  ["member", "reads, writes messages and output"],
  ["viewer", "reads"],
] as const;

/** The roles that somebody gives: only owners make owners. */
export const rolesToGive = (organization: wire.Organization) => ROLES.filter(([role]) => role !== "owner" || owns(organization));

/** Whether somebody changes or removes a member: owners are touched by owners alone. */
export const mayTouch = (organization: wire.Organization, member: wire.OrganizationMember): boolean => manages(organization) && (member.role !== "owner" || owns(organization));

/** Whether somebody makes a link to a new password for a member. */
export const mayReset = (organization: wire.Organization, member: wire.OrganizationMember): boolean =>
  owns(organization) || (manages(organization) && (member.role === "member" || member.role === "viewer"));

/** Whether a member is the one owner, who can neither leave nor take another role. */
export const isLastOwner = (members: readonly wire.OrganizationMember[], member: wire.OrganizationMember): boolean =>
  member.role === "owner" && members.filter(({ role }) => role === "owner").length === 1;
