//! The verdict on a history, for people.

use super::figure::{Figures, Times};
use super::view::Seen;
use super::{Rule, Violation};
use crate::report::{number, table};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Violations of a rule that are shown in full.
const SHOWN: usize = 5;

/// See the module.
pub struct Verdict {
    /// What was run.
    pub what: String,
    /// The seed of the run.
    pub seed: u64,
    /// How many nodes.
    pub nodes: usize,
    /// Counts and times.
    pub figures: Figures,
    /// What does not hold.
    pub violations: Vec<Violation>,
    /// What viewers saw.
    pub seen: Seen,
}

impl Verdict {
    /// Whether everything holds.
    pub fn is_good(&self) -> bool {
        self.violations.is_empty()
    }

    /// All of it.
    pub fn render(&self) -> String {
        let good = match self.is_good() {
            true => "good",
            false => "NOT GOOD",
        };
        let faults: u64 = self.figures.faults.values().sum();
        let mut out = format!(
            "\n{}: {good}\nseed {} · {} nodes · {faults} faults\n\n",
            self.what, self.seed, self.nodes
        );
        let _ = writeln!(out, "{}\n", self.rules());
        let _ = writeln!(out, "{}\n", counts("faults", &self.figures.faults));
        let _ = writeln!(out, "{}\n", counts("publishes", &self.figures.attempts));
        let _ = writeln!(out, "{}\n", counts("streams", &self.figures.streams));
        let _ = writeln!(out, "{}\n", self.totals());
        let _ = writeln!(out, "{}", self.times());
        for rule in Rule::ALL {
            let broken: Vec<_> = self.of(rule).collect();
            for violation in broken.iter().take(SHOWN) {
                let _ = writeln!(out, "✗ {}: {}", rule.words(), violation.what);
            }
            if broken.len() > SHOWN {
                let _ = writeln!(out, "  and {} more", broken.len() - SHOWN);
            }
        }
        out
    }

    fn of(&self, rule: Rule) -> impl Iterator<Item = &Violation> {
        let violations = self.violations.iter();
        violations.filter(move |violation| violation.rule == rule)
    }

    fn rules(&self) -> comfy_table::Table {
        let rows = Rule::ALL.map(|rule| {
            let count = self.of(rule).count();
            let mark = if count == 0 { '✓' } else { '✗' };
            vec![format!("{mark} {}", rule.words()), number(count as f64)]
        });
        table(&["must hold", "broken"], rows)
    }

    fn totals(&self) -> comfy_table::Table {
        let Seen {
            deliveries,
            exact,
            reset,
        } = self.seen;
        let rows = [
            ("events in the logs", self.figures.events),
            ("deliveries", deliveries),
            ("resumes, exact", exact),
            ("resumes, reset", reset),
            ("bytes of streams", self.figures.stream_bytes),
        ];
        let rows = rows.map(|(name, count)| vec![name.to_owned(), number(count as f64)]);
        table(&["figure", ""], rows)
    }

    fn times(&self) -> comfy_table::Table {
        let rows = [
            ("ack", &self.figures.ack),
            ("recovery from a fault", &self.figures.recovery),
            ("reconnect of a viewer", &self.figures.reconnect),
            ("first event after the last fault", &self.figures.probes),
        ];
        let row = |(name, times): (&str, &Times)| {
            let shares = [0.5, 0.9, 0.99, 1.0].map(|share| number(times.ms(share)));
            let mut row = vec![name.to_owned(), number(times.len() as f64)];
            row.extend(shares);
            row
        };
        table(
            &["time (ms)", "count", "p50", "p90", "p99", "max"],
            rows.map(row),
        )
    }
}

fn counts(what: &str, counts: &BTreeMap<String, u64>) -> comfy_table::Table {
    let rows = counts
        .iter()
        .map(|(name, count)| vec![name.clone(), number(*count as f64)]);
    table(&[what, ""], rows)
}
