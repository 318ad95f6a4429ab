//! What there is to find in an event, and how it is shown.

use generic_corp_protocol::{Event, StreamId};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use unicode_segmentation::UnicodeSegmentation as _;

/// The kind whose body names a stream.
const STREAM_OPENED: &str = "stream.opened";
/// The kind that ends one: it has nothing that its beginning has not.
const STREAM_CLOSED: &str = "stream.closed";
/// Words of one event that can be found.
const MAX_WORDS: usize = 2000;
/// Letters of a word; longer ones are found by as many.
const MAX_LETTERS: usize = 64;
/// Objects and lists in one another that are looked into.
const MAX_DEPTH: usize = 16;
/// Letters of an excerpt before and behind the first word that was found.
const BEFORE: usize = 60;
const BEHIND: usize = 180;

/// The body of an event that opens a stream.
#[derive(Deserialize)]
pub struct Opened {
    /// Which one.
    pub stream: StreamId,
    name: String,
}

impl Opened {
    /// Of an event; `None` when it opens none.
    pub fn of(kind: &str, body: &str) -> Option<Self> {
        (kind == STREAM_OPENED).then(|| serde_json::from_str(body).ok())?
    }
}

/// The words of a text in their order, in lower case: letters and digits only, as the boundaries of Unicode (UAX 29)
/// part them. A Chinese or Japanese character is a word by itself.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.unicode_words()
        .flat_map(|word| word.split(|letter: char| !letter.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(|word| {
            let lower = word.to_lowercase();
            // Lower case may bring a mark along that is neither letter nor digit.
            let letters = lower.chars().filter(|letter| letter.is_alphanumeric());
            letters.take(MAX_LETTERS).collect()
        })
}

/// All words by which an event is found: of its body, its kind and its sender's name.
pub fn of_event(event: &Event) -> Vec<String> {
    if event.kind == STREAM_CLOSED {
        return Vec::new();
    }
    let body = of_body(&event.kind, event.body.get());
    let name = words(&event.sender.name);
    let kind = words(&event.kind).chain(event.mentions.iter().flat_map(|name| words(name)));
    let mut found = BTreeSet::new();
    for word in name.chain(kind).chain(words(&body)) {
        found.insert(word);
        if found.len() >= MAX_WORDS {
            break;
        }
    }
    found.into_iter().collect()
}

/// What a person reads of a body: its strings, `text` before all others; of a stream its name.
pub fn of_body(kind: &str, body: &str) -> String {
    if let Some(opened) = Opened::of(kind, body) {
        return opened.name;
    }
    let mut parts = Vec::new();
    match serde_json::from_str(body) {
        Ok(Value::Object(mut fields)) => {
            parts.extend(fields.remove("text").and_then(|text| match text {
                Value::String(text) => Some(text),
                _ => None,
            }));
            collect(Value::Object(fields), 0, &mut parts);
        }
        Ok(value) => collect(value, 0, &mut parts),
        Err(_) => {}
    }
    parts.join(" · ")
}

fn collect(value: Value, depth: usize, parts: &mut Vec<String>) {
    match value {
        Value::String(text) => parts.push(text),
        Value::Array(values) if depth < MAX_DEPTH => {
            for value in values {
                collect(value, depth + 1, parts);
            }
        }
        Value::Object(fields) if depth < MAX_DEPTH => {
            for (_, value) in fields {
                collect(value, depth + 1, parts);
            }
        }
        _ => {}
    }
}

/// The text around the first of these words in it, in one line.
pub fn excerpt(text: &str, words: &[String]) -> String {
    let line: Vec<char> = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .collect();
    let is_at = |at: usize| words.iter().any(|word| begins_with(&line[at..], word));
    let begins = |at: usize| (at == 0 || !line[at - 1].is_alphanumeric()) && is_at(at);
    let mut places = 0..line.len();
    // A Chinese or Japanese word has letters before it.
    let found = places.clone().find(|at| begins(*at));
    let found = found.or_else(|| places.find(|at| is_at(*at))).unwrap_or(0);
    let from = found.saturating_sub(BEFORE);
    let to = (found + BEHIND).min(line.len());
    let mut excerpt: String = line[from..to].iter().collect();
    if from > 0 {
        excerpt.insert(0, '…');
    }
    if to < line.len() {
        excerpt.push('…');
    }
    excerpt
}

fn begins_with(line: &[char], word: &str) -> bool {
    let mut letters = line.iter().flat_map(|letter| letter.to_lowercase());
    word.chars().all(|letter| letters.next() == Some(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_are_letters_and_digits_in_lower_case() {
        assert_eq!(
            all("src/main.rs: Don't panic!"),
            ["src", "main", "rs", "don", "t", "panic"]
        );
        assert_eq!(all("v2.0-rc1_final"), ["v2", "0", "rc1", "final"]);
        assert_eq!(all("ÜBER Straße ΣΊΣΥΦΟΣ"), ["über", "straße", "σίσυφος"]);
        assert_eq!(all("東京 deploy"), ["東", "京", "deploy"]);
        assert_eq!(all("\" OR 1=1 -- ' \\ * :"), ["or", "1", "1"]);
        assert!(all("🚀 … \u{202e} --").is_empty());
        assert_eq!(all(&"x".repeat(100))[0].len(), MAX_LETTERS);
        for word in all("İstanbul e\u{301}té ﬃ") {
            assert!(word.chars().all(char::is_alphanumeric), "{word:?}");
        }
    }

    #[test]
    fn a_body_is_its_strings_and_text_comes_first() {
        let body = r#"{"code":7,"note":"later","text":"first","more":[{"x":"deep"},null,true]}"#;
        assert_eq!(of_body("message", body), "first · deep · later");
        assert_eq!(of_body("message", "\"bare\""), "bare");
        assert_eq!(of_body("message", "12"), "");
        let deep = format!("{}\"x\"{}", "[".repeat(40), "]".repeat(40));
        assert_eq!(of_body("message", &deep), "");
    }

    #[test]
    fn an_excerpt_is_around_the_first_word() {
        let text = format!(
            "{} the Deploy\nfailed {}",
            "a ".repeat(200),
            "b ".repeat(200)
        );
        let shown = excerpt(&text, &["deploy".to_owned()]);
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.contains("the Deploy failed b"), "{shown}");
        assert_eq!(
            excerpt("redeploy, deployed", &["deploy".to_owned()]),
            "redeploy, deployed"
        );
        assert_eq!(excerpt("", &["x".to_owned()]), "");
        let text = format!("{}東京", "a ".repeat(200));
        assert!(excerpt(&text, &["京".to_owned()]).ends_with("東京"));
    }
}
