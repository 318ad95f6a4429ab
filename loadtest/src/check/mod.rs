//! Correctness: what viewers saw, held against what was written.
//!
//! `room` has the order of events, `ledger` their content, `stream` the bytes of streams.

mod ledger;
mod room;
mod stream;

pub use ledger::Ledger;
pub use room::Viewer;
pub use stream::{Follower, Produced, Verdict};
