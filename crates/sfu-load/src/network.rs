//! A bad network in this process: datagrams are lost by chance and held back, both ways.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// How bad.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Conditions {
    /// Of the datagrams, each way.
    pub(crate) share_lost: f64,
    /// Each way.
    pub(crate) delay: Duration,
}

impl Conditions {
    pub(crate) fn are_good(self) -> bool {
        self == Self::default()
    }
}

/// One datagram under way.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Held {
    at: Instant,
    order: u64,
    /// Whose.
    pub(crate) seat: usize,
    /// To the server.
    pub(crate) up: bool,
    pub(crate) bytes: Vec<u8>,
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What is under way.
#[derive(Debug)]
pub(crate) struct Network {
    conditions: Conditions,
    held: BinaryHeap<Reverse<Held>>,
    order: u64,
    random: u64,
}

impl Network {
    /// The same losses for the same seed and order of datagrams.
    pub(crate) fn new(conditions: Conditions, seed: u64) -> Self {
        Self { conditions, held: BinaryHeap::new(), order: 0, random: seed | 1 }
    }

    pub(crate) fn is_good(&self) -> bool {
        self.conditions.are_good()
    }

    /// Takes a datagram, or loses it.
    pub(crate) fn carry(&mut self, now: Instant, seat: usize, up: bool, bytes: &[u8]) {
        if self.chance() < self.conditions.share_lost {
            return;
        }
        self.order += 1;
        let at = now + self.conditions.delay;
        self.held.push(Reverse(Held { at, order: self.order, seat, up, bytes: bytes.to_vec() }));
    }

    /// The next one that has arrived.
    pub(crate) fn arrived(&mut self, now: Instant) -> Option<Held> {
        if self.held.peek().is_none_or(|Reverse(held)| held.at > now) {
            return None;
        }
        self.held.pop().map(|Reverse(held)| held)
    }

    /// When there is one.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.held.peek().map(|Reverse(held)| held.at)
    }

    /// xorshift64*: from 0 to below 1.
    fn chance(&mut self) -> f64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "any moment will do")]
    fn what_is_not_lost_arrives_late_and_in_order() {
        let (now, delay) = (Instant::now(), Duration::from_millis(50));
        let mut network = Network::new(Conditions { share_lost: 0.2, delay }, 7);
        for number in 0..1000_u32 {
            network.carry(now, 3, true, &number.to_be_bytes());
        }
        assert_eq!(network.arrived(now + delay / 2), None);
        let came: Vec<_> =
            std::iter::from_fn(|| network.arrived(now + delay)).map(|held| held.bytes).collect();
        assert!((700..900).contains(&came.len()), "{}", came.len());
        assert!(came.is_sorted());
        assert_eq!(network.next(), None);
    }
}
