//! The edge: TCP settings, the WebSocket handshake, frames in and bytes out.
//!
//! A WebSocket leaves actix's HTTP dispatcher at its handshake: a small task of our own owns the socket,
//! reads through a buffer that the worker's sockets share, and writes what the cursors hand out without
//! copying it. An idle socket holds no buffer at all.

mod drive;
#[cfg(feature = "conformance")]
mod echo;
mod frame;
pub mod tcp;
mod upgrade;

pub use upgrade::{Door, configure, upgrade};
