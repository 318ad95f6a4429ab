//! Who asks: passwords, access tokens, API keys, sessions.

pub mod principal;

pub use principal::{Principal, Scopes};
