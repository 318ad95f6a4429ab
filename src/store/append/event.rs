//! The events that the hub writes into a room for its streams.

use super::super::Error;
use super::super::op::{Draft, Entry, StreamDraft};
use generic_corp_protocol::{Sender, StreamId, StreamInfo, StreamState, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

pub(super) fn opened_info(draft: &StreamDraft, entry: &Entry) -> StreamInfo {
    StreamInfo {
        stream: draft.id,
        room: entry.event.room.clone(),
        name: draft.name.clone(),
        role: draft.role,
        media_type: draft.media_type.clone(),
        tool_call: draft.tool_call.clone(),
        parent: draft.parent,
        sender: draft.sender.clone(),
        state: StreamState::Open,
        length: 0,
        opened_at: entry.event.time,
        opened_seq: entry.event.seq,
        closed_at: None,
        exit_code: None,
    }
}

pub(super) fn opened_event(draft: &StreamDraft) -> Result<Draft, Error> {
    let mut body = serde_json::json!({
        "stream": draft.id, "name": draft.name, "role": draft.role, "media_type": draft.media_type,
    });
    if let Some(call) = &draft.tool_call {
        body["tool_call"] = call.as_str().into();
    }
    if let Some(parent) = &draft.parent {
        body["parent"] = parent.to_string().into();
    }
    hub_event(
        draft.sender.clone(),
        format!("open:{}", draft.id),
        "stream.opened",
        &body,
    )
}

/// The body of `stream.closed`.
#[derive(Serialize)]
struct Closed<'a> {
    stream: StreamId,
    name: &'a str,
    outcome: StreamState,
    length: u64,
    duration_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    /// As the producer gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
}

pub(super) fn closed_event(
    info: &StreamInfo,
    metadata: Option<&RawValue>,
    now: Timestamp,
) -> Result<Draft, Error> {
    let body = Closed {
        stream: info.stream,
        name: &info.name,
        outcome: info.state,
        length: info.length,
        duration_ms: now.0.saturating_sub(info.opened_at.0),
        exit_code: info.exit_code,
        metadata,
    };
    hub_event(
        info.sender.clone(),
        format!("close:{}", info.stream),
        "stream.closed",
        &body,
    )
}

/// An event that the hub writes in the producer's name. Its key cannot meet a client's: see `room::check`.
fn hub_event(
    sender: Sender,
    key: String,
    kind: &str,
    body: &impl Serialize,
) -> Result<Draft, Error> {
    let body =
        serde_json::value::to_raw_value(body).map_err(|error| Error::Fault(error.to_string()))?;
    Ok(Draft {
        sender,
        key,
        kind: kind.to_owned(),
        body,
        mentions: Vec::new(),
        reply_to: None,
    })
}
