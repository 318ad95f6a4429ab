//! What keeps a file readable.

use crate::import::place;
use crate::source::{bare, without_tests};

const MAX_LINES: usize = 400;
/// How SQL begins; of the hub only the store may hold it.
const SQL: [&str; 6] = [
    "SELECT ",
    "INSERT INTO ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "ALTER TABLE ",
    "PRAGMA ",
];

/// What makes a file hard to read or does not belong in it.
pub(crate) fn faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//! ") {
        faults.push(format!("{path}: the first line is no `//!` comment"));
    }
    let lines = text.lines().count();
    if lines > MAX_LINES {
        faults.push(format!("{path}: {lines} lines, more than {MAX_LINES}"));
    }
    let code = bare(text, false);
    for unfinished in ["todo!", "unimplemented!", "dbg!"] {
        if code.contains(unfinished) {
            faults.push(format!("{path}: `{unfinished}` is left"));
        }
    }
    // The load test holds the hub against a bare loop of commits.
    let store = path.starts_with("src/store/") || path.starts_with("loadtest/");
    if let Some((_, _)) = place(path)
        && !store
    {
        let code = without_tests(&bare(text, true));
        let statement = SQL.iter().find(|begin| code.contains(*begin));
        let database = ["sqlx::", "rusqlite::"].iter().find(|c| code.contains(*c));
        if let Some(what) = statement.or(database) {
            faults.push(format!("{path}: `{what}` outside of src/store"));
        }
    }
    faults
}
