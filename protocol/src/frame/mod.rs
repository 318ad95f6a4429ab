//! The frames: what a client may say, what the hub says.

mod client;
mod result;
mod server;
mod welcome;

pub use client::{
    Cancel, ClientFrame, Hello, History, Join, Leave, Presence, Publish, StreamAppend, StreamClose,
    StreamOpen, StreamRead, Token,
};
pub use result::{HistoryPage, Published, StreamOpened, StreamReading};
pub use server::{
    CancelNotice, Ephemeral, Failure, Goaway, Joined, Okay, PresenceChange, Reset, ServerFrame,
    StreamAck, StreamClosed, StreamData, Usage, UsageLevel,
};
pub use welcome::{Limits, Quota, ServerInfo, Welcome, WorkspaceRef};
