//! What an organization may use, what it used, and what that costs.

use crate::{OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};

bodies! {
    /// A plan. Counts and amounts that have no limit are very large numbers.
    answer Plan {
        /// What names it.
        plan: String,
        /// Its name for people.
        name: String,
        /// What it costs.
        price_usd_per_month: u32,
        /// What happens at a monthly or storage limit: `stop` or `overage`.
        beyond: String,
        /// Days that events, and streams that are closed, are kept; for ever, when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        retention_days: Option<u32>,
        /// Its limits, by the keys of the plans file.
        #[cfg_attr(feature = "typescript", ts(type = "Record<string, number>"))]
        limits: std::collections::BTreeMap<String, u64>,
        /// US cents for what is beyond: of 1,000 `agent_minutes`, `api_calls` and `messages`, and of a
        /// `stored_gib`. Empty where there is no overage.
        #[cfg_attr(feature = "typescript", ts(type = "Record<string, number>"))]
        overage_cents: std::collections::BTreeMap<String, u64>,
    }
    /// What was used, by one day, workspace, agent or key, or by all.
    answer UsageRow {
        /// The day, or the id of the workspace, of the agent or person, or of the key; empty in the sum of
        /// all. The nil id is nobody's in particular.
        group: String,
        /// Its name, where it still has one; of a key, how it begins.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        name: Option<String>,
        /// Events published.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        messages: u64,
        /// Streams opened.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        streams: u64,
        /// Bytes appended to streams.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        stream_bytes: u64,
        /// Calls of the API.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        api_calls: u64,
        /// Seconds that agents were connected.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        agent_seconds: u64,
        /// By how much what is stored grew; less than zero where more was removed.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        stored_bytes: i64,
    }
    /// A limit of the plan and where it stands.
    answer UsageLimit {
        /// The key of the plan.
        meter: String,
        /// How much is used.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        used: u64,
        /// How much there is.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        limit: u64,
        /// When it begins anew; never, where this is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        resets_at: Option<Timestamp>,
    }
    /// What this month costs, in US cents.
    answer UsageCost {
        /// The plan's price.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        price_cents: u64,
        /// What lies beyond the limits up to now.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        overage_cents: u64,
        /// Price and overage at the month's end, when it goes on as it went up to now.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        projected_cents: u64,
    }
    /// `GET /organizations/{organization}/usage`.
    answer UsageReport {
        /// Whose.
        organization: OrganizationId,
        /// Its plan.
        plan: String,
        /// The first day, UTC.
        from: String,
        /// The last day, UTC.
        to: String,
        /// What the rows are told apart by: `day`, `workspace`, `agent` or `key`.
        by: String,
        /// What was used in these days.
        rows: Vec<UsageRow>,
        /// The sum of the rows.
        total: UsageRow,
        /// The plan's limits in the month that is now.
        limits: Vec<UsageLimit>,
        /// What the month that is now costs.
        cost: UsageCost,
        /// The owners' ceiling on what may be charged beyond the plan's price in a month.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        overage_ceiling_cents: Option<u64>,
    }
    /// What an organization's owners set below what the plan allows: `PATCH /organizations/{organization}/limits`,
    /// and its answer.
    request OrganizationLimits {
        /// The most US cents that may be charged beyond the plan's price in a month; at it, work stops. `null`:
        /// no ceiling.
        #[cfg_attr(feature = "typescript", ts(type = "number | null"))]
        overage_ceiling_cents: Option<u64>,
    }
    /// A limit that was come near to, reached or passed.
    answer Alert {
        /// Id; later ones are greater.
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        id: String,
        /// The key of the plan.
        meter: String,
        /// Per cent: 80, 100 or 200.
        level: u32,
        /// The month, as `2026-11`.
        period: String,
        /// How much was used then.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        used: u64,
        /// How much the plan allows.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        limit: u64,
        /// When.
        time: Timestamp,
    }
}
