//! The torture as its users run it: a real cluster, real faults, and a history that is checked again.
//!
//! It needs PostgreSQL's programs and redis-server, and takes a minute: `scripts/test cluster` runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn hub() -> PathBuf {
    let named = std::env::var_os("GENERIC_CORP_BIN").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_BIN_EXE_loadtest")).with_file_name("generic-corp");
    let hub = named.unwrap_or(beside);
    let shown = hub.display();
    assert!(
        hub.is_file(),
        "there is no hub at {shown}: run `cargo build` first"
    );
    hub
}

fn loadtest(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    command.args(arguments).env("GENERIC_CORP_BIN", hub());
    command.output().expect("the load test runs")
}

/// What it told, when it ended with this status.
#[track_caller]
fn told(output: &Output, code: i32) -> String {
    let told = [&output.stdout[..], &output.stderr[..]].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    assert_eq!(output.status.code(), Some(code), "{told}");
    told
}

/// Tortures a cluster and gives the history; its verdict is good.
fn torture(folder: &Path, arguments: &[&str]) -> PathBuf {
    let history = folder.join("history.jsonl");
    let path = format!("--history={}", history.display());
    let fixed = ["torture", "--no-progress", &path];
    let output = loadtest(&[&fixed[..], arguments].concat());
    let told = told(&output, 0);
    assert!(
        told.contains("torture: good") && told.contains("seed "),
        "{told}"
    );
    history
}

#[test]
#[ignore = "starts PostgreSQL, Redis and three nodes"]
fn a_tortured_cluster_loses_nothing_and_a_forged_history_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let history = torture(folder.path(), &["--faults=16", "--duration=45s"]);
    let check = |path: &Path| loadtest(&["torture", "check", &path.display().to_string()]);
    let again = told(&check(&history), 0);
    assert!(again.contains("torture: good"), "{again}");
    // An ack at another place than where the event stands.
    let text = std::fs::read_to_string(&history).expect("a history");
    let forged = text.replacen(r#""acked":{"seq":1,"#, r#""acked":{"seq":2,"#, 1);
    assert_ne!(text, forged);
    let path = folder.path().join("forged.jsonl");
    std::fs::write(&path, forged).expect("written");
    let found = told(&check(&path), 1);
    assert!(
        found.contains("✗ lost") && found.contains("NOT GOOD"),
        "{found}"
    );
    // One that breaks off proves nothing.
    let half = &text[..text.find('\n').expect("a line") + 1];
    std::fs::write(&path, half).expect("written");
    let told = told(&check(&path), 1);
    assert!(told.contains("ends before the run did"), "{told}");
}

#[test]
#[ignore = "starts PostgreSQL and three nodes"]
fn a_tortured_cluster_without_redis_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    torture(
        folder.path(),
        &["--faults=8", "--duration=25s", "--without-redis"],
    );
}

#[test]
#[ignore = "starts PostgreSQL, Redis and three nodes"]
fn a_rolling_restart_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let history = folder.path().join("history.jsonl");
    let path = format!("--history={}", history.display());
    let output = loadtest(&["rolling", "--no-progress", &path]);
    let told = told(&output, 0);
    assert!(
        told.contains("rolling: good") && told.contains("reconnect of a viewer"),
        "{told}"
    );
}
