//! Sends a probe: what waits, and padding, at the rate that is tried.

use std::time::{Duration, Instant};

use crate::bwe::Probe;

/// Between two turns of a probe.
pub(super) const STEP: Duration = Duration::from_millis(1);

/// Not sent at once after a late turn: it would try the line rate.
const MAX_STEP: Duration = Duration::from_millis(5);

/// Media packets that are repeated in turn to fill a probe.
pub(super) const REPEATED: u16 = 16;

/// A probe of fewer bytes, five packets of media, is all padding.
const REPEATS_FROM: usize = 5 * 1200;

/// Bytes of a packet of padding; the last of them says how many (RFC 3550 §5.1).
pub(super) const PADDING: u8 = 224;

/// A probe under way.
#[derive(Debug)]
pub(super) struct Probing {
    probe: Probe,
    credit: f64,
    at: Instant,
    packets: u16,
    bytes: usize,
}

impl Probing {
    pub(super) fn new(probe: Probe, now: Instant) -> Self {
        Self { probe, credit: 1.0, at: now, packets: 0, bytes: 0 }
    }

    /// Whether the next packet is due.
    pub(super) fn asks(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).min(MAX_STEP);
        self.at = now;
        self.credit += passed.as_secs_f64() * self.probe.bps / 8.0;
        self.credit > 0.0 && !self.is_done()
    }

    /// A packet left; returns what marks it.
    pub(super) fn spend(&mut self, bytes: usize) -> u8 {
        if self.is_done() {
            return 0;
        }
        self.credit -= bytes as f64;
        self.packets += 1;
        self.bytes += bytes;
        self.probe.id
    }

    pub(super) fn is_done(&self) -> bool {
        u32::from(self.packets) >= self.probe.packets && self.bytes >= self.probe.bytes
    }

    /// Whether it has room for packets of media once more: few of them would be all of a small probe, and take it long.
    pub(super) fn repeats(&self) -> bool {
        self.probe.bytes >= REPEATS_FROM
    }

    /// How many have left.
    pub(super) fn packets(&self) -> u16 {
        self.packets
    }
}

/// Appends `padding` bytes, one at least, to the packet that begins at `start` of `bytes` (RFC 3550 §5.1).
pub(super) fn write_padding(bytes: &mut Vec<u8>, start: usize, padding: u8) {
    bytes.resize(bytes.len() + usize::from(padding).saturating_sub(1), 0);
    bytes.push(padding);
    if let Some(first) = bytes.get_mut(start) {
        *first |= 0x20;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_what_is_asked_at_the_rate_that_is_asked() {
        let start = crate::testing::some_moment();
        let probe = Probe { id: 7, bps: 2_000_000.0, bytes: 7500, packets: 5 };
        let mut probing = Probing::new(probe, start);
        let mut sent = Vec::new();
        for ms in 0..100 {
            while probing.asks(start + Duration::from_millis(ms)) {
                assert_eq!(probing.spend(500), 7);
                sent.push(ms);
            }
        }
        assert!(probing.is_done());
        assert_eq!(sent.len(), 15);
        assert!((26..=30).contains(&sent[14]), "7500 bytes at 2 Mbit/s are 30 ms: {sent:?}");
        assert_eq!(probing.spend(500), 0, "what follows is no part of it");
    }

    #[test]
    fn a_late_turn_is_not_made_up_for_in_one_burst() {
        let start = crate::testing::some_moment();
        let mut probing = Probing::new(Probe { id: 1, bps: 8_000_000.0, bytes: 30_000, packets: 5 }, start);
        let mut burst = 0;
        while probing.asks(start + Duration::from_millis(25)) {
            probing.spend(1000);
            burst += 1;
        }
        assert!(burst <= 6, "5 ms of it at most, sent {burst}");
    }
}
