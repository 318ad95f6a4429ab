//! What was used of what a plan limits.

use crate::config::Plan;
use crate::store::limit::Counts;
use std::collections::BTreeMap;

/// What was used in a month, and is stored now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Events published.
    pub messages: u64,
    /// Milliseconds that agents were connected.
    pub agent_ms: u64,
    /// Calls of the API.
    pub api_calls: u64,
    /// Bytes stored now.
    pub stored_bytes: u64,
}

impl Used {
    /// Out of the sums by meter.
    pub fn of(totals: &BTreeMap<String, i64>) -> Self {
        let sum = |meter| {
            totals
                .get(meter)
                .copied()
                .unwrap_or(0)
                .max(0)
                .cast_unsigned()
        };
        Self {
            messages: sum("messages"),
            agent_ms: sum("agent_ms"),
            api_calls: sum("api_calls"),
            stored_bytes: sum("stored_bytes"),
        }
    }

    /// Whole minutes.
    pub fn agent_minutes(&self) -> u64 {
        self.agent_ms / 60_000
    }
}

/// A limit and how much of it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The key of the plan.
    pub meter: &'static str,
    /// How much is used.
    pub used: u64,
    /// How much there is.
    pub limit: u64,
    /// Whether it begins anew with the month.
    pub monthly: bool,
}

impl Standing {
    /// Whether so many per cent are used.
    pub fn is_at(&self, level: i64) -> bool {
        u128::from(self.used) * 100 >= u128::from(self.limit) * level.unsigned_abs() as u128
    }

    /// The limits that using changes.
    pub fn of(plan: &Plan, used: &Used) -> [Self; 4] {
        let standing = |meter, used, limit, monthly| Self {
            meter,
            used,
            limit,
            monthly,
        };
        let (minutes, calls) = (used.agent_minutes(), used.api_calls);
        [
            standing(
                "messages_per_month",
                used.messages,
                plan.messages_per_month,
                true,
            ),
            standing(
                "agent_minutes_per_month",
                minutes,
                plan.agent_minutes_per_month,
                true,
            ),
            standing("api_calls_per_month", calls, plan.api_calls_per_month, true),
            standing("stored_bytes", used.stored_bytes, plan.stored_bytes, false),
        ]
    }

    /// The limits that making things changes.
    pub fn counted(plan: &Plan, counts: Counts) -> [Self; 4] {
        let standing = |meter, used: i64, limit: u32| Self {
            meter,
            used: used.unsigned_abs(),
            limit: limit.into(),
            monthly: false,
        };
        [
            standing("members", counts.members, plan.members),
            standing("workspaces", counts.workspaces, plan.workspaces),
            standing("rooms", counts.rooms, plan.rooms),
            standing("agents", counts.agents, plan.agents),
        ]
    }
}
