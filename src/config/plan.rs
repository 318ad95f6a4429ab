//! Plans: what an organization may use. Data, from `config/plans.toml` or the operator's own file.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

const BUILT_IN: &str = include_str!("../../config/plans.toml");

/// What happens at a monthly or storage limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beyond {
    /// What would use more is refused; reading still works.
    #[default]
    Stop,
    /// It goes on, and is charged.
    Overage,
}

/// One plan. Message and byte rates are per connection, calls of the API per person or key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/plans.toml")]
pub struct Plan {
    /// The plan's key in the file.
    #[serde(skip)]
    pub key: String,
    pub name: String,
    pub price_usd_per_month: u32,
    pub messages_per_second: u32,
    pub message_burst: u32,
    pub bytes_per_second: u64,
    pub byte_burst: u64,
    pub messages_per_hour: u64,
    pub connections: u32,
    pub rooms: u32,
    pub agents: u32,
    #[serde(default = "no_count")]
    pub api_calls_per_minute: u32,
    #[serde(default = "no_count")]
    pub api_call_burst: u32,
    #[serde(default = "no_count")]
    pub members: u32,
    #[serde(default = "no_count")]
    pub workspaces: u32,
    #[serde(default = "no_amount")]
    pub stored_bytes: u64,
    #[serde(default = "no_amount")]
    pub agent_minutes_per_month: u64,
    #[serde(default = "no_amount")]
    pub api_calls_per_month: u64,
    #[serde(default = "no_amount")]
    pub messages_per_month: u64,
    #[serde(default = "no_count")]
    pub retention_days: u32,
    #[serde(default)]
    pub beyond: Beyond,
    #[serde(default)]
    pub overage_cents_agent_minutes: u32,
    #[serde(default)]
    pub overage_cents_api_calls: u32,
    #[serde(default)]
    pub overage_cents_messages: u32,
    #[serde(default)]
    pub overage_cents_stored_gib: u32,
}

fn no_count() -> u32 {
    u32::MAX
}

/// The most that the database's signed numbers hold.
fn no_amount() -> u64 {
    i64::MAX as u64
}

/// All plans, by key.
#[derive(Clone, Debug)]
pub struct Plans(BTreeMap<String, Arc<Plan>>);

impl Plans {
    /// Reads `file`, or the built-in plans when it is empty. The error is a sentence, or several.
    pub fn load(file: &str) -> Result<Self, String> {
        let text = match file {
            "" => BUILT_IN.to_owned(),
            file => std::fs::read_to_string(file)
                .map_err(|error| format!("tenancy.plans_file: {file}: {error}"))?,
        };
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let plans: BTreeMap<String, Plan> =
            toml::from_str(text).map_err(|error| format!("tenancy.plans_file: {error}"))?;
        let named = |(key, plan)| (String::clone(&key), Arc::new(Plan { key, ..plan }));
        let plans: BTreeMap<_, _> = plans.into_iter().map(named).collect();
        let faults: Vec<String> = plans.values().flat_map(|plan| plan.faults()).collect();
        match faults.is_empty() {
            true => Ok(Self(plans)),
            false => Err(faults.join("\n  ")),
        }
    }

    /// The plan with this key.
    pub fn get(&self, key: &str) -> Option<Arc<Plan>> {
        self.0.get(key).cloned()
    }

    /// All of them, the cheapest first.
    pub fn all(&self) -> Vec<Arc<Plan>> {
        let mut plans: Vec<_> = self.0.values().cloned().collect();
        plans.sort_by_key(|plan| plan.price_usd_per_month);
        plans
    }
}

impl Plan {
    /// How many days events and closed streams are kept; `None` keeps them until they are deleted.
    pub fn retention(&self) -> Option<u32> {
        (self.retention_days != no_count()).then_some(self.retention_days)
    }

    /// What cannot work, each with its key.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut need = |good: bool, key: &str, what: &str| {
            if !good {
                let plan = &self.key;
                faults.push(format!("tenancy.plans_file: {plan}.{key}: {what}"));
            }
        };
        need(!self.name.trim().is_empty(), "name", "not empty");
        let counts = [
            ("messages_per_second", u64::from(self.messages_per_second)),
            ("message_burst", self.message_burst.into()),
            ("bytes_per_second", self.bytes_per_second),
            ("byte_burst", self.byte_burst),
            ("messages_per_hour", self.messages_per_hour),
            ("connections", self.connections.into()),
            ("rooms", self.rooms.into()),
            ("agents", self.agents.into()),
            ("api_calls_per_minute", self.api_calls_per_minute.into()),
            ("api_call_burst", self.api_call_burst.into()),
            ("members", self.members.into()),
            ("workspaces", self.workspaces.into()),
            ("stored_bytes", self.stored_bytes),
            ("agent_minutes_per_month", self.agent_minutes_per_month),
            ("api_calls_per_month", self.api_calls_per_month),
            ("messages_per_month", self.messages_per_month),
            ("retention_days", self.retention_days.into()),
        ];
        for (key, value) in counts {
            let good = (1..=i64::MAX as u64).contains(&value);
            need(good, key, "at least 1, at most 2^63 - 1");
        }
        let prices = [
            self.overage_cents_agent_minutes,
            self.overage_cents_api_calls,
            self.overage_cents_messages,
            self.overage_cents_stored_gib,
        ];
        match self.beyond {
            Beyond::Stop => need(
                prices == [0; 4],
                "overage_cents_…",
                "a plan that stops sells no overage; set them to 0",
            ),
            Beyond::Overage => need(
                !prices.contains(&0),
                "overage_cents_…",
                "a plan with overage needs a price for each",
            ),
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_plans_are_sound_and_sorted_by_price() {
        let keys: Vec<_> = Plans::load("").expect("sound").all();
        let prices: Vec<_> = keys.iter().map(|plan| plan.price_usd_per_month).collect();
        assert_eq!(prices, [0, 0, 49, 149]);
    }

    #[test]
    fn every_fault_of_a_plan_is_told_with_its_key() {
        let broken = BUILT_IN.replacen("members = 5", "members = 0", 1).replacen(
            "beyond = \"stop\"",
            "beyond = \"overage\"",
            1,
        );
        let faults = Plans::parse(&broken).expect_err("refused");
        for key in ["free.members:", "free.overage_cents_"] {
            assert!(faults.contains(key), "{key} missing in {faults}");
        }
        let unknown = BUILT_IN.replacen("members = 5", "membrs = 5", 1);
        let fault = Plans::parse(&unknown).expect_err("refused");
        assert!(fault.contains("membrs"), "{fault}");
    }

    #[test]
    fn a_plan_of_an_earlier_file_has_no_further_limits() {
        let plan = "[old]\nname = \"Old\"\nprice_usd_per_month = 0\nmessages_per_second = 1\n\
            message_burst = 1\nbytes_per_second = 1\nbyte_burst = 1\nmessages_per_hour = 1\n\
            connections = 1\nrooms = 1\nagents = 1\n";
        let plans = Plans::parse(plan).expect("sound");
        let plan = plans.get("old").expect("there");
        assert_eq!((plan.beyond, plan.members), (Beyond::Stop, u32::MAX));
    }
}
