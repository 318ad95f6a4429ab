//! What a connection may send: a token bucket a second, a count an hour, as its plan says.

mod bucket;
mod connection;

pub use bucket::Bucket;
pub use connection::{Charge, Excess, Meter};
