//! Holds `docs/errors.md` to the codes: each is explained there, and nothing else is.

use generic_corp_protocol::{CloseCode, ErrorCode};
use std::fs;
use std::path::PathBuf;

fn page() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    fs::read_to_string(path).expect("docs/errors.md is there")
}

/// What stands under a heading, up to the next of its rank.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let heading = format!("\n{heading}\n");
    let begin = page.find(&heading).expect("the page has the heading") + heading.len();
    let rest = &page[begin..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// The rows of the table in a section that link to an explanation: their cells, links taken off.
fn rows(section: &str) -> Vec<Vec<String>> {
    let rows = section.lines().filter(|line| line.starts_with("| ["));
    rows.map(|row| {
        let cells = row.trim_matches('|').split(" | ").map(str::trim);
        cells.map(unlinked).collect()
    })
    .collect()
}

/// `[text](#anchor)` to `text`; GitHub makes a heading's anchor of the same text.
fn unlinked(cell: &str) -> String {
    let Some((text, anchor)) = cell
        .strip_prefix('[')
        .and_then(|cell| cell.strip_suffix(')'))
        .and_then(|cell| cell.split_once("](#"))
    else {
        return cell.to_owned();
    };
    let text = text.trim_matches('`');
    assert_eq!(text, anchor, "the link leads to its own explanation");
    text.to_owned()
}

fn yes(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

/// The headings in a section, and that each says what both sides should do.
fn explained(section: &str) -> Vec<&str> {
    let parts = section.split("\n### ").skip(1);
    parts
        .map(|part| {
            let (heading, text) = part.split_once('\n').expect("a heading and a text");
            for who in ["- **Client**: ", "- **Operator**: "] {
                assert!(text.contains(who), "{heading} lacks {who}");
            }
            heading.trim_matches('`')
        })
        .collect()
}

#[test]
fn every_error_code_is_explained_as_it_is() {
    let page = page();
    let expected: Vec<Vec<String>> = ErrorCode::ALL
        .iter()
        .map(|code| {
            let status = code.http_status().to_string();
            vec![code.to_string(), status, yes(code.retryable()).to_owned()]
        })
        .collect();
    let mut found = rows(section(&page, "## Error codes"));
    found.iter_mut().for_each(|row| row.truncate(3));
    assert_eq!(found, expected);
    let names: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(explained(section(&page, "## Each error code")), names);
}

#[test]
fn every_close_code_is_explained_as_it_is() {
    let page = page();
    let expected: Vec<[String; 3]> = CloseCode::ALL
        .iter()
        .map(|code| {
            let reconnect = yes(code.reconnect()).to_owned();
            [code.code().to_string(), reconnect, code.reason().to_owned()]
        })
        .collect();
    assert_eq!(rows(section(&page, "## Close codes")), expected);
    let numbers: Vec<String> = CloseCode::ALL
        .iter()
        .map(|code| code.code().to_string())
        .collect();
    assert_eq!(explained(section(&page, "## Each close code")), numbers);
}

#[test]
fn codes_are_read_back_and_fit_a_close_frame() {
    for code in ErrorCode::ALL {
        assert_eq!(ErrorCode::parse(code.as_str()), Some(*code));
    }
    for code in CloseCode::ALL {
        assert_eq!(CloseCode::from_code(code.code()), Some(*code));
        // A control frame carries 125 bytes, two of them the code.
        assert!(code.reason().len() <= 123, "{code:?}");
    }
}
