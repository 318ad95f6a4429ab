//! The edge: TCP settings, the WebSocket handshake, frames in and bytes out.
//!
//! A WebSocket leaves actix's HTTP dispatcher at its handshake: a small task of our own reads the socket
//! through a buffer that the worker's sockets share. What the cursors hand out is written without copying
//! it, by the worker when a log has grown and by the task where a socket was full. An idle socket holds no buffer at all.

mod drive;
#[cfg(feature = "conformance")]
mod echo;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
pub mod listen;
mod stream;
pub mod tcp;
mod tls;
mod transport;
mod upgrade;
mod wire;

pub use stream::Stream;
pub use tls::Acceptor;
pub use upgrade::{Door, configure, upgrade};
