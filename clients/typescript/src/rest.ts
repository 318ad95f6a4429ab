// Generated from the Rust crate `protocol`; to refresh it:
// GENERIC_CORP_REFRESH=1 cargo test -p generic-corp-protocol --features typescript

import type {
  CancelNotice,
  ClientInfo,
  ConnectionId,
  Quota,
  Sender,
  SenderKind,
  Slug,
  StreamId,
  StreamInfo,
  StreamOutcome,
  StreamRole,
  Timestamp,
  WorkspaceId,
} from "./protocol.js";

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
export type UserId = string;

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

/** A customer: the unit that owns workspaces and is billed. */
export type OrganizationId = string;

/** Who may come into a workspace. */
export type WorkspaceAccess = "everyone" | "listed";

/** A workspace. */
export type Workspace = {
  /** Id. */
  id: WorkspaceId,
  /** Name in URLs. */
  slug: Slug,
  /** Name for people. */
  name: string,
  /** Who may come in. */
  access: WorkspaceAccess,
  /** When it was made. */
  created_at: Timestamp,
};

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

/** A plan. Counts and amounts that have no limit are very large numbers. */
export type Plan = {
  /** What names it. */
  plan: string,
  /** Its name for people. */
  name: string,
  /** What it costs. */
  price_usd_per_month: number,
  /** What happens at a monthly or storage limit: `stop` or `overage`. */
  beyond: string,
  /** Days that events, and streams that are closed, are kept; for ever, when left out. */
  retention_days?: number,
  /** Its limits, by the keys of the plans file. */
  limits: Record<string, number>,
  /** US cents for what is beyond: of 1,000 `agent_minutes`, `api_calls` and `messages`, and of a `stored_gib`. Empty where there is no overage. */
  overage_cents: Record<string, number>,
};

/** What was used, by one day, workspace, agent or key, or by all. */
export type UsageRow = {
  /** The day, or the id of the workspace, of the agent or person, or of the key; empty in the sum of all. The nil id is nobody's in particular. */
  group: string,
  /** Its name, where it still has one; of a key, how it begins. */
  name?: string,
  /** Events published. */
  messages: number,
  /** Streams opened. */
  streams: number,
  /** Bytes appended to streams. */
  stream_bytes: number,
  /** Calls of the API. */
  api_calls: number,
  /** Seconds that agents were connected. */
  agent_seconds: number,
  /** By how much what is stored grew; less than zero where more was removed. */
  stored_bytes: number,
};

/** A limit of the plan and where it stands. */
export type UsageLimit = {
  /** The key of the plan. */
  meter: string,
  /** How much is used. */
  used: number,
  /** How much there is. */
  limit: number,
  /** When it begins anew; never, where this is missing. */
  resets_at?: Timestamp,
};

/** What this month costs, in US cents. */
export type UsageCost = {
  /** The plan's price. */
  price_cents: number,
  /** What lies beyond the limits up to now. */
  overage_cents: number,
  /** Price and overage at the month's end, when it goes on as it went up to now. */
  projected_cents: number,
};

/** `GET /organizations/{organization}/usage`. */
export type UsageReport = {
  /** Whose. */
  organization: OrganizationId,
  /** Its plan. */
  plan: string,
  /** The first day, UTC. */
  from: string,
  /** The last day, UTC. */
  to: string,
  /** What the rows are told apart by: `day`, `workspace`, `agent` or `key`. */
  by: string,
  /** What was used in these days. */
  rows: Array<UsageRow>,
  /** The sum of the rows. */
  total: UsageRow,
  /** The plan's limits in the month that is now. */
  limits: Array<UsageLimit>,
  /** What the month that is now costs. */
  cost: UsageCost,
  /** The owners' ceiling on what may be charged beyond the plan's price in a month. */
  overage_ceiling_cents?: number,
};

/** What an organization's owners set below what the plan allows: `PATCH /organizations/{organization}/limits`, and its answer. */
export type OrganizationLimits = {
  /** The most US cents that may be charged beyond the plan's price in a month; at it, work stops. `null`: no ceiling. */
  overage_ceiling_cents: number | null,
};

/** A limit that was come near to, reached or passed. */
export type Alert = {
  /** Id; later ones are greater. */
  id: string,
  /** The key of the plan. */
  meter: string,
  /** Per cent: 80, 100 or 200. */
  level: number,
  /** The month, as `2026-11`. */
  period: string,
  /** How much was used then. */
  used: number,
  /** How much the plan allows. */
  limit: number,
  /** When. */
  time: Timestamp,
};

/** `POST /organizations/{organization}/billing/checkout`. */
export type Checkout = {
  /** The plan to buy. */
  plan: string,
};

/** Where to go. */
export type BillingPage = {
  /** A page of Stripe's, good for a while. */
  url: string,
};

/** `GET /organizations/{organization}/billing`. */
export type BillingStatus = {
  /** Plans that can be bought here; none where the operator gives them. */
  for_sale: Array<string>,
  /** The plan as it is. */
  plan: string,
  /** How the subscription stands, in Stripe's words: `active`, `past_due`, `canceled`… */
  status?: string,
  /** When what was paid for ends. */
  period_ends_at?: Timestamp,
  /** Since when a payment is missing; the plan is kept for seven days. */
  past_due_since?: Timestamp,
};

/** Where an organization wants to be told of things. */
export type WebhookId = string;

/** A webhook, without its secret. */
export type Webhook = {
  /** Id. */
  id: WebhookId,
  /** `webhook` (signed by Standard Webhooks) or `slack`. */
  kind: string,
  /** The address; of Slack's only the beginning, for the rest is a secret. Empty when it does not open, because the hub's secret was changed. */
  url: string,
  /** Since when nothing is sent to it: it was disabled, or answered 410. */
  disabled_at?: Timestamp,
  /** When it was made. */
  created_at: Timestamp,
};

/** `POST /organizations/{organization}/webhooks`. */
export type NewWebhook = {
  /** `webhook` or `slack`. */
  kind: string,
  /** Where to. */
  url: string,
};

/** A webhook whose secret is new: the only time it is shown. */
export type NewWebhookSecret = {
  /** The webhook as listed. */
  webhook: Webhook,
  /** What its messages are signed with, as `whsec_…`; Slack's are not. */
  secret?: string,
};

/** `PATCH /organizations/{organization}/webhooks/{webhook}`. */
export type ChangeWebhook = {
  /** Whether nothing is sent to it. */
  disabled: boolean,
};

/** What was sent, or is to be. */
export type Delivery = {
  /** Id: the message's `webhook-id` is `msg_` and this. Later ones are greater. */
  id: string,
  /** What, as `limit.reached`. */
  event: string,
  /** `waiting`, `delivered` or `failed`. */
  state: string,
  /** How often it was tried. */
  attempts: number,
  /** When it is tried next. */
  next_at?: Timestamp,
  /** The status of the last answer. */
  status?: number,
  /** Why the last attempt failed. */
  error?: string,
  /** When it was written down. */
  created_at: Timestamp,
  /** When it was taken or given up. */
  ended_at?: Timestamp,
};

/** A person who is listed in a workspace. Owners and admins of the organization come in without. */
export type WorkspaceMember = {
  /** Who. */
  user: UserId,
  /** E-mail address. */
  email: string,
  /** Name to show. */
  name: string,
  /** What they are in this workspace: `admin`, `member` or `viewer`. */
  role: string,
  /** Since when they are listed. */
  added_at: Timestamp,
};

/** `PUT /workspaces/{workspace}/members/{user}`. */
export type ListWorkspaceMember = {
  /** What they are to be in this workspace: `admin`, `member` or `viewer`. */
  role: string,
};

/** `PATCH /workspaces/{workspace}/agents/{agent}`. What is left out stays. */
export type ChangeAgent = {
  /** What it is for. */
  title?: string,
  /** Whether its keys are refused. */
  disabled?: boolean,
};

/** `POST /workspaces/{workspace}/keys/{key}/rotate`. */
export type RotateApiKey = {
  /** How long the old key goes on, in seconds: 86400 when left out, 2592000 at most, 0 to end it now. */
  overlap_seconds?: number,
};

/** `POST /organizations/{organization}/workspaces`. */
export type NewWorkspace = {
  /** Name in URLs. */
  slug: Slug,
  /** Name for people; the slug when left out. */
  name?: string,
};

/** A room inside a workspace. On the wire rooms go by their name. */
export type RoomId = string;

/** A room. */
export type Room = {
  /** Id. */
  id: RoomId,
  /** Name. */
  name: Slug,
  /** What it is about. */
  topic: string,
  /** The newest `seq` of its log. */
  head: number,
  /** The log's epoch. */
  epoch: string,
  /** When the newest event came. */
  last_at?: Timestamp,
  /** Connections in it on this node. */
  members: number,
  /** Streams being written. */
  open_streams: number,
  /** When it was made. */
  created_at: Timestamp,
};

/** `POST /workspaces/{workspace}/rooms`. */
export type NewRoom = {
  /** Name. */
  name: Slug,
  /** What it is about. */
  topic?: string,
};

/** A program that connects by API key. */
export type AgentId = string;

/** A program of a workspace. */
export type Agent = {
  /** Id. */
  id: AgentId,
  /** Name, by which it is mentioned. */
  name: Slug,
  /** What it is for. */
  title: string,
  /** Whether it is locked out: its keys are refused. */
  disabled: boolean,
  /** When it was made. */
  created_at: Timestamp,
};

/** `POST /workspaces/{workspace}/agents`. */
export type NewAgent = {
  /** Name, by which it is mentioned. */
  name: Slug,
  /** What it is for. */
  title?: string,
};

/** An API key, the public part. */
export type ApiKeyId = string;

/** An API key, without its secret. */
export type ApiKey = {
  /** Id. */
  id: ApiKeyId,
  /** The agent it speaks for. */
  agent: Slug,
  /** Name for people. */
  name: string,
  /** How the key begins, to tell keys apart. */
  prefix: string,
  /** `read`, `publish`, `stream`, `admin`. */
  scopes: Array<string>,
  /** The rooms it opens; a name that ends in `*` stands for all that begin so. Empty: every room. */
  rooms: Array<string>,
  /** When it was made. */
  created_at: Timestamp,
  /** The person whose key it is: it never does more than they may at the moment. Keys that the operator made have none. */
  created_by?: UserId,
  /** Whether it is refused, because its agent is locked out or that person may no longer come in. */
  suspended: boolean,
  /** When it ends. */
  expires_at?: Timestamp,
  /** When it was last used, to the minute. */
  last_used_at?: Timestamp,
};

/** `POST /workspaces/{workspace}/keys`. */
export type NewApiKey = {
  /** The agent it speaks for; made when there is none of that name. */
  agent: Slug,
  /** Name for people. */
  name?: string,
  /** `read`, `publish`, `stream` when left out. */
  scopes?: Array<string>,
  /** The rooms it opens, at most 100; a name that ends in `*` stands for all that begin so. Every room, when left out. */
  rooms?: Array<string>,
  /** When it ends; never, when left out. */
  expires_at?: Timestamp,
};

/** A new API key: the only time its secret is shown. */
export type NewApiKeySecret = {
  /** The key as listed. */
  key: ApiKey,
  /** The key itself. */
  secret: string,
};

/** A live connection, `GET /workspaces/{workspace}/connections`. */
export type Connection = {
  /** Id. */
  id: ConnectionId,
  /** Who is connected. */
  sender: Sender,
  /** The program, as given in `hello`. */
  client?: ClientInfo,
  /** Peer address. */
  address: string,
  /** Since when. */
  connected_at: Timestamp,
  /** Rooms joined. */
  rooms: number,
  /** Streams being read. */
  streams: number,
  /** Messages received from it. */
  messages_received: number,
  /** Payload bytes received from it. */
  bytes_received: number,
  /** Frames sent to it. */
  frames_sent: number,
  /** Requests refused by its quota. */
  rejected: number,
  /** Its message quota. */
  quota: Quota,
};

/** A node of the hub. What is counted is counted since it started. */
export type Node = {
  /** Its name. */
  node: string,
  /** The hub's version that it runs. */
  version: string,
  /** When it started. */
  started_at: Timestamp,
  /** When it said so. */
  time: Timestamp,
  /** Sockets and streams of Server-Sent Events that are open. */
  connections: number,
  /** Rooms that somebody watches there. */
  rooms: number,
  /** Frames sent to sockets. */
  frames_sent: number,
  /** HTTP requests answered. */
  http_requests: number,
  /** Bytes of memory, where the system tells. */
  memory_bytes?: number,
};

/** `GET /cluster`. */
export type ClusterReport = {
  /** The node that answers, then the others. */
  nodes: Array<Node>,
  /** Whether nodes know of each other, by Redis; without it each shows itself alone. */
  shared: boolean,
  /** The database: `sqlite` or `postgresql`. */
  store: string,
};

/** An event in which all words were found. */
export type SearchHit = {
  /** In which room. */
  room: Slug,
  /** Where in its log. */
  seq: number,
  /** When it came. */
  time: Timestamp,
  /** From whom. */
  sender: Sender,
  /** What it is. */
  kind: string,
  /** Its text around the first word that was found, in one line of at most 242 characters. */
  text: string,
  /** The stream that it opened. */
  stream?: StreamId,
};

/** `GET /workspaces/{workspace}/search`. */
export type SearchPage = {
  /** What was found, the newest first. */
  hits: Array<SearchHit>,
  /** Give this as `before` for the hits behind these; missing when there are none. */
  next?: number,
  /** Events of the workspace that were published and cannot be found yet. */
  behind: number,
};

/** `POST /workspaces/{workspace}/rooms/{room}/events`. The key may also come as header `Idempotency-Key`. */
export type NewEvent = {
  /** Idempotency key. */
  key?: string,
  /** What it is; `message` when left out. */
  kind?: string,
  /** The content: any JSON value. */
  body: unknown,
  /** Names addressed by it. */
  mentions?: Array<Slug>,
  /** The `seq` it answers to. */
  reply_to?: number,
};

/** `POST /workspaces/{workspace}/rooms/{room}/streams`. The key may also come as header `Idempotency-Key`. */
export type NewStream = {
  /** Idempotency key. */
  key?: string,
  /** The name to show. */
  name: string,
  /** What it carries. */
  role?: StreamRole,
  /** Its media type; `text/x-ansi` when left out. */
  media_type?: string,
  /** The tool call it belongs to. */
  tool_call?: string,
  /** The stream it belongs to. */
  parent?: StreamId,
};

/** `GET /workspaces/{workspace}/rooms/{room}/streams`, the newest first. */
export type StreamPage = {
  /** The streams. */
  streams: Array<StreamInfo>,
  /** Whether there are older ones. */
  more: boolean,
};

/** The answer to an append over HTTP. */
export type Appended = {
  /** Everything before this byte is committed. */
  offset: number,
  /** Somebody asks the producer to stop. */
  cancel?: CancelNotice,
};

/** `POST /workspaces/{workspace}/streams/{stream}/close`. */
export type CloseStream = {
  /** Its final length. */
  offset: number,
  /** `completed`, `failed` or `cancelled`. */
  outcome: StreamOutcome,
  /** The exit status of the tool. */
  exit_code?: number,
};

/** `POST /workspaces/{workspace}/streams/{stream}/cancel`. */
export type CancelStream = {
  /** Why, for people. */
  reason?: string,
};

/** `GET /readyz`. */
export type Readiness = {
  /** `ok` or `unavailable`. */
  status: string,
  /** Version of the hub. */
  version: string,
  /** Which node. */
  node: string,
  /** Whether it is draining. */
  draining: boolean,
  /** Whether the store answers. */
  store: boolean,
  /** Whether other nodes are heard at once; absent where there is no Redis. Without it a node takes work all the same, and looks for what others have written. */
  bus?: boolean,
};

/** `POST /auth/register`: the same whether the address had an account or not. */
export type Registered = {
  /** What to do next: `sign_in`, or `confirm` by the link that was sent to the address. */
  next: string,
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

/** `POST /organizations`. */
export type NewOrganization = {
  /** Name in URLs; a workspace `main` is made in it. */
  slug: Slug,
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

/** `POST /auth/confirm`: the link shows whose mailbox it is, the password who registered. */
export type ConfirmAccount = {
  /** The token of the mailed link. */
  token: string,
  /** The password that the account was registered with. */
  password: string,
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

/** An organization by its names. */
export type OrganizationName = {
  /** Id. */
  id: OrganizationId,
  /** Name in URLs. */
  slug: Slug,
  /** Name for people. */
  name: string,
};

/** `PATCH /organizations/{organization}/members/{user}`. */
export type ChangeMember = {
  /** `owner`, `admin`, `member` or `viewer`. */
  role: string,
};

/** `PATCH /organizations/{organization}`. */
export type ChangeOrganization = {
  /** Name for people. */
  name: string,
};

/** `PATCH /workspaces/{workspace}`. What is left out stays. */
export type ChangeWorkspace = {
  /** Name for people. */
  name?: string,
  /** Who may come in. */
  access?: WorkspaceAccess,
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
