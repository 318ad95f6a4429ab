// Generated from the Rust crate `protocol`; to refresh it:
// GENERIC_CORP_REFRESH=1 cargo test -p generic-corp-protocol --features typescript

import type { Timestamp } from "../protocol.js";
import type { OrganizationId } from "./organization.js";

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
