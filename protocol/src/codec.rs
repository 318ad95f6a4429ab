//! Text to frames and back. A message is decoded once; bodies stay raw JSON.

use crate::limit::{MAX_FRAMES_PER_MESSAGE, MAX_ID_BYTES, MAX_JSON_DEPTH};
use crate::{ClientFrame, ErrorCode, Event, ServerFrame};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// Most characters of serde's words that are passed on.
const MAX_CAUSE_CHARS: usize = 256;

/// Why a text is no frame, in words a person can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The request's `id`, where it could be read.
    pub id: Option<String>,
    /// One of `invalid_json`, `invalid_frame`, `unknown_type`, `unknown_field`, `invalid`.
    pub code: ErrorCode,
    /// Where and what.
    pub message: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for DecodeError {}

impl DecodeError {
    fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            id: None,
            code,
            message: message.into(),
        }
    }
}

/// Reads a client's WebSocket text message: one frame, or an array of frames.
///
/// Each frame succeeds or fails by itself, in order.
///
/// # Errors
/// The whole message fails when it is no JSON, nests deeper than [`MAX_JSON_DEPTH`], holds a lone
/// surrogate, or is an array of none or more than [`MAX_FRAMES_PER_MESSAGE`].
pub fn decode(text: &str) -> Result<Vec<Result<ClientFrame, DecodeError>>, DecodeError> {
    check(text)?;
    if !text.trim_start().starts_with('[') {
        return Ok(vec![decode_one(text)]);
    }
    let frames: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| fault("", &error))?;
    if frames.is_empty() || frames.len() > MAX_FRAMES_PER_MESSAGE {
        return Err(DecodeError::new(
            ErrorCode::Invalid,
            format!("a message carries 1 to {MAX_FRAMES_PER_MESSAGE} frames"),
        ));
    }
    Ok(frames
        .into_iter()
        .map(|raw| decode_one(raw.get()))
        .collect())
}

/// Reads the JSON body of an HTTP request, with the same checks and words as a frame.
///
/// # Errors
/// `invalid_json`, `invalid_frame`, `unknown_field` or `invalid`.
pub fn decode_body<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, DecodeError> {
    check(text)?;
    serde_json::from_str(text).map_err(|error| fault("", &error))
}

fn decode_one(text: &str) -> Result<ClientFrame, DecodeError> {
    let head: Head = serde_json::from_str(text).map_err(|error| fault("", &error))?;
    let id = head
        .id
        .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    let fail = |mut error: DecodeError| {
        error.id = id.clone().filter(|id| id.len() <= MAX_ID_BYTES);
        error
    };
    if id
        .as_ref()
        .is_some_and(|id| id.is_empty() || id.len() > MAX_ID_BYTES)
    {
        let message = format!("`id` has 1 to {MAX_ID_BYTES} bytes");
        return Err(DecodeError::new(ErrorCode::Invalid, message));
    }
    let Some(tag) = head.tag else {
        return Err(fail(DecodeError::new(
            ErrorCode::InvalidFrame,
            "field `type` is missing",
        )));
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match ClientFrame::read(&tag, WithoutType(&mut deserializer)) {
        Some(Ok(frame)) => Ok(frame),
        Some(Err(error)) => Err(fail(fault(&tag, &error))),
        None => Err(fail(DecodeError::new(
            ErrorCode::UnknownType,
            format!(
                "there is no frame type `{}`",
                tag.escape_debug().take(64).collect::<String>()
            ),
        ))),
    }
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    tag: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

/// Syntax errors keep their place but not serde's inner words.
fn fault(tag: &str, error: &serde_json::Error) -> DecodeError {
    if error.is_data() {
        return shape(tag, error);
    }
    let (line, column) = (error.line(), error.column());
    DecodeError::new(
        ErrorCode::InvalidJson,
        format!("not JSON at line {line} column {column}"),
    )
}

fn shape(tag: &str, error: &serde_json::Error) -> DecodeError {
    let text = error.to_string();
    let cause = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(cause, _)| cause);
    let code = match cause {
        cause if cause.starts_with("unknown field") => ErrorCode::UnknownField,
        cause if cause.starts_with("a name has") => ErrorCode::Invalid,
        _ => ErrorCode::InvalidFrame,
    };
    let place = if tag.is_empty() {
        String::new()
    } else {
        format!("{tag}: ")
    };
    DecodeError::new(code, format!("{place}{}", shown(cause)))
}

/// serde's words without the value it met, which may be a secret in the wrong field. Names are shown,
/// but no more of them than a line holds.
fn shown(cause: &str) -> String {
    let without_value = match cause.rsplit_once(", expected ") {
        Some((found, expected)) if !found.starts_with("unknown field") => {
            let kind = found.split(['"', '`']).next().unwrap_or_default();
            format!("{}, expected {expected}", kind.trim_end())
        }
        _ => cause.to_owned(),
    };
    let escape = |c: char| match c {
        ' ' | '!'..='~' => c.to_string(),
        other => other.escape_debug().to_string(),
    };
    without_value
        .chars()
        .take(MAX_CAUSE_CHARS)
        .map(escape)
        .collect()
}

/// One look over the text for what serde's skipping of raw values lets through.
fn check(text: &str) -> Result<(), DecodeError> {
    let bytes = text.as_bytes();
    let (mut depth, mut at, mut in_string) = (0usize, 0usize, false);
    while at < bytes.len() {
        match (in_string, bytes[at]) {
            (true, b'\\') => {
                if bytes.get(at + 1) == Some(&b'u') {
                    at += surrogates(&bytes[at..])?;
                }
                at += 1;
            }
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => {
                depth += 1;
                if depth > MAX_JSON_DEPTH {
                    let message = format!("nested deeper than {MAX_JSON_DEPTH}");
                    return Err(DecodeError::new(ErrorCode::InvalidJson, message));
                }
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// How far to skip beyond a `\uXXXX` escape at the start of `bytes`, past the pair of a surrogate.
fn surrogates(bytes: &[u8]) -> Result<usize, DecodeError> {
    let unit = |at: usize| {
        let digits = bytes
            .get(at..at + 4)
            .and_then(|hex| std::str::from_utf8(hex).ok())?;
        u16::from_str_radix(digits, 16).ok()
    };
    let lone = || {
        Err(DecodeError::new(
            ErrorCode::InvalidJson,
            "a lone surrogate in a string",
        ))
    };
    match unit(2) {
        Some(0xD800..=0xDBFF) => match (bytes.get(6..8), unit(8)) {
            (Some(b"\\u"), Some(0xDC00..=0xDFFF)) => Ok(10),
            _ => lone(),
        },
        Some(0xDC00..=0xDFFF) => lone(),
        // Malformed digits are left to the parser.
        _ => Ok(0),
    }
}

/// A map without its `type` field, so that a frame's own struct can refuse unknown fields. (serde's
/// internally tagged enums buffer their content, which loses raw values.)
struct WithoutType<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for WithoutType<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(SkipType(visitor))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct SkipType<T>(T);

impl<'de, V: Visitor<'de>> Visitor<'de> for SkipType<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(SkipType(map))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for SkipType<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.0.next_key::<Cow<'de, str>>()? {
            if key != "type" {
                let key = serde::de::value::CowStrDeserializer::new(key);
                return seed.deserialize(key).map(Some);
            }
            self.0.next_value::<IgnoredAny>()?;
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

/// Reads a frame from the hub, or each of an array.
///
/// Types this build does not know are left out: clients outlive hubs.
///
/// # Errors
/// When the text is no JSON or a known frame has the wrong shape.
pub fn decode_server(text: &str) -> Result<Vec<ServerFrame>, serde_json::Error> {
    if text.trim_start().starts_with('[') {
        let frames: Vec<&RawValue> = serde_json::from_str(text)?;
        return frames
            .iter()
            .filter_map(|raw| decode_server_one(raw.get()).transpose())
            .collect();
    }
    Ok(decode_server_one(text)?.into_iter().collect())
}

fn decode_server_one(text: &str) -> Result<Option<ServerFrame>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Tag<'a> {
        #[serde(borrow, rename = "type")]
        tag: Cow<'a, str>,
    }
    match serde_json::from_str::<Tag>(text)?.tag.as_ref() {
        "event" => Ok(Some(ServerFrame::Event(serde_json::from_str::<Event>(
            text,
        )?))),
        "welcome" | "joined" | "ok" | "error" | "ephemeral" | "stream.data" | "stream.ack"
        | "stream.closed" | "cancel" | "presence" | "usage" | "reset" | "goaway" => {
            serde_json::from_str(text).map(Some)
        }
        _ => Ok(None),
    }
}

/// A frame as JSON text. Frames are made of plain data, so this cannot fail.
pub fn encode<T: Serialize>(frame: &T) -> String {
    serde_json::to_string(frame).unwrap_or_default()
}
