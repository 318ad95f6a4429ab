//! How much memory the hub takes.

use std::fs;

/// Resident bytes of this process, as Linux tells them (proc_pid_statm(5)); `None` elsewhere.
pub fn resident_bytes() -> Option<u64> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    let resident: u64 = pages.split(' ').nth(1)?.parse().ok()?;
    Some(resident * rustix::param::page_size() as u64)
}
