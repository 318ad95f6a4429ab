//! generic-corp: a hub where rooms and output streams are logs and sockets are cursors.
//!
//! The modules, in the order a message travels; `docs/ARCHITECTURE.md` has the map.

pub mod socket;

pub mod connection;

pub mod quota;

pub mod room;

pub mod history;

pub mod bus;

pub mod fanout;

pub mod auth;
pub mod billing;
pub mod chore;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod http;
pub mod link;
pub mod mail;
pub mod metering;
pub mod oidc;
pub mod outbox;
pub mod search;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod tenant;
