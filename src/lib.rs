//! generic-corp: a hub where rooms and output streams are logs and sockets are cursors.
//!
//! The modules, in the order a message travels; `docs/ARCHITECTURE.md` has the map.

pub mod auth;
pub mod bus;
pub mod config;
pub mod fanout;
pub mod history;
pub mod http;
pub mod quota;
pub mod room;
pub mod store;
pub mod telemetry;
pub mod tenant;
