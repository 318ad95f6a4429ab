// Generated from the Rust crate `protocol`; to refresh it:
// GENERIC_CORP_REFRESH=1 cargo test -p generic-corp-protocol --features typescript

import type { SenderKind, Slug, Timestamp } from "../protocol.js";
import type { UserId, Workspace } from "./workspace.js";

/** A customer: the unit that owns workspaces and is billed. */
export type OrganizationId = string;

/** An organization as a member sees it. */
export type Organization = {
  /** Id. */
  id: OrganizationId,
  /** Name in URLs. */
  slug: Slug,
  /** Name for people. */
  name: string,
  /** Plan. */
  plan: string,
  /** The asker's role: owner, admin, member or viewer (an agent: `agent`). */
  role: string,
  /** Its workspaces. */
  workspaces: Array<Workspace>,
};

/** `POST /organizations`. */
export type NewOrganization = {
  /** Name in URLs; a workspace `main` is made in it. */
  slug: Slug,
};

/** `PATCH /organizations/{organization}`. */
export type ChangeOrganization = {
  /** Name for people. */
  name: string,
};

/** An organization by its names. */
export type OrganizationName = {
  /** Id. */
  id: OrganizationId,
  /** Name in URLs. */
  slug: Slug,
  /** Name for people. */
  name: string,
};

/** A person in an organization. */
export type OrganizationMember = {
  /** Who. */
  user: UserId,
  /** E-mail address. */
  email: string,
  /** Name to show. */
  name: string,
  /** `owner`, `admin`, `member` or `viewer`. */
  role: string,
  /** Whether the hub's operator has locked them out. */
  disabled: boolean,
  /** Since when they are in it. */
  joined_at: Timestamp,
};

/** `PATCH /organizations/{organization}/members/{user}`. */
export type ChangeMember = {
  /** `owner`, `admin`, `member` or `viewer`. */
  role: string,
};

/** `POST /organizations/{organization}/invites`. */
export type NewInvite = {
  /** The only e-mail address that may come; without it whoever has the link. */
  email?: string,
  /** `owner`, `admin`, `member` or `viewer`. */
  role: string,
  /** When the link ends, at most 30 days from now; 7 days when left out. */
  expires_at?: Timestamp,
};

/** A link into an organization. */
export type InviteId = string;

/** An invite that was not accepted yet. */
export type Invite = {
  /** Id. */
  id: InviteId,
  /** The only e-mail address that may come. */
  email?: string,
  /** What the guest becomes. */
  role: string,
  /** The name of who made it. */
  made_by: string,
  /** When it was made. */
  created_at: Timestamp,
  /** When it ends. */
  expires_at: Timestamp,
};

/** A new invite with its link, which is shown this once. */
export type NewInviteLink = {
  /** The invite. */
  invite: Invite,
  /** The token of the link. */
  token: string,
  /** The link: a whole address where `server.public_url` is set, else a path of the hub. */
  link: string,
  /** Whether it was also handed to the mail server. */
  sent: boolean,
};

/** `POST /invites/show`: what an invite leads to. */
export type InviteInfo = {
  /** The organization's name in URLs. */
  organization: Slug,
  /** The organization's name for people. */
  name: string,
  /** The only e-mail address that may come. */
  email?: string,
  /** What the guest becomes. */
  role: string,
  /** The name of who made it. */
  made_by: string,
  /** When it ends. */
  expires_at: Timestamp,
};

/** An act that bears on security. */
export type AuditEntry = {
  /** Id; later acts have greater ones. */
  id: string,
  /** When. */
  time: Timestamp,
  /** What kind of actor. */
  actor_kind: SenderKind,
  /** Who. */
  actor_id: string,
  /** Their name at the time. */
  actor_name: string,
  /** What, as `thing.done`. */
  action: string,
  /** To what or whom. */
  target: string,
  /** Where they came from. */
  address?: string,
};
