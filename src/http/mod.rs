//! The API over HTTP: accounts, workspaces, agents, health. What a socket does is elsewhere.

mod account;
mod agent;
mod api_key;
mod billing;
pub mod body;
mod calls;
mod cluster;
pub mod dashboard;
pub mod error;
mod event;
pub mod extract;
pub mod forwarded;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod gate;
mod health;
mod invite;
mod letter;
mod link;
mod live;
mod me;
mod member;
mod oidc;
mod openapi;
pub mod origin;
mod removal;
pub mod routes;
mod search;
pub mod security;
mod sse;
mod stream;
mod stream_bytes;
mod unread;
mod usage;
mod usage_csv;
mod webhook;
mod workspace;
mod workspace_member;

#[cfg(test)]
mod tests;

pub use error::ApiError;
pub use forwarded::Proxies;
pub use oidc::{CALLBACK, Elsewhere};
pub use origin::Origins;
pub use routes::configure;

use crate::config::{Config, Registration};
use std::time::Duration;

/// What the handlers need to know of the settings.
#[derive(Clone, Debug)]
pub struct Options {
    /// Largest request body.
    pub max_body_bytes: usize,
    /// A request body must arrive within this time.
    pub body_timeout: Duration,
    /// Calls that an address may make in a minute while nobody is known; 0 is no limit.
    pub unknown_calls_per_minute: u32,
    /// Who may have an account.
    pub registration: Registration,
    /// The hub's own address, without a slash at the end; empty where it is not set.
    pub public_url: String,
    /// Whether cookies need TLS.
    pub secure_cookies: bool,
    /// Life of the refresh cookie.
    pub refresh_lifetime: Duration,
    /// Silence on a live answer is broken this often.
    pub heartbeat: Duration,
    /// Whose word on where others come from is believed.
    pub proxies: Proxies,
    /// Whether webhooks may go without TLS: there are networks of one's own that they may go to.
    pub plain_webhooks: bool,
    /// Who this node is.
    pub node: String,
}

impl Options {
    /// From the settings; `node` is this node's name, also where the settings leave it empty.
    pub fn new(config: &Config, node: String) -> Self {
        Self {
            proxies: Proxies::new(&config.server.trusted_proxies),
            max_body_bytes: config.server.max_body_bytes,
            body_timeout: Duration::from_secs(config.server.body_timeout_seconds),
            unknown_calls_per_minute: config.server.unknown_calls_per_minute,
            registration: config.auth.registration,
            public_url: config.server.public_url.trim_end_matches('/').to_owned(),
            secure_cookies: config.server.is_secure(),
            refresh_lifetime: Duration::from_secs(config.auth.refresh_token_days * 86_400),
            heartbeat: Duration::from_secs(config.socket.heartbeat_seconds),
            plain_webhooks: !config.webhooks.allowed_networks.is_empty(),
            node,
        }
    }
}
