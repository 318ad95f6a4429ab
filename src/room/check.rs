//! Checks what a client gives, at the edge; past here keys, kinds and names are sound.

use super::Error;
use generic_corp_protocol::Slug;
use generic_corp_protocol::limit::{
    MAX_KEY_BYTES, MAX_KIND_BYTES, MAX_LABEL_BYTES, MAX_MENTIONS, MAX_POSITION,
};

/// Kinds that only the hub writes.
const RESERVED_KINDS: [&str; 3] = ["stream.", "system.", "task."];
/// Keys that only the hub uses.
const RESERVED_KEYS: [&str; 2] = ["open:", "close:"];

/// The key, or a fresh one where there is none.
pub(super) fn key(key: Option<String>) -> Result<String, Error> {
    let Some(key) = key else {
        return Ok(uuid::Uuid::now_v7().to_string());
    };
    plain("key", &key, MAX_KEY_BYTES)?;
    if RESERVED_KEYS
        .iter()
        .any(|reserved| key.starts_with(reserved))
    {
        return Err(Error::Invalid(
            "`key` must not begin with `open:` or `close:`".into(),
        ));
    }
    Ok(key)
}

/// The kind, `message` where there is none.
pub(super) fn kind(kind: Option<String>) -> Result<String, Error> {
    let Some(kind) = kind else {
        return Ok("message".into());
    };
    let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if kind.is_empty() || kind.len() > MAX_KIND_BYTES || !kind.bytes().all(sound) {
        let text =
            format!("`kind` has 1 to {MAX_KIND_BYTES} characters of a-z, 0-9, '.', '_' and '-'");
        return Err(Error::Invalid(text));
    }
    if RESERVED_KINDS
        .iter()
        .any(|reserved| kind.starts_with(reserved))
    {
        return Err(Error::Invalid(format!(
            "events of kind `{kind}` are written by the hub alone"
        )));
    }
    Ok(kind)
}

/// A short text for people: not empty, bounded, without control characters.
pub(super) fn label(field: &str, text: &str) -> Result<(), Error> {
    plain(field, text, MAX_LABEL_BYTES)
}

/// The same where it may be left out.
pub(super) fn optional_label(field: &str, text: Option<&str>) -> Result<(), Error> {
    text.map_or(Ok(()), |text| label(field, text))
}

/// A bounded number of names.
pub(super) fn mentions(mentions: &[Slug]) -> Result<(), Error> {
    if mentions.len() > MAX_MENTIONS {
        return Err(Error::Invalid(format!(
            "`mentions` has at most {MAX_MENTIONS} names"
        )));
    }
    Ok(())
}

/// A `seq` or offset that JavaScript holds exactly.
pub(super) fn position(field: &str, position: u64) -> Result<(), Error> {
    if position > MAX_POSITION {
        return Err(Error::Invalid(format!("`{field}` stays below 2^53")));
    }
    Ok(())
}

fn plain(field: &str, text: &str, most: usize) -> Result<(), Error> {
    // Direction overrides would let a name pretend to be another.
    let forbidden =
        |c: char| c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if text.is_empty() || text.len() > most || text.chars().any(forbidden) {
        let text = format!("`{field}` has 1 to {most} bytes, without control characters");
        return Err(Error::Invalid(text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_kinds_of_the_hub_are_refused() {
        assert!(key(Some("open:1".into())).is_err());
        assert!(kind(Some("stream.opened".into())).is_err());
        assert!(kind(Some("task.created".into())).is_err());
        assert_eq!(kind(None).ok().as_deref(), Some("message"));
    }

    #[test]
    fn labels_refuse_control_characters_and_direction_overrides() {
        for bad in ["", "a\nb", "a\u{202E}b", &"x".repeat(257)] {
            assert!(label("name", bad).is_err(), "{bad:?}");
        }
        assert!(label("name", "cargo test -- --nocapture · größer").is_ok());
    }
}
