//! The report as one HTML file that needs nothing else: no script, no network.

use super::svg::{Chart, Line};
use super::text::number;
use super::{Report, quantiles};
use crate::tally::Sample;
use std::fmt::Write as _;

/// Percentiles of the chart, evenly spread by how rare they are.
const PERCENTILES: [(&str, f64); 9] = [
    ("0", 0.0),
    ("50", 0.5),
    ("75", 0.75),
    ("90", 0.9),
    ("95", 0.95),
    ("99", 0.99),
    ("99.5", 0.995),
    ("99.9", 0.999),
    ("100", 1.0),
];

const STYLE: &str = "
:root { color-scheme: light dark; --ground: #fbfbfa; --panel: #fff; --ink: #1c1d21; --soft: #5d6069; --rule: #e0e1e4;
  --good: #1a6e3c; --bad: #b3261e; --c0: #1f5fc4; --c1: #b4540a; --c2: #157f5b; --c3: #8a3ab0; --c4: #a0243f; --c5: #4b6a00; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #131417; --panel: #1a1c20; --ink: #e8e9ec; --soft: #a2a6b0; --rule: #30333a;
    --good: #6fce93; --bad: #ff8a80; --c0: #7db0ff; --c1: #f3a55c; --c2: #5fd0a2; --c3: #cf9cf0; --c4: #ff93a6; --c5: #b5d256; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 800px; padding: 32px 20px 64px; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; } h2 { font-size: 17px; margin: 36px 0 8px; }
.state { font-weight: 600; } .good { color: var(--good); } .bad { color: var(--bad); }
.soft { color: var(--soft); margin: 4px 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 10px 5px 0; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { font-weight: 600; color: var(--soft); } th:first-child, td:first-child { text-align: left; } tr > :last-child { padding-right: 0; }
figure { margin: 8px 0 0; padding: 12px 12px 4px; background: var(--panel); border: 1px solid var(--rule); border-radius: 6px; }
figure { overflow-x: auto; } svg { display: block; width: 100%; min-width: 560px; height: auto; }
.grid { stroke: var(--rule); stroke-width: 1; } .tick { fill: var(--soft); font-size: 12px; }
.end { text-anchor: end; } .mid { text-anchor: middle; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; } .legend { margin: 4px 0 6px; color: var(--soft); font-size: 13px; }
.legend span { margin-right: 16px; white-space: nowrap; }
.key { display: inline-block; width: 14px; height: 3px; margin-right: 6px; vertical-align: middle; }
.c0 { stroke: var(--c0); background: var(--c0); } .c1 { stroke: var(--c1); background: var(--c1); }
.c2 { stroke: var(--c2); background: var(--c2); } .c3 { stroke: var(--c3); background: var(--c3); }
.c4 { stroke: var(--c4); background: var(--c4); } .c5 { stroke: var(--c5); background: var(--c5); }
@media print { body { max-width: none; } figure, tr { break-inside: avoid; } }
";

/// The whole page.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    let name = escape(&report.scenario);
    let (state, word) = if report.is_good() {
        ("good", "Every check and threshold holds")
    } else {
        ("bad", "Not good")
    };
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Load test {name}</title>\n\
         <style>{STYLE}</style>\n<h1>Load test <em>{name}</em></h1>\n<p class=\"state {state}\">{word}</p>\n"
    );
    let parameters = report.parameters.iter();
    let parameters =
        parameters.map(|(name, value)| format!("<b>{}</b> {}", escape(name), escape(value)));
    let _ = writeln!(
        out,
        "<p class=\"soft\">{}</p>",
        parameters.collect::<Vec<_>>().join(" · ")
    );
    verdicts(&mut out, report);
    for (title, chart) in charts(report) {
        let drawn = chart.render();
        if !drawn.is_empty() {
            let _ = write!(
                out,
                "<h2>{}</h2>\n<figure>{drawn}</figure>\n",
                escape(&title)
            );
        }
    }
    latencies(&mut out, report);
    let rows = report
        .metrics
        .iter()
        .map(|(name, value)| vec![name.clone(), number(*value)]);
    table(&mut out, "All figures", &["figure", ""], rows);
    if !report.errors.is_empty() {
        let rows = report
            .errors
            .iter()
            .map(|(code, count)| vec![code.clone(), count.to_string()]);
        table(&mut out, "Errors", &["code", "count"], rows);
    }
    out.push_str("</html>\n");
    out
}

/// Text that is no markup.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn verdicts(out: &mut String, report: &Report) {
    out.push_str("<h2>Must hold</h2>\n<div class=\"wide\"><table>\n");
    for verdict in &report.verdicts {
        let (class, mark) = if verdict.holds {
            ("good", "✓")
        } else {
            ("bad", "✗")
        };
        let figure = verdict.figure.map_or("not measured".to_owned(), number);
        let text = escape(&verdict.text);
        let _ = writeln!(
            out,
            "<tr><td class=\"{class}\">{mark} {text}</td><td>{figure}</td></tr>"
        );
    }
    out.push_str("</table></div>\n");
}

fn latencies(out: &mut String, report: &Report) {
    let columns = ["min", "p50", "p90", "p99", "p999", "max", "mean"];
    let rows = report.latencies.iter().map(|(name, times)| {
        let all: std::collections::HashMap<_, _> = quantiles(times).collect();
        let figures = columns.map(|column| number(all.get(column).copied().unwrap_or_default()));
        [
            vec![(*name).to_owned(), times.len().to_string()],
            figures.to_vec(),
        ]
        .concat()
    });
    let header: Vec<_> = ["", "count"].into_iter().chain(columns).collect();
    table(out, "Latency in milliseconds", &header, rows);
}

fn table(out: &mut String, title: &str, header: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let _ = write!(
        out,
        "<h2>{}</h2>\n<div class=\"wide\"><table>\n<tr>",
        escape(title)
    );
    for name in header {
        let _ = write!(out, "<th>{}</th>", escape(name));
    }
    out.push_str("</tr>\n");
    for row in rows {
        let cells: String = row
            .iter()
            .map(|cell| format!("<td>{}</td>", escape(cell)))
            .collect();
        let _ = writeln!(out, "<tr>{cells}</tr>");
    }
    out.push_str("</table></div>\n");
}

fn charts(report: &Report) -> Vec<(String, Chart)> {
    let over_time = |title: &str, logarithmic, lines: &[(&str, Value)]| {
        (
            title.to_owned(),
            chart_over_time(title, logarithmic, &report.samples, lines),
        )
    };
    let timed = format!("Latency of {} over time, in milliseconds", report.shown);
    let resident: Value = |s| s.hub_resident_bytes.map(|bytes| bytes as f64 / 1_048_576.0);
    vec![
        (
            "Latency by percentile, in milliseconds".into(),
            percentiles(report),
        ),
        over_time(
            &timed,
            true,
            &[("p50", |s| s.p50_ms), ("p99", |s| s.p99_ms)],
        ),
        over_time(
            "Deliveries a second",
            false,
            &[("delivered", |s| Some(s.delivered_per_second))],
        ),
        over_time(
            "Messages and appends sent a second",
            false,
            &[("sent", |s| Some(s.sent_per_second))],
        ),
        over_time(
            "The hub's resident memory, in MiB",
            false,
            &[("resident", resident)],
        ),
    ]
}

type Value = fn(&Sample) -> Option<f64>;

fn percentiles(report: &Report) -> Chart {
    let step = 1.0 / (PERCENTILES.len() - 1) as f64;
    let place = |index: usize| index as f64 * step;
    let line = |(name, times): &(&str, hdrhistogram::Histogram<u64>)| {
        let value = |q: f64| {
            if q == 0.0 {
                times.min()
            } else {
                times.value_at_quantile(q)
            }
        };
        let points = PERCENTILES.iter().enumerate();
        let points = points
            .map(|(index, (_, q))| (place(index), value(*q) as f64 / 1e3))
            .collect();
        Line {
            name: (*name).to_owned(),
            points,
        }
    };
    let places = PERCENTILES.iter().enumerate();
    Chart {
        title: "Latency by percentile".into(),
        logarithmic: true,
        places: places
            .map(|(index, (label, _))| (place(index), (*label).to_owned()))
            .collect(),
        lines: report.latencies.iter().map(line).collect(),
    }
}

fn chart_over_time(
    title: &str,
    logarithmic: bool,
    samples: &[Sample],
    lines: &[(&str, Value)],
) -> Chart {
    let end = samples.last().map_or(1.0, |sample| sample.second.max(1.0));
    let line = |(name, value): &(&str, Value)| {
        let points = samples
            .iter()
            .filter_map(|sample| Some((sample.second / end, value(sample)?)));
        Line {
            name: (*name).to_owned(),
            points: points.collect(),
        }
    };
    let places = (0..=4).map(|quarter| f64::from(quarter) / 4.0);
    Chart {
        title: title.to_owned(),
        logarithmic,
        places: places
            .map(|at| (at, format!("{:.0} s", at * end)))
            .collect(),
        lines: lines.iter().map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup() {
        assert_eq!(escape("<b a=\"x\">&"), "&lt;b a=&quot;x&quot;&gt;&amp;");
    }
}
