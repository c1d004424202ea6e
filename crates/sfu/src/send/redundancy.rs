//! How many earlier packets of sound go out with each (RFC 2198): by what is lost on the way down, and what it carries.
//!
//! A burst of losses takes as many packets in a row as there is redundancy, and a packet is lost for good only with every one
//! that carries it: of a share p with n earlier packets, p^(n+1).

use std::time::{Duration, Instant};

/// Shares of loss up to which 1, 2 and 3 earlier packets do; beyond it is one more. After them about 1 % stays lost where
/// losses are independent. Each reaches 20 ms further back, as far as jitter buffers wait without being told to.
const STEPS: [f64; 3] = [0.08, 0.20, 0.33];
/// At most so many.
pub(super) const MOST: usize = STEPS.len() + 1;

/// A verdict takes so many packets: one of the twenty that a second of speech alone may have tells little.
const WINDOW: u32 = 50;
/// What was lost once is expected again for so long.
const HOLD: Duration = Duration::from_secs(10);

/// What one way down needs.
#[derive(Debug, Default)]
pub(super) struct Redundancy {
    /// Packets of which feedback told, and those that were lost.
    window: (u32, u32),
    wanted: usize,
    /// Since when that was enough.
    since: Option<Instant>,
    /// For so many there is room; `None` before anybody looked.
    room: Option<usize>,
}

impl Redundancy {
    /// So many packets went, of which so many were lost.
    pub(super) fn told(&mut self, now: Instant, packets: u32, lost: u32) {
        let (all, gone) = (self.window.0 + packets, self.window.1 + lost.min(packets));
        self.window = (all, gone);
        if gone > 0 && self.wanted == 0 {
            (self.wanted, self.since) = (1, Some(now)); // what the first window says may be late
        }
        if all < WINDOW {
            return;
        }
        self.window = (0, 0);
        let share = f64::from(gone) / f64::from(all);
        let needed = if gone == 0 { 0 } else { 1 + STEPS.iter().filter(|step| share > **step).count() };
        let is_over = self.since.is_none_or(|since| now.saturating_duration_since(since) >= HOLD);
        if needed >= self.wanted || is_over {
            (self.wanted, self.since) = (needed, Some(now));
        }
    }

    /// How many there is room for beside each packet of sounds that take `sound_bps`, where `target_bps` may be sent: sound is
    /// understood before a picture is seen.
    pub(super) fn fit(&mut self, sound_bps: u64, target_bps: u64) -> u64 {
        let copies = target_bps.checked_div(sound_bps).unwrap_or(u64::MAX);
        self.room = Some(copies.saturating_sub(1).min(MOST as u64) as usize);
        self.depth() as u64
    }

    /// How many earlier packets go along.
    pub(super) fn depth(&self) -> usize {
        self.room.map_or(self.wanted, |room| self.wanted.min(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_losses_up_at_once_and_down_after_a_while() {
        let start = crate::testing::some_moment();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut redundancy = Redundancy::default();
        redundancy.told(at(0), 500, 0);
        assert_eq!(redundancy.depth(), 0, "costs nothing where nothing is lost");
        redundancy.told(at(1), 10, 1);
        assert_eq!(redundancy.depth(), 1, "the first loss");
        for (second, lost, depth) in
            [(2, 5, 2), (3, 12, 3), (4, 25, 4), (5, 50, 4), (6, 0, 4), (14, 2, 4), (15, 2, 1)]
        {
            redundancy.told(at(second), 50, lost);
            assert_eq!(redundancy.depth(), depth, "at {second} s");
        }
        redundancy.told(at(24), 50, 0);
        assert_eq!(redundancy.depth(), 1);
        redundancy.told(at(25), 50, 0);
        assert_eq!(redundancy.depth(), 0);
    }

    #[test]
    fn takes_no_more_than_may_be_sent() {
        let mut redundancy = Redundancy::default();
        redundancy.told(crate::testing::some_moment(), 100, 60);
        for (target, depth) in [(30_000, 0), (60_000, 0), (100_000, 1), (160_000, 3), (10_000_000, 4)] {
            assert_eq!(redundancy.fit(40_000, target), depth, "of {target}");
        }
        assert_eq!(redundancy.fit(0, 100_000), 4, "nobody speaks");
    }
}
