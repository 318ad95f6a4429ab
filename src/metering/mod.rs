//! What organizations use: the counts that are not made by the log's writer, what they cost, and what is
//! refused when a plan is used up. `docs/metering.md` says what is counted, when, and what a crash costs.

mod agent_time;
mod api_calls;
mod budget;
mod cost;
mod month;
mod standing;
mod used_up;

pub use crate::store::op::Actor;
pub use agent_time::AgentTime;
pub use api_calls::ApiCalls;
pub use budget::{Budget, Budgets};
pub use cost::{Cost, cost};
pub use month::Month;
pub use standing::{Standing, Used};
pub use used_up::{UsedUp, Work};
