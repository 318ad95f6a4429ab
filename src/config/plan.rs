//! Plans: what an organization may use. Data, from `config/plans.toml` or the operator's own file.

use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc};

const BUILT_IN: &str = include_str!("../../config/plans.toml");

/// One plan. Rates are per connection.
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
}

/// All plans, by key.
#[derive(Clone, Debug)]
pub struct Plans(BTreeMap<String, Arc<Plan>>);

impl Plans {
    /// Reads `file`, or the built-in plans when it is empty. The error is a sentence.
    pub fn load(file: &str) -> Result<Self, String> {
        let text = match file {
            "" => BUILT_IN.to_owned(),
            file => std::fs::read_to_string(file)
                .map_err(|error| format!("tenancy.plans_file: {file}: {error}"))?,
        };
        let plans: BTreeMap<String, Plan> =
            toml::from_str(&text).map_err(|error| format!("tenancy.plans_file: {error}"))?;
        let named = |(key, plan)| (String::clone(&key), Arc::new(Plan { key, ..plan }));
        Ok(Self(plans.into_iter().map(named).collect()))
    }

    /// The plan with this key.
    pub fn get(&self, key: &str) -> Option<Arc<Plan>> {
        self.0.get(key).cloned()
    }
}
