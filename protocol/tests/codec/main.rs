//! Whatever comes in is read or refused, never a panic; what this crate writes, it reads back.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod faults;
mod frame;

use frame::{client_frame, json_text, server_frame};
use generic_corp_protocol::codec::{decode, decode_body, decode_server, encode};
use generic_corp_protocol::frame::Publish;
use generic_corp_protocol::limit::{MAX_FRAMES_PER_MESSAGE, MAX_JSON_DEPTH};
use generic_corp_protocol::{BinaryFrame, ClientFrame, ErrorCode};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::RefCell;

/// A frame with some of its characters cut out, put in or repeated.
fn mangled() -> impl Strategy<Value = String> {
    let cuts = vec((any::<prop::sample::Index>(), 0usize..6, ".{0,3}"), 1..6);
    (client_frame(), cuts).prop_map(|(frame, cuts)| {
        let mut text: Vec<char> = encode(&frame).chars().collect();
        for (at, length, put) in cuts {
            let from = at.index(text.len() + 1);
            let to = (from + length).min(text.len());
            text.splice(from..to, put.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn arbitrary_text_is_read_or_refused(
        text in prop_oneof![any::<String>(), json_text(), mangled(), "[\\[\\]{}\",:\\\\ud8-f0]{0,80}"]
    ) {
        match decode(&text) {
            Ok(frames) => prop_assert!(frames.len() <= MAX_FRAMES_PER_MESSAGE),
            Err(error) => prop_assert!(!error.message.is_empty()),
        }
        let _ = decode_server(&text);
        let _ = decode_body::<Publish>(&text);
    }

    #[test]
    fn a_client_frame_is_read_as_it_was_written(frame in client_frame()) {
        let text = encode(&frame);
        let read = decode(&text).expect("a message").remove(0).expect("a frame");
        prop_assert_eq!(read.kind(), frame.kind());
        prop_assert_eq!(read.id(), frame.id());
        prop_assert_eq!(encode(&read), text);
    }

    #[test]
    fn a_server_frame_is_read_as_it_was_written(frame in server_frame()) {
        let text = encode(&frame);
        let read = decode_server(&text).expect("a frame");
        prop_assert_eq!(read.iter().map(encode).collect::<Vec<_>>(), [text]);
    }

    #[test]
    fn frames_of_an_array_stand_for_themselves(frames in vec((client_frame(), any::<bool>()), 1..9)) {
        let texts: Vec<String> = frames
            .iter()
            .map(|(frame, sound)| if *sound { encode(frame) } else { r#"{"type":"x"}"#.to_owned() })
            .collect();
        let read = decode(&format!(" [{}]", texts.join(","))).expect("an array");
        prop_assert_eq!(read.len(), frames.len());
        for ((read, (frame, sound)), text) in read.iter().zip(&frames).zip(&texts) {
            match read {
                Ok(read) => prop_assert_eq!((encode(read), read.id()), (text.clone(), frame.id())),
                Err(error) => prop_assert!(!sound && error.code == ErrorCode::UnknownType),
            }
        }
    }

    #[test]
    fn a_field_that_is_not_known_is_named(frame in client_frame(), name in "x[a-z]{3,9}") {
        let mut value: Value = serde_json::from_str(&encode(&frame)).unwrap_or_default();
        prop_assume!(value.is_object());
        value[&name] = json!(1);
        let error = decode(&value.to_string()).expect("JSON").remove(0).expect_err("refused");
        prop_assert_eq!(error.code, ErrorCode::UnknownField);
        prop_assert!(error.message.contains(&name));
        prop_assert_eq!(error.id.as_deref(), frame.id());
    }

    #[test]
    fn depth_has_an_end(depth in 1usize..300) {
        let body = "[".repeat(depth) + &"]".repeat(depth);
        let text = format!(r#"{{"type":"publish","room":"lobby","body":{body}}}"#);
        prop_assert_eq!(decode(&text).is_ok(), depth < MAX_JSON_DEPTH);
    }

    #[test]
    fn binary_frames_are_read_as_they_were_written(message in vec(any::<u8>(), 0..80)) {
        match BinaryFrame::decode(&message) {
            Some(frame) => prop_assert_eq!(frame.encode(), message),
            None => prop_assert!(message.len() < 13 || !matches!(message[0], 1 | 2)),
        }
    }
}

#[test]
fn every_type_of_a_client_was_tried() {
    // The strategies above are written by hand: a new frame without one is found here.
    let missing = RefCell::new(ClientFrame::TYPES.to_vec());
    let config = ProptestConfig {
        cases: 600,
        ..ProptestConfig::default()
    };
    let seen = proptest::test_runner::TestRunner::new(config).run(&client_frame(), |frame| {
        missing.borrow_mut().retain(|kind| *kind != frame.kind());
        Ok(())
    });
    assert!(seen.is_ok());
    assert_eq!(missing.into_inner(), Vec::<&str>::new());
}
