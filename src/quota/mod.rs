//! What a connection may send: a token bucket a second, a count an hour, as its plan says;
//! how many connections an organization may have; and how often the API may be called.

mod bucket;
mod calls;
mod connection;
mod seats;

pub use bucket::Bucket;
pub use calls::{Caller, Calls, Rate, Standing};
pub use connection::{Charge, Excess, Meter};
pub use seats::Seats;
