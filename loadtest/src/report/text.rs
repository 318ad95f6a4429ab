//! The report on a terminal.

use super::{Report, quantiles};
use comfy_table::{CellAlignment, Table};
use std::fmt::Write as _;

/// A line below the header, and no other.
const HEADER_LINE: &str = "     ──            ";
const COLUMNS: [&str; 9] = [
    "min", "p50", "p75", "p90", "p95", "p99", "p999", "max", "mean",
];

/// The whole report.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let good = if report.is_good() { "good" } else { "NOT GOOD" };
    let _ = writeln!(out, "\n{}: {good}", report.scenario);
    let parameters: Vec<_> = report
        .parameters
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    let _ = writeln!(out, "{}\n", parameters.join(" · "));
    let _ = writeln!(out, "{}\n", verdicts(report));
    if !report.latencies.is_empty() {
        let _ = writeln!(out, "{}\n", latencies(report));
    }
    let _ = writeln!(out, "{}", figures(report));
    for (code, count) in &report.errors {
        let _ = writeln!(out, "error  {code}: {count}");
    }
    out
}

/// A number as people write it: no digits that say nothing.
pub fn number(value: f64) -> String {
    match value.abs() {
        _ if value.fract() == 0.0 => grouped(&format!("{value:.0}")),
        0.0..10.0 => format!("{value:.3}"),
        10.0..1000.0 => format!("{value:.1}"),
        _ => grouped(&format!("{value:.0}")),
    }
}

fn grouped(digits: &str) -> String {
    let (sign, digits) = digits
        .strip_prefix('-')
        .map_or(("", digits), |rest| ("-", rest));
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{sign}{out}")
}

/// A table whose columns after the first hold numbers.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_preset(HEADER_LINE).set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn verdicts(report: &Report) -> Table {
    let rows = report.verdicts.iter().map(|verdict| {
        let figure = verdict.figure.map_or("not measured".to_owned(), number);
        vec![format!("{} {}", mark(verdict.holds), verdict.text), figure]
    });
    table(&["must hold", ""], rows)
}

fn mark(holds: bool) -> char {
    if holds { '✓' } else { '✗' }
}

fn latencies(report: &Report) -> Table {
    let rows = report.latencies.iter().map(|(name, times)| {
        let all: std::collections::HashMap<_, _> = quantiles(times).collect();
        let mut row = vec![(*name).to_owned(), grouped(&times.len().to_string())];
        row.extend(COLUMNS.map(|column| number(all.get(column).copied().unwrap_or_default())));
        row
    });
    let header: Vec<_> = ["latency (ms)", "count"]
        .into_iter()
        .chain(COLUMNS)
        .collect();
    table(&header, rows)
}

/// What stands in no other table.
fn figures(report: &Report) -> Table {
    let shown = |name: &str| {
        let timed = report
            .latencies
            .iter()
            .any(|(latency, _)| name.split('.').next() == Some(latency));
        let judged = report
            .verdicts
            .iter()
            .any(|verdict| verdict.text == format!("{name}==0"));
        !timed && !judged
    };
    let rows = report.metrics.iter().filter(|(name, _)| shown(name));
    table(
        &["figure", ""],
        rows.map(|(name, value)| vec![name.clone(), number(*value)]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 1234567.0, 0.12345, 12.345, 1234.5, -5000.0].map(number);
        assert_eq!(
            shown,
            ["0", "1,234,567", "0.123", "12.3", "1,234", "-5,000"]
        );
    }
}
