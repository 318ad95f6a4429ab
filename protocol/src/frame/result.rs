//! What `ok` carries: the `result` of each request that has one.

use crate::{Event, StreamId, StreamInfo, StreamState, Timestamp};
use serde::{Deserialize, Serialize};

/// The `result` of `publish`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Published {
    /// The event's position in the room's log; left out for an ephemeral one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
    pub seq: Option<u64>,
    /// When the hub accepted it.
    pub time: Timestamp,
    /// Whether the key was used before, so that this is the first answer again.
    pub duplicate: bool,
}

/// The `result` of `history`, ascending by `seq`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryPage {
    /// The events.
    pub events: Vec<Event>,
    /// The newest `seq` of the room.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub head: u64,
    /// The log's epoch.
    pub epoch: String,
    /// The smallest `seq` that is kept: 1 unless older events were removed.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub oldest: u64,
    /// Whether there are more in the direction asked for.
    pub more: bool,
}

/// The `result` of `stream.open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StreamOpened {
    /// The stream.
    pub stream: StreamId,
    /// The `seq` of its `stream.opened` event.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub seq: u64,
    /// Go on from this byte: 0, or what an earlier life of the producer has stored.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub offset: u64,
    /// Whether the key was used before.
    pub duplicate: bool,
    /// For binary frames on this connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub handle: Option<u32>,
    /// Open, or how it ended.
    pub state: StreamState,
}

/// The `result` of `stream.read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StreamReading {
    /// The stream as it stands.
    pub info: StreamInfo,
    /// Bytes from here on follow.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub offset: u64,
    /// For binary frames on this connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub handle: Option<u32>,
}
