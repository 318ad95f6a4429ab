//! The wire contract of generic-corp, version 1: types, codes, limits and the codec, nothing else.
//!
//! The server, the Rust client and the load test use this crate as it is; the TypeScript types are
//! generated from it (feature `typescript`). `docs/protocol.md` is the same contract in prose.

pub mod binary;
pub mod code;
pub mod codec;
pub mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
pub mod id;
pub mod limit;
pub mod message;
pub mod name;
pub mod rest;
pub mod time;

pub use binary::BinaryFrame;
pub use code::{CloseCode, ErrorCode};
pub use codec::{DecodeError, decode, decode_body, encode};
pub use frame::{ClientFrame, ServerFrame};
pub use id::{
    AgentId, ApiKeyId, ConnectionId, InviteId, OrganizationId, RoomId, SessionId, StreamId, UserId,
    WebhookId, WorkspaceId,
};
pub use message::{Event, Member, Sender, SenderKind, StreamInfo, StreamOutcome, StreamState};
pub use name::{NameError, Slug, is_label};
pub use time::Timestamp;

/// The WebSocket subprotocol a client offers and the hub selects.
pub const SUBPROTOCOL: &str = "generic-corp.v1";
