//! Settings: `config/default.toml`, then a file, then the environment; unknown keys are refused.
//!
//! Plain numbers and strings only: each part of the hub has its own options, filled in `server`.

mod check;
mod load;
mod network;
mod oidc;
pub mod plan;

pub use load::{Error, load};
pub use network::network;
pub use oidc::{Oidc, SignUp};
pub use plan::{Beyond, Plan, Plans};

use secrecy::SecretString;
use serde::Deserialize;

/// All settings. Each key is explained in `config/default.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The listener and its limits.
    pub server: Server,
    /// The metrics listener.
    pub metrics: Metrics,
    /// The store.
    pub database: Database,
    /// What joins nodes.
    pub redis: Redis,
    /// WebSocket behaviour.
    pub socket: Socket,
    /// The logs' engine.
    pub log: Log,
    /// Tokens and passwords.
    pub auth: Auth,
    /// Sign-in at a provider.
    pub oidc: Oidc,
    /// Organizations and plans.
    pub tenancy: Tenancy,
    /// The way to people who are not there.
    pub mail: Mail,
    /// The way to programs that are told.
    pub webhooks: Webhooks,
    /// How plans are paid for.
    pub stripe: Stripe,
    /// Headless first start.
    pub bootstrap: Bootstrap,
    /// What the hub writes about itself.
    pub log_output: LogOutput,
}

/// See `[server]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub public_url: String,
    pub tls_certificate: String,
    pub tls_key: String,
    #[serde(deserialize_with = "load::list")]
    pub allowed_origins: Vec<String>,
    #[serde(deserialize_with = "load::list")]
    pub trusted_proxies: Vec<String>,
    pub environment: Environment,
    pub workers: usize,
    pub max_body_bytes: usize,
    pub body_timeout_seconds: u64,
    pub header_timeout_seconds: u64,
    pub idle_timeout_seconds: u64,
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    pub unknown_calls_per_minute: u32,
    pub drain_seconds: u64,
    pub node: String,
}

impl Server {
    /// Whether people come over TLS, to the hub itself or to a proxy in front of it.
    pub fn is_secure(&self) -> bool {
        !self.tls_certificate.is_empty() || self.public_url.starts_with("https://")
    }
}

/// How strict the hub is about its own settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Anything goes.
    Development,
    /// Weak secrets and plain-HTTP public addresses are refused.
    Production,
}

/// See `[metrics]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Metrics {
    pub host: String,
    pub port: u16,
}

/// See `[database]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Database {
    pub url: SecretString,
    pub durability: Durability,
    pub read_connections: u32,
}

/// What an ack survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Power loss (`synchronous=FULL`).
    Full,
    /// A crash of the hub, not of the machine (`synchronous=NORMAL`).
    Normal,
}

/// See `[redis]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Redis {
    pub url: SecretString,
    pub ca: String,
    #[serde(deserialize_with = "load::list")]
    pub sentinels: Vec<String>,
    pub master: String,
    pub sentinel_password: SecretString,
    pub prefix: String,
}

/// See `[socket]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Socket {
    pub heartbeat_seconds: u64,
    pub hello_timeout_seconds: u64,
    pub stall_timeout_seconds: u64,
    pub send_buffer_bytes: usize,
}

/// See `[log]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Log {
    pub hot_tail_bytes: usize,
    pub hot_stream_bytes: usize,
    pub append_queue: usize,
    pub stream_lease_seconds: u64,
    pub sweep_seconds: u64,
}

/// See `[auth]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Auth {
    pub secret: SecretString,
    #[serde(deserialize_with = "load::secrets")]
    pub previous_secrets: Vec<SecretString>,
    pub access_token_minutes: u64,
    pub refresh_token_days: u64,
    pub bcrypt_cost: u32,
    pub registration: Registration,
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Anybody.
    Open,
    /// Whom an organization invites.
    Invite,
    /// Only the first administrator, by the setup link.
    Closed,
}

impl Registration {
    /// As it stands in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Closed => "closed",
        }
    }
}

/// See `[tenancy]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Tenancy {
    pub default_plan: String,
    pub plans_file: String,
}

/// See `[mail]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Mail {
    pub url: SecretString,
    pub ca: String,
    pub from: String,
}

/// See `[webhooks]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Webhooks {
    #[serde(deserialize_with = "load::list")]
    pub allowed_networks: Vec<String>,
    pub operator_url: SecretString,
    pub operator_secret: SecretString,
}

/// See `[stripe]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Stripe {
    pub secret_key: SecretString,
    #[serde(deserialize_with = "load::secrets")]
    pub webhook_secrets: Vec<SecretString>,
    #[serde(deserialize_with = "load::list")]
    pub prices: Vec<String>,
    pub lapsed_plan: String,
    pub api_url: String,
}

impl Stripe {
    /// Plans by the ids of their prices.
    pub fn plans(&self) -> std::collections::BTreeMap<String, String> {
        let pairs = self.prices.iter().filter_map(|text| text.split_once('='));
        pairs
            .map(|(plan, price)| (price.trim().to_owned(), plan.trim().to_owned()))
            .collect()
    }
}

/// See `[bootstrap]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct Bootstrap {
    pub email: String,
    pub password: SecretString,
    pub organization: String,
    pub workspace: String,
}

/// See `[log_output]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml")]
pub struct LogOutput {
    pub format: LogFormat,
    pub filter: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Pretty on a terminal, else JSON.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}
