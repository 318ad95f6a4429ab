//! The hub as its clients see it: every test starts the real binary on a port of its own and talks to it
//! over real sockets. One file a behaviour; what they share is in `support`.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]
#![allow(
    clippy::large_enum_variant,
    clippy::result_large_err,
    reason = "tests match frames as they come, without a box around them"
)]

mod support;

mod access;
mod attacks;
mod audit;
mod bad_bytes;
mod bad_frames;
mod bad_http;
mod billing;
mod cli;
mod cold;
mod connections;
mod crash;
mod demo;
mod disk_full;
mod documentation;
mod drain;
mod fault;
mod handshake;
mod headers;
mod heartbeat;
mod history;
mod keys;
mod mail;
mod mail_tls;
mod matrix;
mod metering;
mod nodes;
mod oidc;
mod oidc_attacks;
mod operators;
mod people;
mod presence;
mod publish;
mod quota;
mod races;
mod readme;
mod redis;
mod redis_way;
mod resume;
mod retention;
mod revoke;
mod revoke_live;
mod revoke_soon;
mod rooms;
mod same_time;
mod schema;
mod search;
mod secrets;
mod slow_peers;
mod stalled_readers;
mod start;
mod stream_life;
mod stream_open;
mod stream_read;
mod stream_times;
mod stream_write;
mod tenants;
mod tls;
mod tokens;
mod usage;
mod webhooks;
