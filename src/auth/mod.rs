//! Who asks: passwords, access tokens, API keys, sessions.

mod access_token;
mod account;
pub mod api_key;
mod cache;
mod change;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod liveness;
mod password;
mod pending;
pub mod principal;
mod refresh_token;
mod refusals;
mod role;
mod room_limit;
mod seal;
pub mod secret;
mod service;
#[cfg(test)]
mod tests;
mod throttle;
mod usage;
mod visitor;

pub use account::address_of;
pub use api_key::MadeKey;
pub use change::Person;
pub use error::Error;
pub use password::digest_of;
pub use pending::{PENDING_SECONDS, Pending};
pub use principal::{Principal, Scopes};
pub use role::Role;
pub use room_limit::RoomLimit;
pub use secret::Secrets;
pub use service::{Auth, Options};
pub use visitor::Visitor;
