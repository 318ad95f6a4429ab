//! The edge: TCP settings, the WebSocket handshake, frames in and bytes out.
//!
//! What carries a connection is exchangeable; here it is a response body of our own, which reads the
//! request's payload and pulls from the connection's cursors when the socket can take bytes.

mod body;
#[cfg(feature = "conformance")]
pub mod echo;
mod frame;
pub mod tcp;
pub mod upgrade;
