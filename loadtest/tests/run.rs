//! The load test as its users run it, against a real hub that it starts itself.
//!
//! The hub's program is built by `cargo build`; GENERIC_CORP_BIN may name another.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn hub() -> PathBuf {
    let named = std::env::var_os("GENERIC_CORP_BIN").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_BIN_EXE_loadtest")).with_file_name("generic-corp");
    let hub = named.unwrap_or(beside);
    assert!(
        hub.is_file(),
        "there is no hub at {}: run `cargo build` first, or name one with GENERIC_CORP_BIN",
        hub.display()
    );
    hub
}

fn loadtest(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    command.args(arguments).env("GENERIC_CORP_BIN", hub());
    command.output().expect("the load test runs")
}

#[track_caller]
fn ends_with(output: &Output, code: i32) {
    let told = [&output.stdout[..], &output.stderr[..]].concat();
    let told = String::from_utf8_lossy(&told);
    assert_eq!(output.status.code(), Some(code), "{told}");
}

#[test]
fn memo_50_is_good_and_says_so_in_every_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (json, html) = (path("report.json"), path("report.html"));
    let output = loadtest(&[
        "run",
        "memo-50",
        "--spawn",
        "--no-progress",
        "--duration=3s",
        "--threshold=lost==0",
        "--threshold=streams.verified>0",
        &format!("--json={json}"),
        &format!("--html={html}"),
    ]);
    ends_with(&output, 0);
    let text = std::fs::read_to_string(json).expect("a report");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let metric = |name: &str| report["metrics"][name].as_f64();
    assert_eq!(report["good"], true);
    for zero in [
        "lost",
        "duplicate",
        "out_of_order",
        "gaps",
        "corrupt",
        "unacked",
    ] {
        assert_eq!(metric(zero), Some(0.0), "{zero}");
    }
    // 150 messages and at least 4 streams, in rooms of 20.
    assert!(
        metric("events_checked") >= Some(20.0 * (150.0 + 4.0 * 2.0)),
        "{text}"
    );
    assert_eq!(metric("streams.verified"), metric("streams.followed"));
    let page = std::fs::read_to_string(html).expect("a page");
    assert!(page.starts_with("<!doctype html>") && page.contains("<polyline"));
    assert!(!page.contains("<script") && !page.contains("src="));
}

#[test]
fn an_impossible_threshold_is_99_and_a_wrong_word_is_2() {
    let scenario = ["run", "fanout", "--spawn", "--no-progress", "--duration=1s"];
    let output = loadtest(&[&scenario[..], &["--threshold=delivery.p50<0ms"]].concat());
    ends_with(&output, 99);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("✗ delivery.p50<0ms") && told.contains("✓ lost==0"),
        "{told}"
    );
    // What a scenario does not look at never counts as good.
    let output = loadtest(&[
        "run",
        "idle",
        "--spawn",
        "-c5",
        "--no-progress",
        "--threshold=lost==0",
    ]);
    ends_with(&output, 99);
    assert!(String::from_utf8_lossy(&output.stdout).contains("not measured"));
    ends_with(&loadtest(&["run", "no-such-scenario"]), 2);
}

#[test]
fn every_other_scenario_loses_nothing() {
    let scenarios: [(&str, &[&str]); 4] = [
        ("streams", &["--size=32KiB"]),
        ("reconnect", &["--faults=20"]),
        ("slow-consumer", &["--rate=2000/s", "--connections=8"]),
        ("publish", &["--in-flight=4", "--connections=10"]),
    ];
    for (scenario, more) in scenarios {
        let arguments = ["run", scenario, "--spawn", "--no-progress", "--duration=1s"];
        ends_with(&loadtest(&[&arguments[..], more].concat()), 0);
    }
}

#[test]
fn clusters_are_compared_and_nothing_is_lost() {
    let comparisons: [(&str, &[&str]); 5] = [
        ("latency", &["--connections=3", "--rate=200/s"]),
        ("postgres", &["--connections=1,6"]),
        ("spread", &["--connections=6", "--in-flight=1,8"]),
        ("redis", &["--connections=3", "--in-flight=8"]),
        ("neighbours", &["--rooms=120", "--in-flight=8"]),
    ];
    for (comparison, more) in comparisons {
        let arguments = ["compare", comparison, "--rounds=1", "--duration=300ms"];
        let output = loadtest(&[&arguments[..], more].concat());
        ends_with(&output, 0);
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(!told.contains("NaN") && !told.contains("inf"), "{told}");
    }
}
