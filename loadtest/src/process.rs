//! A process as the kernel accounts for it: processor time by thread, and memory.

use anyhow::Context as _;
use std::collections::BTreeMap;

/// A process, as the kernel accounts for it.
#[derive(Clone, Copy, Debug)]
pub struct Process(pub u32);

impl Process {
    /// The processor time that its threads have used.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn cpu(self) -> anyhow::Result<Cpu> {
        let mut threads = BTreeMap::new();
        for entry in
            std::fs::read_dir(format!("/proc/{}/task", self.0)).context("the process is gone")?
        {
            let path = entry?.path();
            let read = |name: &str| std::fs::read_to_string(path.join(name));
            // A thread may end while we look.
            let (Ok(name), Ok(stat)) = (read("comm"), read("schedstat")) else {
                continue;
            };
            let ns: u64 = stat
                .split(' ')
                .next()
                .and_then(|ns| ns.parse().ok())
                .unwrap_or(0);
            *threads.entry(name.trim().to_owned()).or_default() += ns;
        }
        Ok(Cpu(threads))
    }

    /// Resident memory in bytes.
    pub fn resident_bytes(self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim()
            .strip_suffix(" kB")?
            .trim()
            .parse::<u64>()
            .ok()
            .map(|kib| kib * 1024)
    }
}

/// Processor time in nanoseconds, by name of thread.
#[derive(Clone, Debug)]
pub struct Cpu(BTreeMap<String, u64>);

impl Cpu {
    /// Microseconds since then.
    pub fn us_since(&self, then: &Self) -> f64 {
        let total = |cpu: &Self| cpu.0.values().sum::<u64>() as f64 / 1e3;
        total(self) - total(then)
    }

    /// Microseconds of the threads of this name since then.
    pub fn thread_us_since(&self, then: &Self, name: &str) -> f64 {
        let time = |cpu: &Self| cpu.0.get(name).copied().unwrap_or(0) as f64 / 1e3;
        time(self) - time(then)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_threads() {
        let process = Process(std::process::id());
        assert!(process.resident_bytes().is_some_and(|bytes| bytes > 0));
        let before = process.cpu().expect("it runs");
        assert!(process.cpu().expect("it runs").us_since(&before) >= 0.0);
    }
}
