// Generated from the Rust crate `protocol`; to refresh it:
// GENERIC_CORP_REFRESH=1 cargo test -p generic-corp-protocol --features typescript

import type { Sender, Slug, Timestamp } from "../protocol.js";
import type { UserId } from "./workspace.js";
import type { Organization } from "./organization.js";

/** `application/problem+json` (RFC 9457), with the code a program acts on. */
export type Problem = {
  /** Where the code is explained: a path into the documentation. */
  type: string,
  /** The code in words. */
  title: string,
  /** The HTTP status. */
  status: number,
  /** What a person acts on. */
  detail: string,
  /** What a program acts on. */
  code: string,
  /** Whether the same request may succeed later. */
  retryable: boolean,
  /** Not before this. */
  retry_after_ms?: number,
  /** Facts that belong to the code. */
  details?: unknown,
};

/** `GET /setup`: what a visitor without a session can do. */
export type SetupStatus = {
  /** Whether the first administrator is still to be made, by the link in the start banner. */
  setup_needed: boolean,
  /** Whether anybody may register. */
  registration_open: boolean,
  /** Who may have an account: `open` (anybody), `invite` (whom an organization invites) or `closed`. */
  registration: string,
  /** Whether a forgotten password can be set anew by mail. */
  reset_by_mail: boolean,
  /** What people call the provider that one can sign in with, where there is one. */
  sign_in_with?: string,
};

/** `POST /setup`: the first administrator, with an organization and a workspace. */
export type Setup = {
  /** The token of the one-time link. */
  token: string,
  /** E-mail address. */
  email: string,
  /** Name to show. */
  name: string,
  /** 10 to 256 bytes. */
  password: string,
  /** Name of the organization. */
  organization: Slug,
  /** Name of its first workspace. */
  workspace: Slug,
};

/** `POST /auth/register`. */
export type Register = {
  /** E-mail address. */
  email: string,
  /** Name to show. */
  name: string,
  /** 10 to 256 bytes. */
  password: string,
  /** Name of the new organization; a workspace `main` is made in it. */
  organization: Slug,
};

/** `POST /auth/register`: the same whether the address had an account or not. */
export type Registered = {
  /** What to do next: `sign_in`, or `confirm` by the link that was sent to the address. */
  next: string,
};

/** `POST /auth/login`. */
export type Login = {
  /** E-mail address. */
  email: string,
  /** Password. */
  password: string,
};

/** `POST /auth/oidc`: a sign-in at the provider was begun. */
export type SignInAddress = {
  /** Where the browser goes; it comes back to `/sign-in/callback`. */
  url: string,
};

/** `POST /auth/oidc/callback`: what the address has that the browser came back to. */
export type FinishSignIn = {
  /** What the hub sent along. */
  state: string,
  /** What the hub gets the person's identity for; without it the provider has refused. */
  code?: string,
  /** The provider's name, where it says so (RFC 9207). */
  iss?: string,
};

/** `POST /auth/refresh` and `/auth/logout`; without a token the cookie counts. */
export type Refresh = {
  /** The newest refresh token. */
  refresh_token?: string,
};

/** A person. */
export type User = {
  /** Id. */
  id: UserId,
  /** E-mail address. */
  email: string,
  /** Name to show. */
  name: string,
};

/** A signed-in session. The refresh token is also set as an HttpOnly cookie. */
export type Session = {
  /** Bearer token for the API and `hello`. */
  access_token: string,
  /** When the access token ends. */
  expires_at: Timestamp,
  /** Makes the next session, once. */
  refresh_token: string,
  /** Who is signed in. */
  user: User,
};

/** `GET /me`: who asks, and what they can reach. */
export type Me = {
  /** Person or agent. */
  you: Sender,
  /** A person's e-mail address. */
  email?: string,
  /** Whether they run this hub. */
  operator: boolean,
  /** Organizations with their workspaces. */
  organizations: Array<Organization>,
};

/** A one-time link's token, as it stands behind the `#` of the link. */
export type LinkToken = {
  /** The token. */
  token: string,
};

/** `POST /auth/forgot`. */
export type Forgot = {
  /** E-mail address of the account. */
  email: string,
};

/** `POST /auth/reset`. */
export type ResetPassword = {
  /** The token of the link. */
  token: string,
  /** The new password, 10 to 256 bytes. */
  password: string,
};

/** A link to a new password, which is shown this once. */
export type ResetLink = {
  /** The token of the link. */
  token: string,
  /** The link: a whole address where `server.public_url` is set, else a path of the hub. */
  link: string,
};

/** `POST /auth/confirm`: the link shows whose mailbox it is, the password who registered. */
export type ConfirmAccount = {
  /** The token of the mailed link. */
  token: string,
  /** The password that the account was registered with. */
  password: string,
};

/** `POST /invites/accept`: comes with a new account. */
export type AcceptInvite = {
  /** The token of the link. */
  token: string,
  /** E-mail address; may be left out where the invite names it. */
  email?: string,
  /** Name to show. */
  name: string,
  /** 10 to 256 bytes. */
  password: string,
};

/** `PATCH /me`. */
export type ChangeMe = {
  /** Name to show. */
  name: string,
};

/** `POST /me/password`. */
export type ChangePassword = {
  /** The current password. */
  current: string,
  /** The new one, 10 to 256 bytes. */
  password: string,
};

/** A signed-in session of a user (a family of refresh tokens). */
export type SessionId = string;

/** A session of one's own. */
export type OwnSession = {
  /** Id. */
  id: SessionId,
  /** Whether it is the one that asks. */
  current: boolean,
  /** When it was begun. */
  created_at: Timestamp,
  /** When it was last renewed, which happens within the life of an access token. */
  last_used_at: Timestamp,
  /** When it ends by itself. */
  expires_at: Timestamp,
  /** Where it was begun. */
  address?: string,
  /** What the program said of itself. */
  user_agent?: string,
};
