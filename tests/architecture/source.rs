//! Rust files as text: found, and freed of comments, strings and tests.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Rust files under `folder`, with paths relative to the root.
pub(crate) fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            let skipped = ["target", "node_modules"].map(|name| path.ends_with(name));
            if skipped == [false, false] {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = fs::read_to_string(&path).expect("a Rust file");
            let path = path.strip_prefix(root()).expect("below the root");
            found.push((path.to_string_lossy().into_owned(), text));
        }
    }
}

/// Words, `::` and single signs.
pub(crate) fn tokens(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let length = match word {
            0 if rest.starts_with("::") => 2,
            0 => first.len_utf8(),
            word => word,
        };
        found.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    found
}

/// Code without comments and, unless `strings`, without what stands in quotes.
pub(crate) fn bare(text: &str, strings: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, kept) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), false),
            '/' if rest.starts_with("/*") => (until(rest, 2, "*/"), false),
            '"' => (string(rest), strings),
            'r' if raw(rest).is_some() => (raw(rest).unwrap_or(1), strings),
            '\'' => (character(rest), true),
            other => (other.len_utf8(), true),
        };
        // An identifier that ends in r is no raw string.
        let inside_word = first == 'r' && out.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let (length, kept) = if inside_word {
            (1, true)
        } else {
            (length, kept)
        };
        out.push_str(if kept { &rest[..length] } else { " " });
        rest = &rest[length..];
    }
    out
}

fn until(text: &str, from: usize, end: &str) -> usize {
    text[from..]
        .find(end)
        .map_or(text.len(), |at| from + at + end.len())
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

/// The length of a raw string that begins here.
fn raw(text: &str) -> Option<usize> {
    let hashes = text[1..].bytes().take_while(|b| *b == b'#').count();
    text[1 + hashes..].starts_with('"').then(|| {
        let end = format!("\"{}", "#".repeat(hashes));
        until(text, 2 + hashes, &end)
    })
}

/// The length of a character, or of the sign of a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), _) => until(text, 3, "'"),
        (_, Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

/// Code up to its tests, which stand last in a file.
pub(crate) fn without_tests(code: &str) -> String {
    let tests = code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len());
    code[..tests].to_owned()
}
