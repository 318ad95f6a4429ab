//! What is refused, with which code and in which words.

use generic_corp_protocol::{ErrorCode, Slug, decode, encode};
use proptest::prelude::*;

fn refused(text: &str) -> (ErrorCode, String, Option<String>) {
    let error = match decode(text) {
        Err(error) => error,
        Ok(mut frames) => match frames.remove(0) {
            Err(error) => error,
            Ok(frame) => panic!("{text} was read as {frame:?}"),
        },
    };
    (error.code, error.message, error.id)
}

#[test]
fn each_fault_has_its_code() {
    use ErrorCode::{Invalid, InvalidFrame, InvalidJson, UnknownField, UnknownType};
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    let many = format!("[{}1]", "1,".repeat(64));
    let long_id = format!(r#"{{"type":"join","room":"a","id":"{}"}}"#, "i".repeat(65));
    for (text, code) in [
        ("", InvalidJson),
        ("{", InvalidJson),
        (r#"{"type":"join","room":"a"} x"#, InvalidJson),
        (&deep, InvalidJson),
        (
            r#"{"type":"publish","room":"a","body":"\ud800"}"#,
            InvalidJson,
        ),
        (&many, Invalid),
        ("7", InvalidFrame),
        ("[7]", InvalidFrame),
        ("{}", InvalidFrame),
        (r#"{"type":7}"#, InvalidFrame),
        (r#"{"type":"join"}"#, InvalidFrame),
        (r#"{"type":"join","room":7}"#, InvalidFrame),
        (r#"{"type":"join","room":"a","after":-1}"#, InvalidFrame),
        (r#"{"type":"joined"}"#, UnknownType),
        (r#"{"type":"join","room":"a","rooom":1}"#, UnknownField),
        (r#"{"type":"join","room":"A"}"#, Invalid),
        (r#"{"type":"join","room":"a","id":""}"#, Invalid),
        (&long_id, Invalid),
    ] {
        assert_eq!(refused(text).0, code, "{text}");
    }
}

#[test]
fn a_fault_names_the_request_and_the_field() {
    let (_, message, id) = refused(r#"{"id":"7","type":"join","room":"a","rooom":1}"#);
    assert_eq!(id.as_deref(), Some("7"));
    assert!(
        message.starts_with("join: unknown field `rooom`"),
        "{message}"
    );
    let (_, message, _) = refused(&format!(r#"{{"type":"join","{}":1}}"#, "x".repeat(60_000)));
    assert!(message.len() < 300, "a long name is cut");
}

#[test]
fn each_frame_of_a_message_stands_by_itself() {
    let text =
        r#"[{"type":"join","room":"a"},{"type":"nope","id":"2"},{"type":"leave","room":"a"}]"#;
    let frames = decode(text).expect("an array");
    let kinds: Vec<_> = frames
        .iter()
        .map(|frame| {
            frame
                .as_ref()
                .map(|frame| frame.kind())
                .map_err(|error| error.code)
        })
        .collect();
    assert_eq!(
        kinds,
        [Ok("join"), Err(ErrorCode::UnknownType), Ok("leave")]
    );
}

#[test]
fn a_body_stays_the_bytes_it_was() {
    let text = r#"{"type":"publish","room":"a","body":{"z":1.50,"a":1e400, "e":"\u00e9"}}"#;
    let frame = decode(text).expect("JSON").remove(0).expect("a frame");
    assert_eq!(encode(&frame), text);
}

proptest! {
    #[test]
    fn a_name_is_short_and_plain(text in "[a-zA-Z0-9._/ -]{0,70}") {
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        prop_assert_eq!(Slug::parse(&text).is_ok(), plain && begins && text.len() <= 64);
    }
}
