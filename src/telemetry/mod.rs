//! What the hub tells its operators: log lines and metrics. Parts report here; this asks no one.

pub mod fault;
pub mod log;
pub mod memory;
pub mod metric;
