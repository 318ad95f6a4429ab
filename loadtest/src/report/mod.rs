//! The outcome of a run: figures, checks and verdicts, for eyes and for programs.

mod figure;
mod html;
mod svg;
mod text;

pub use text::{number, table};

use crate::args::Options;
use crate::client::{Client, Shared};
use crate::hub::Counters;
use crate::scenario::Plan;
use crate::tally::{Latency, Sample};
use crate::tenant::Tenant;
use crate::threshold::Threshold;
use anyhow::Context as _;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::str::FromStr as _;

/// The version of the JSON report's form.
const FORM: u32 = 1;
/// The quantiles of a report, with their names in metrics.
const QUANTILES: [(&str, f64); 6] = [
    ("p50", 0.5),
    ("p75", 0.75),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p999", 0.999),
];
/// Figures that must be 0 in a good run, wherever they were looked at.
const MUST_BE_ZERO: [&str; 9] = [
    "unacked",
    "lost",
    "duplicate",
    "out_of_order",
    "gaps",
    "corrupt",
    "streams.mismatched",
    "streams.unfinished",
    "errors",
];

/// What a run leaves behind.
pub struct Results {
    /// From the first message until everything was settled.
    pub seconds: f64,
    /// Of which messages were sent for this long.
    pub sending: f64,
    pub shared: Rc<Shared>,
    pub clients: Vec<Rc<Client>>,
    /// The rooms' newest `seq` by the store; `None` where viewers were not held against it.
    pub heads: Option<HashMap<Vec<u8>, u64>>,
    /// What a private hub spent on it.
    pub hub: Option<Spent>,
    pub extra: BTreeMap<String, f64>,
}

/// What a run cost the hub.
pub struct Spent {
    pub cpu_us: f64,
    pub resident_bytes: Option<u64>,
    /// Before and after.
    pub counters: (Counters, Counters),
}

/// See the module.
pub struct Report {
    scenario: String,
    parameters: Vec<(&'static str, String)>,
    /// Every figure by name; what was not looked at is not there.
    metrics: BTreeMap<String, f64>,
    latencies: Vec<(&'static str, Histogram<u64>)>,
    samples: Vec<Sample>,
    /// The latency in the samples.
    shown: &'static str,
    errors: BTreeMap<String, u64>,
    verdicts: Vec<Verdict>,
}

/// A threshold and whether it holds.
struct Verdict {
    text: String,
    figure: Option<f64>,
    holds: bool,
}

impl Report {
    /// Judges what a run left.
    pub fn new(options: &Options, plan: &Plan, tenant: &Tenant, results: &Results) -> Self {
        let mut metrics = figure::all(results);
        let tally = &results.shared.tally;
        let latencies = Latency::ALL.map(|what| (what.name(), tally.latency(what)));
        let latencies: Vec<_> = latencies
            .into_iter()
            .filter(|(_, times)| !times.is_empty())
            .collect();
        for (name, times) in &latencies {
            metrics.extend(quantiles(times).map(|(key, ms)| (format!("{name}.{key}"), ms)));
        }
        let verdicts = judge(&metrics, &options.thresholds);
        Self {
            scenario: options.scenario.name(),
            parameters: parameters(options, plan, tenant),
            latencies,
            samples: tally.samples(),
            shown: tally.shown().name(),
            errors: tally.errors(),
            verdicts,
            metrics,
        }
    }

    /// Prints it and writes the files that were asked for. Says whether every threshold holds.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn publish(&self, options: &Options) -> anyhow::Result<bool> {
        print!("{}", text::render(self));
        let write = |path: &std::path::Path, content: String| {
            std::fs::write(path, content)
                .with_context(|| format!("cannot write {}", path.display()))
        };
        if let Some(path) = &options.json {
            write(path, format!("{:#}\n", self.json()))?;
        }
        if let Some(path) = &options.html {
            write(path, html::render(self))?;
        }
        Ok(self.is_good())
    }

    fn is_good(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.holds)
    }

    fn json(&self) -> Value {
        let parameters: BTreeMap<_, _> = self.parameters.iter().cloned().collect();
        let verdicts: Vec<_> = self
            .verdicts
            .iter()
            .map(
                |Verdict {
                     text,
                     figure,
                     holds,
                 }| json!({ "threshold": text, "figure": figure, "holds": holds }),
            )
            .collect();
        json!({
            "form": FORM, "scenario": self.scenario, "parameters": parameters, "good": self.is_good(),
            "thresholds": verdicts, "metrics": self.metrics, "errors": self.errors, "series_latency": self.shown, "series": self.samples,
        })
    }
}

/// Where and how the run was made.
fn parameters(options: &Options, plan: &Plan, tenant: &Tenant) -> Vec<(&'static str, String)> {
    let hub = match options.target.spawn {
        true => format!("private, durability {}", options.private.durability.name()),
        false => format!("http://{}", tenant.address),
    };
    let pace = match plan.rate {
        Some(rate) => format!("{}/s, latency from the intended time", number(rate)),
        None => format!(
            "{} in flight a socket, latency from the sending",
            plan.in_flight
        ),
    };
    let mut all = vec![
        ("hub", hub),
        ("sockets", plan.connections.to_string()),
        ("rooms", plan.rooms.to_string()),
        ("pace", pace),
        ("size", format!("{} B", plan.size)),
        ("duration", format!("{:?}", plan.duration)),
    ];
    if plan.faults > 0 {
        all.push(("faults", plan.faults.to_string()));
    }
    all.extend(machine());
    all
}

/// The machine and the build.
pub fn machine() -> [(&'static str, String); 2] {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let build = if cfg!(debug_assertions) {
        "debug (figures of speed need --release)"
    } else {
        "release"
    };
    [
        (
            "machine",
            format!("{cores} cores, {} {}", std::env::consts::OS, kernel.trim()),
        ),
        ("build", build.to_owned()),
    ]
}

/// Milliseconds by name.
fn quantiles(times: &Histogram<u64>) -> impl Iterator<Item = (&'static str, f64)> + '_ {
    let ms = |us: u64| us as f64 / 1e3;
    let quantiles = QUANTILES
        .iter()
        .map(move |(name, q)| (*name, ms(times.value_at_quantile(*q))));
    let ends = [
        ("min", ms(times.min())),
        ("max", ms(times.max())),
        ("mean", times.mean() / 1e3),
    ];
    quantiles.chain(ends)
}

/// What must hold always, then what was asked for.
fn judge(metrics: &BTreeMap<String, f64>, asked: &[Threshold]) -> Vec<Verdict> {
    let looked_at = MUST_BE_ZERO
        .iter()
        .filter(|name| metrics.contains_key(**name));
    let always = looked_at.filter_map(|name| Threshold::from_str(&format!("{name}==0")).ok());
    let all = always.chain(asked.iter().cloned());
    all.map(|threshold| {
        let (figure, holds) = threshold.judge(metrics);
        Verdict {
            text: threshold.text().to_owned(),
            figure,
            holds,
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_looked_at_is_judged_and_a_fault_fails() {
        let metrics = BTreeMap::from([("lost".to_owned(), 1.0), ("errors".to_owned(), 0.0)]);
        let verdicts = judge(&metrics, &[]);
        let shown: Vec<_> = verdicts
            .iter()
            .map(|verdict| (verdict.text.as_str(), verdict.holds))
            .collect();
        assert_eq!(shown, [("lost==0", false), ("errors==0", true)]);
    }

    #[test]
    fn a_threshold_on_what_was_not_measured_fails() {
        let asked = [Threshold::from_str("duplicate==0").expect("a threshold")];
        let verdicts = judge(&BTreeMap::new(), &asked);
        assert!(!verdicts[0].holds && verdicts[0].figure.is_none());
    }
}
