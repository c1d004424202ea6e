//! What the kernel tells of processes and of the machine (proc(5)).

use std::fs;

/// Ticks of `/proc/PID/stat` in a second: a constant of Linux on every architecture (`USER_HZ`).
const TICKS: f64 = 100.0;
const PAGE_BYTES: u64 = 4096;

/// Time on a core so far, and memory, of all threads of a process.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// On a core.
    pub cpu_seconds: f64,
    /// In memory.
    pub resident_bytes: u64,
}

/// `None` when there is no such process any more.
pub fn usage(pid: u32) -> Option<Usage> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; fields count from behind it.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let ticks = number(11)? + number(12)?;
    Some(Usage { cpu_seconds: ticks as f64 / TICKS, resident_bytes: number(21)? * PAGE_BYTES })
}

/// Time that the machine's owner took from us, and all time there was, since it was started.
pub(crate) fn stolen() -> Option<(u64, u64)> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let fields: Vec<u64> = text
        .lines()
        .next()?
        .split_whitespace()
        .skip(1)
        .take(8)
        .filter_map(|field| field.parse().ok())
        .collect();
    Some((*fields.get(7)?, fields.iter().sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_nobody_is_number_zero() {
        let own = usage(std::process::id()).expect("this process");
        assert!(own.resident_bytes > 100_000);
        assert_eq!(usage(0), None);
        let (stolen, all) = stolen().expect("on Linux");
        assert!(stolen <= all);
    }
}
