//! From the monotonic clock to NTP time stamps (RFC 3550 §4).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds from the NTP epoch (1900) to the Unix epoch.
const NTP_TO_UNIX: u64 = 2_208_988_800;

/// The wall clock as it was when the engine began, carried on by the monotonic one: it never jumps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    start_since_unix: Duration,
}

/// A moment as the callers' clock has it, and in µs since the engine began: for the packets' path, where differences of the
/// former cost as much as everything else that is done with them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub(crate) at: Instant,
    pub(crate) us: i64,
}

impl Clock {
    pub(crate) fn moment(&self, at: Instant) -> Now {
        Now { at, us: at.saturating_duration_since(self.start).as_micros() as i64 }
    }

    pub(crate) fn new(now: Instant, wall_clock: SystemTime) -> Self {
        Self { start: now, start_since_unix: wall_clock.duration_since(UNIX_EPOCH).unwrap_or_default() }
    }

    /// Seconds since 1900 in 32.32 fixed point.
    pub(crate) fn ntp(&self, now: Instant) -> u64 {
        let since_unix = self.start_since_unix + now.saturating_duration_since(self.start);
        let seconds = since_unix.as_secs().wrapping_add(NTP_TO_UNIX);
        let fraction = (u64::from(since_unix.subsec_nanos()) << 32) / 1_000_000_000;
        seconds << 32 | fraction
    }

    /// The middle 32 bits of [`Self::ntp`], as report blocks use them.
    pub(crate) fn ntp_middle(&self, now: Instant) -> u32 {
        (self.ntp(now) >> 16) as u32
    }
}

/// A difference of two NTP time stamps (32.32) in ticks of an RTP clock.
pub(crate) fn ntp_to_ticks(difference: i64, clock_rate: u32) -> i64 {
    ((i128::from(difference) * i128::from(clock_rate)) >> 32) as i64
}

/// A duration in ticks of an RTP clock.
pub(crate) fn ticks(duration: Duration, clock_rate: u32) -> u64 {
    (duration.as_nanos() * u128::from(clock_rate) / 1_000_000_000) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_1900() {
        let now = crate::testing::some_moment();
        let clock = Clock::new(now, UNIX_EPOCH + Duration::from_millis(1500));
        assert_eq!(clock.ntp(now), (2_208_988_801 << 32) + (1 << 31));
        assert_eq!(
            clock.ntp_middle(now + Duration::from_secs(1)),
            (clock.ntp_middle(now)).wrapping_add(1 << 16)
        );
    }

    #[test]
    fn converts_to_ticks_both_ways_in_time() {
        assert_eq!(ntp_to_ticks(1 << 32, 90_000), 90_000);
        assert_eq!(ntp_to_ticks(-(1 << 31), 48_000), -24_000);
        assert_eq!(ticks(Duration::from_millis(20), 48_000), 960);
    }
}
