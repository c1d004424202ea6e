//! Sends a probe: what waits, and padding, at the rate that is tried.

use std::time::{Duration, Instant};

use crate::bwe::Probe;

/// Between two turns of a probe.
pub(super) const STEP: Duration = Duration::from_millis(1);

/// Not sent at once after a late turn: it would try the line rate.
const MAX_STEP: Duration = Duration::from_millis(5);

/// Media packets that are repeated in turn to fill a probe.
pub(super) const REPEATED: u16 = 16;

/// Bytes of a packet of padding; the last of them says how many (RFC 3550 §5.1).
const PADDING: u8 = 224;

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

    /// How many have left.
    pub(super) fn packets(&self) -> u16 {
        self.packets
    }
}

/// Appends padding to the packet that begins at `start` of `bytes`.
pub(super) fn write_padding(bytes: &mut Vec<u8>, start: usize) {
    bytes.resize(bytes.len() + usize::from(PADDING) - 1, 0);
    bytes.push(PADDING);
    if let Some(first) = bytes.get_mut(start) {
        *first |= 0x20;
    }
}
