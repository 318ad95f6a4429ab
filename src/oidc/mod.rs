//! Sign-in by OpenID Connect (Core 1.0, Discovery 1.0) with one provider: sends people there, and says who comes back.
//!
//! It knows no accounts: whether whoever comes back may come in is decided in `tenant`. What the provider says of itself
//! and its keys are fetched when they are needed and kept; it may be away without anybody noticing until then.

mod client;
mod error;
mod identity;
mod provider;

pub use error::Error;
pub use identity::Identity;
pub use provider::{Options, Provider, Ticket};
