//! From the log to the viewers: hot tails, wake-ups, cursors.
//!
//! When a log grows its hot tail is told, and each actix worker that has viewers of it is woken once.
//! The worker goes through its viewers; each whose socket can take bytes reads from its cursors' positions
//! to the tail, the others do so when it can. There is no queue of messages per viewer anywhere.

mod cold;
mod compare;
mod cursor;
mod encode;
mod hub;
mod members;
mod outlet;
mod presence;
mod ring;
mod room_tail;
mod stream_tail;
mod stretch;
mod viewer;
mod wake;
mod worker;

pub use cursor::{Cursor, RoomCursor, StreamCursor};
pub use encode::{payloads, text_frame};
pub use hub::{Hub, Options};
pub use outlet::Outlet;
pub use presence::{Change, Others};
pub use room_tail::RoomTail;
pub use stream_tail::StreamTail;
pub use viewer::Viewer;
pub use wake::{Address, LogId, Mail};
pub use worker::{Client, Worker};
