//! Limits that are part of the contract. What a plan sells is in `config/plans.toml` instead.

/// Largest WebSocket message a client may send, in bytes. Larger content goes through streams.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;
/// Largest payload of one stream append, in bytes, over any transport but HTTP.
pub const MAX_APPEND_BYTES: usize = 48 * 1024;
/// Deepest nesting of a JSON message.
pub const MAX_JSON_DEPTH: usize = 64;
/// Frames that one WebSocket message may carry as an array.
pub const MAX_FRAMES_PER_MESSAGE: usize = 64;
/// Longest request id, in bytes.
pub const MAX_ID_BYTES: usize = 64;
/// Longest idempotency key, in bytes.
pub const MAX_KEY_BYTES: usize = 128;
/// Longest event kind, in bytes.
pub const MAX_KIND_BYTES: usize = 64;
/// Longest stream name, reason, presence text or other short label, in bytes.
pub const MAX_LABEL_BYTES: usize = 256;
/// Most names an event may mention.
pub const MAX_MENTIONS: usize = 32;
/// Rooms one connection may be joined to at a time.
pub const MAX_ROOMS_PER_CONNECTION: usize = 100;
/// Streams one connection may read at a time.
pub const MAX_STREAMS_PER_CONNECTION: usize = 100;
/// Requests of one connection that may wait for their commit; beyond it the hub stops reading the socket.
pub const MAX_IN_FLIGHT: usize = 128;
/// Most events one page of history holds.
pub const MAX_HISTORY_PAGE: u32 = 500;
/// Most events `join` hands out by `tail`.
pub const MAX_TAIL_EVENTS: u64 = 10_000;
/// Every `seq` and `offset` stays below 2^53, so that JavaScript holds it exactly.
pub const MAX_POSITION: u64 = (1 << 53) - 1;
/// In a larger room only the number of members is told, not who they are.
pub const MAX_MEMBERS_SHOWN: usize = 200;
