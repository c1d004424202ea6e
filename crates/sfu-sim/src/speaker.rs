//! One audio slot as its listener hears it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::Tag;

/// What arrived in one audio slot.
#[derive(Debug, Default)]
pub struct Speaker {
    /// (when, what) of every packet, each sequence number once.
    pub heard: Vec<(Instant, Tag)>,
    /// Payload was not what any publisher made.
    pub corrupt: u32,
    /// Time stamps ran backwards where sequence numbers ran forwards.
    pub timestamp_jumps: u32,
    sequences: BTreeSet<u64>,
    last: Option<(u64, u32)>,
}

impl Speaker {
    /// Takes a packet; `sequence` never wraps.
    pub fn receive(&mut self, now: Instant, sequence: u64, timestamp: u32, payload: &[u8]) {
        let Some(tag) = Tag::read(payload) else {
            self.corrupt += 1;
            return;
        };
        if !self.sequences.insert(sequence) {
            return;
        }
        match self.last {
            Some((highest, _)) if sequence < highest => {}
            Some((_, before)) => {
                self.timestamp_jumps += u32::from(!wire::seq::is_later(timestamp, before));
                self.last = Some((sequence, timestamp));
            }
            None => self.last = Some((sequence, timestamp)),
        }
        self.heard.push((now, tag));
    }

    /// Sequence numbers between the first and the last that never came.
    pub fn missing(&self) -> u64 {
        match (self.sequences.first(), self.sequences.last()) {
            (Some(first), Some(last)) => last - first + 1 - self.sequences.len() as u64,
            _ => 0,
        }
    }

    /// What was heard from `from` on.
    pub fn heard_since(&self, from: Instant) -> impl Iterator<Item = &Tag> {
        self.heard.iter().filter(move |(at, _)| *at >= from).map(|(_, tag)| tag)
    }

    /// The longest silence between `from` and `to`.
    pub fn longest_silence(&self, from: Instant, to: Instant) -> Duration {
        let heard = self.heard.iter().map(|(at, _)| *at).filter(|at| (from..=to).contains(at));
        let mut last = from;
        let mut longest = Duration::ZERO;
        for at in heard.chain([to]) {
            longest = longest.max(at - last);
            last = at;
        }
        longest
    }
}
