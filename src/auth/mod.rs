//! Who asks: passwords, access tokens, API keys, sessions.

mod access_token;
mod account;
pub mod api_key;
mod cache;
mod error;
mod liveness;
mod password;
pub mod principal;
mod refresh_token;
pub mod secret;
mod service;
#[cfg(test)]
mod tests;
mod throttle;
mod usage;

pub use error::Error;
pub use principal::{Principal, Scopes};
pub use service::{Auth, Options};
