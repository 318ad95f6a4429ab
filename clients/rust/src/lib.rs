//! The Rust client of generic-corp.
//!
//! ```no_run
//! # async fn run() -> Result<(), generic_corp_client::Error> {
//! use generic_corp_client::{Client, RoomItem};
//!
//! let client = Client::builder("http://127.0.0.1:8080", "main").api_key_env().connect().await?;
//! let mut room = client.join("lobby").tail(20).await?;
//! loop {
//!     if let RoomItem::Event(event) = room.next().await? {
//!         if event.mentions.iter().any(|name| &**name == "echo") {
//!             client.say("lobby", "here").reply_to(event.seq).await?;
//!         }
//!     }
//! }
//! # }
//! ```
//!
//! One task owns the socket. It reconnects with jittered back-off and resumes: rooms go on after the
//! last event received, streams at the last byte, publishes are sent again with their key and written
//! streams from the durable offset. Nothing is lost or repeated, and nothing grows: a slow reader's
//! live copies are dropped and read from the history later, a writer waits while its window is full.

mod backoff;
mod builder;
mod client;
mod endpoint;
mod error;
mod feed;
mod link;
mod reader;
mod request;
mod room;
mod sequence;
mod sync;
mod window;
mod writer;

pub use builder::Builder;
pub use client::{Client, State};
pub use error::Error;
pub use generic_corp_protocol as protocol;
pub use reader::{Chunk, ReadFrom, StreamReader};
pub use request::{History, JoinRoom, OpenStream, Publish, ReadStream};
pub use room::{Room, RoomItem, RoomReset};
pub use writer::StreamWriter;
