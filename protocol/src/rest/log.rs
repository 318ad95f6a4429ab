//! Writing and reading a room's log and its streams without a socket.

use crate::frame::CancelNotice;
use crate::message::StreamRole;
use crate::{Slug, StreamId, StreamInfo, StreamOutcome, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

bodies! {
    /// `POST /workspaces/{workspace}/rooms/{room}/events`. The key may also come as header `Idempotency-Key`.
    request NewEvent {
        /// Idempotency key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        key: Option<String>,
        /// What it is; `message` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        kind: Option<String>,
        /// The content: any JSON value.
        #[cfg_attr(feature = "typescript", ts(type = "unknown"))]
        #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
        body: Box<RawValue>,
        /// Names addressed by it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<Vec<Slug>>"))]
        mentions: Vec<Slug>,
        /// The `seq` it answers to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        reply_to: Option<u64>,
    }
    /// `POST /workspaces/{workspace}/rooms/{room}/streams`. The key may also come as header `Idempotency-Key`.
    request NewStream {
        /// Idempotency key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        key: Option<String>,
        /// The name to show.
        name: String,
        /// What it carries.
        #[serde(default)]
        #[cfg_attr(feature = "typescript", ts(optional, as = "Option<StreamRole>"))]
        role: StreamRole,
        /// Its media type; `text/x-ansi` when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        media_type: Option<String>,
        /// The tool call it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        tool_call: Option<String>,
        /// The stream it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        parent: Option<StreamId>,
    }
    /// `GET /workspaces/{workspace}/rooms/{room}/streams`, the newest first.
    answer StreamPage {
        /// The streams.
        streams: Vec<StreamInfo>,
        /// Whether there are older ones.
        more: bool,
    }
    /// When bytes of a stream were stored.
    answer StreamTime {
        /// The bytes from here to the `offset` of the next one.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        offset: u64,
        /// When the first of them was stored; all of them were before the `time` of the next one.
        time: Timestamp,
    }
    /// `GET /workspaces/{workspace}/streams/{stream}/times`.
    answer StreamTimes {
        /// In order, each later than the one before.
        times: Vec<StreamTime>,
        /// Give this as `offset` for those behind these; missing when there are none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        next: Option<u64>,
    }
    /// The answer to an append over HTTP.
    answer Appended {
        /// Everything before this byte is committed.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        offset: u64,
        /// Somebody asks the producer to stop.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        cancel: Option<CancelNotice>,
    }
    /// `POST /workspaces/{workspace}/streams/{stream}/close`.
    request CloseStream {
        /// Its final length.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        offset: u64,
        /// `completed`, `failed` or `cancelled`.
        outcome: StreamOutcome,
        /// The exit status of the tool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        exit_code: Option<i32>,
    }
    /// `POST /workspaces/{workspace}/streams/{stream}/cancel`.
    request CancelStream {
        /// Why, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional))]
        reason: Option<String>,
    }
}
