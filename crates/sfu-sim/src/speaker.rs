//! One audio slot as its listener hears it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use str0m::rtp::RedDecoder;

use crate::Tag;

/// What a packet of sound lasts.
const PACKET: Duration = Duration::from_millis(20);

/// What arrived in one audio slot.
#[derive(Debug, Default)]
pub struct Speaker {
    /// (when, what) of every packet, once: by itself or with another one.
    pub heard: Vec<(Instant, Tag)>,
    /// Payload was not what any publisher made.
    pub corrupt: u32,
    /// Time stamps ran backwards where sequence numbers ran forwards.
    pub timestamp_jumps: u32,
    /// Payload bytes that came.
    pub bytes: usize,
    sequences: BTreeSet<u64>,
    /// (publisher, stream, packet) of what was heard.
    known: BTreeSet<(u32, u8, u32)>,
    last: Option<(u64, u32)>,
}

/// What a listener made out of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaps {
    /// Share of it for which nothing had come when it was to be played.
    pub share: f64,
    /// The longest of it in one piece.
    pub longest: Duration,
}

impl Speaker {
    /// Takes a packet; `sequence` never wraps.
    pub fn receive(
        &mut self,
        now: Instant,
        (sequence, timestamp): (u64, u32),
        payload: &[u8],
        redundant: bool,
    ) {
        if !self.sequences.insert(sequence) {
            return;
        }
        self.bytes += payload.len();
        if redundant {
            let Ok(blocks) = RedDecoder::decode(payload) else {
                self.corrupt += 1;
                return;
            };
            for block in blocks {
                self.hear(now, block.payload);
            }
        } else {
            self.hear(now, payload);
        }
        match self.last {
            Some((highest, _)) if sequence < highest => {}
            Some((_, before)) => {
                self.timestamp_jumps += u32::from(!wire::seq::is_later(timestamp, before));
                self.last = Some((sequence, timestamp));
            }
            None => self.last = Some((sequence, timestamp)),
        }
    }

    fn hear(&mut self, now: Instant, payload: &[u8]) {
        let Some(tag) = Tag::read(payload) else {
            self.corrupt += 1;
            return;
        };
        if self.known.insert((tag.publisher, tag.source as u8, tag.frame)) {
            self.heard.push((now, tag));
        }
    }

    /// What of the sound between `from` and `to` was there in time, where a packet is played so long after the quickest ones
    /// come. The slot has one publisher meanwhile.
    pub fn gaps(&self, from: Instant, to: Instant, buffer: Duration) -> Gaps {
        let came: BTreeMap<u32, Instant> = self.heard.iter().map(|(at, tag)| (tag.frame, *at)).collect();
        let Some((first, at)) = came.iter().find(|(_, at)| **at >= from) else {
            return Gaps { share: 1.0, longest: to - from };
        };
        // When packet number 0 would have come if it had been quick.
        let due = |frame: u32| *at + PACKET * (frame - first);
        let late = |(frame, at): (&u32, &Instant)| *at - due(*frame).min(*at);
        let early = |(frame, at): (&u32, &Instant)| due(*frame).saturating_duration_since(*at);
        let quickest = came.range(first..).map(early).max().unwrap_or_default();
        let count = ((to - *at).as_millis() / PACKET.as_millis()) as u32;
        let (mut missing, mut run, mut longest) = (0, 0, 0);
        for frame in *first..*first + count {
            let is_there = came.get(&frame).is_some_and(|at| late((&frame, at)) + quickest <= buffer);
            run = if is_there { 0 } else { run + 1 };
            missing += u32::from(!is_there);
            longest = longest.max(run);
        }
        Gaps { share: f64::from(missing) / f64::from(count.max(1)), longest: PACKET * longest }
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
