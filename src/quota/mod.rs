//! What a connection may send: a token bucket a second, a count an hour, as its plan says;
//! and how many connections an organization may have.

mod bucket;
mod connection;
mod seats;

pub use bucket::Bucket;
pub use connection::{Charge, Excess, Meter};
pub use seats::Seats;
