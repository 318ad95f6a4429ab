//! Comparisons with the physical limit: the hub and the bare thing in turn, in one run, medians of rounds.

mod cluster;
mod fanout;
mod publish;
mod stream;

use crate::args::Comparison;
use crate::report::machine;
use anyhow::Context as _;
use serde_json::{Value, json};
use std::path::Path;

/// Runs a comparison and prints it.
///
/// # Errors
/// When it cannot be run, or something was lost in it.
pub async fn run(what: &Comparison) -> anyhow::Result<()> {
    match what {
        Comparison::Fanout(options) => fanout::run(options).await,
        Comparison::Publish(options) => publish::run(options).await,
        Comparison::Stream(options) => stream::run(options).await,
        Comparison::Latency(options) => cluster::latency::run(options).await,
        Comparison::Postgres(options) => cluster::postgres::run(options).await,
        Comparison::Spread(options) => cluster::spread::run(options).await,
        Comparison::Redis(options) => cluster::redis::run(options).await,
        Comparison::Neighbours(options) => cluster::neighbours::run(options).await,
    }
}

/// The middle one, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        even if even.is_multiple_of(2) => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

/// Says on which machine the table was made, and writes the rows as JSON where that was asked for.
fn tell(name: &str, rounds: usize, rows: Vec<Value>, path: Option<&Path>) -> anyhow::Result<()> {
    let machine = machine();
    let shown: Vec<_> = machine
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    println!("medians of {rounds} rounds · {}", shown.join(" · "));
    let Some(path) = path else { return Ok(()) };
    let machine: std::collections::BTreeMap<_, _> = machine.into_iter().collect();
    let all = json!({ "comparison": name, "rounds": rounds, "machine": machine, "rows": rows });
    std::fs::write(path, format!("{all:#}\n"))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn medians() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(Vec::new()).is_nan());
    }
}
