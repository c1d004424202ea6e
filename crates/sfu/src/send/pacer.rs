//! Spreads what would leave in one burst: a key frame, or what many publishers send at once.
//!
//! Nothing is copied: what waits is named, and its payload is taken from its stream's cache when it leaves. While nothing
//! waits and the rate is not used up, packets pass without a stop.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::clock::Now;
use crate::forward::{Admitted, MediaPacket};

/// Times the rate that the way carries. Higher fills the link's queue with every key frame, and a filling queue looks like a
/// link that shrinks; lower keeps pictures waiting here.
const FACTOR: f64 = 1.5;

/// What may leave at once after a pause. Longer lets key frames through that fill a queue, shorter wakes for each packet.
const BURST: Duration = Duration::from_millis(20);
/// At least one packet.
const MIN_BURST: f64 = 1500.0;

/// Between two turns, so that several packets leave in one call.
const INTERVAL: Duration = Duration::from_millis(4);

/// What would wait longer is not taken: the receiver is better served by the next key frame.
const MAX_WAIT: Duration = Duration::from_millis(500);
/// Who waits so long does not wait for the rest of a key frame, but because the way carries less than it did.
const BEHIND: Duration = Duration::from_millis(250);
/// The key frame that a stream goes on with is taken whole, however long it waits: the next one would be as large. No more of
/// them than this, which is seconds where the way carries least.
const MAX_OPENING: usize = 256 * 1024;
/// Packets that wait, so that memory is bounded whatever the rate.
const MAX_PACKETS: usize = 1024;

/// A packet that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) slot: usize,
    /// Where its payload is kept.
    pub(super) stream: u32,
    pub(super) layer: u8,
    pub(super) epoch: u32,
    pub(super) sequence: u64,
    /// How it leaves.
    pub(super) admitted: Admitted,
    /// Of what is sent again.
    pub(super) original: Option<u16>,
    len: u16,
    since: Instant,
}

impl Waiting {
    pub(super) fn new(
        (slot, stream): (usize, u32),
        packet: &MediaPacket<'_>,
        admitted: Admitted,
        original: Option<u16>,
        now: Instant,
    ) -> Self {
        let MediaPacket { layer, epoch, sequence, payload, .. } = *packet;
        Self {
            slot,
            stream,
            layer,
            epoch,
            sequence,
            admitted,
            original,
            len: payload.len() as u16,
            since: now,
        }
    }
}

/// The queue of one peer: repairs first, then media in order. Sound does not wait, but counts.
#[derive(Debug)]
pub(super) struct Pacer {
    repairs: VecDeque<Waiting>,
    media: VecDeque<Waiting>,
    /// Of all that wait.
    bytes: usize,
    /// Since nothing waited, of key frames that streams went on with: what follows waits for them too.
    opening: usize,
    /// Bytes that may leave now; negative after what did not ask.
    credit: f64,
    refilled: Now,
    /// `None` lets everything pass: nothing is known of the way yet.
    bytes_per_second: Option<f64>,
    /// Since the statistics looked last.
    longest: Duration,
}

impl Pacer {
    pub(super) fn new(now: Now) -> Self {
        Self {
            repairs: VecDeque::new(),
            media: VecDeque::new(),
            bytes: 0,
            opening: 0,
            credit: 0.0,
            refilled: now,
            bytes_per_second: None,
            longest: Duration::ZERO,
        }
    }

    /// What the way carries, once it is known.
    pub(super) fn set_target(&mut self, target_bps: Option<u64>) {
        self.bytes_per_second = target_bps.map(|bps| bps as f64 * FACTOR / 8.0);
    }

    /// Whether a packet may leave without waiting.
    pub(super) fn is_open(&mut self, now: Now) -> bool {
        self.bytes == 0 && self.has_credit(now)
    }

    /// Whether what comes now would wait too long.
    pub(super) fn is_full(&self) -> bool {
        let bytes = self.bytes.saturating_sub(self.opening);
        let wait = self.bytes_per_second.map_or(0.0, |rate| bytes as f64 / rate);
        self.media.len() + self.repairs.len() >= MAX_PACKETS || wait > MAX_WAIT.as_secs_f64()
    }

    /// Nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Lets a packet of what a stream goes on with wait.
    pub(super) fn push_opening(&mut self, waiting: Waiting) {
        self.opening = (self.opening + usize::from(waiting.len)).min(MAX_OPENING);
        self.push(waiting);
    }

    /// Lets a packet wait; the caller asked [`Self::is_full`] before.
    pub(super) fn push(&mut self, waiting: Waiting) {
        self.bytes += usize::from(waiting.len);
        if waiting.original.is_some() { &mut self.repairs } else { &mut self.media }.push_back(waiting);
    }

    /// The next packet that may leave now; `forced` does not ask for credit.
    pub(super) fn pop(&mut self, now: Now, forced: bool) -> Option<Waiting> {
        if self.bytes == 0 || !(forced || self.has_credit(now)) {
            return None;
        }
        let waiting = self.repairs.pop_front().or_else(|| self.media.pop_front())?;
        self.taken(usize::from(waiting.len));
        self.longest = self.longest.max(now.at.saturating_duration_since(waiting.since));
        Some(waiting)
    }

    /// Throws away what waits for a slot, but for the rest of the picture of this time stamp, which has begun to leave;
    /// returns the last packet of that.
    pub(super) fn discard(&mut self, slot: usize, begun: Option<u32>) -> Option<Admitted> {
        let (mut bytes, mut last) = (0, None::<Admitted>);
        for queue in [&mut self.repairs, &mut self.media] {
            queue.retain(|waiting| {
                let admitted = waiting.admitted;
                let is_rest = waiting.original.is_none() && begun == Some(admitted.timestamp);
                if waiting.slot != slot || is_rest {
                    if waiting.slot == slot && last.is_none_or(|last| last.sequence < admitted.sequence) {
                        last = Some(admitted);
                    }
                    return true;
                }
                bytes += usize::from(waiting.len);
                false
            });
        }
        self.taken(bytes);
        last
    }

    /// So many bytes wait no longer.
    fn taken(&mut self, bytes: usize) {
        self.bytes -= bytes;
        if self.bytes == 0 {
            self.opening = 0;
        }
    }

    /// What waits will do so for long.
    pub(super) fn is_behind(&self, now: Instant) -> bool {
        let first = [self.media.front(), self.repairs.front()].into_iter().flatten().map(|it| it.since).min();
        first.is_some_and(|since| now.saturating_duration_since(since) >= BEHIND)
    }

    /// So many bytes left.
    pub(super) fn spend(&mut self, bytes: usize) {
        self.credit -= bytes as f64;
    }

    /// When [`Self::pop`] has something.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.bytes == 0 {
            return None;
        }
        let missing = self.bytes_per_second.map_or(0.0, |rate| (-self.credit).max(0.0) / rate);
        Some(self.refilled.at + INTERVAL.max(Duration::from_secs_f64(missing.min(1.0))))
    }

    /// The longest wait since the last call.
    pub(super) fn take_longest(&mut self) -> Duration {
        std::mem::take(&mut self.longest)
    }

    fn has_credit(&mut self, now: Now) -> bool {
        let Some(rate) = self.bytes_per_second else { return true };
        let passed_us = now.us - self.refilled.us;
        self.refilled = now;
        let burst = (rate * BURST.as_secs_f64()).max(MIN_BURST);
        self.credit = (self.credit.max(-burst) + rate * 1e-6 * passed_us as f64).min(burst);
        self.credit > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::moment;

    const LEN: u16 = 1000;

    fn waiting(sequence: u64, original: Option<u16>, since: Instant) -> Waiting {
        let admitted = Admitted {
            sequence,
            timestamp: 0,
            marker: false,
            picture: None,
            frame: 0,
            active: 0,
            begins: sequence == 0,
            empty: false,
        };
        Waiting { slot: 0, stream: 0, layer: 0, epoch: 0, sequence, admitted, original, len: LEN, since }
    }

    /// Sends everything that is due, turn by turn, as the engine's timer does; returns (ms after `start`, number).
    fn run(pacer: &mut Pacer, start: Instant) -> Vec<(u128, u64)> {
        let mut left = Vec::new();
        let mut now = start;
        loop {
            while let Some(waiting) = pacer.pop(moment(now), false) {
                pacer.spend(usize::from(LEN));
                left.push(((now - start).as_millis(), waiting.sequence));
            }
            match pacer.due() {
                Some(due) => now = due.max(now + Duration::from_millis(1)),
                None => return left,
            }
        }
    }

    #[test]
    fn before_anything_is_known_nothing_waits() {
        let now = crate::testing::some_moment();
        let mut pacer = Pacer::new(moment(now));
        for _ in 0..1000 {
            assert!(pacer.is_open(moment(now)));
            pacer.spend(1200);
        }
    }

    #[test]
    fn a_burst_leaves_at_its_rate_in_order_with_repairs_before_it() {
        let start = crate::testing::some_moment();
        let mut pacer = Pacer::new(moment(start));
        pacer.set_target(Some(1_000_000));
        assert!(pacer.pop(moment(start), false).is_none());
        for n in 0..40 {
            pacer.push(waiting(n, None, start));
        }
        pacer.push(waiting(100, Some(7), start));
        let left = run(&mut pacer, start);
        assert_eq!(left.len(), 41);
        assert_eq!(left[0].1, 100, "the repair");
        assert!(left[1..].iter().map(|it| it.1).eq(0..40));
        // 40 kB at 1.5 Mbit/s are 213 ms.
        assert!((190..240).contains(&left[40].0), "{left:?}");
        assert!(left.windows(3).all(|three| three[2].0 - three[0].0 >= 4), "spread: {left:?}");
        assert!((190..240).contains(&pacer.take_longest().as_millis()));
        assert_eq!(pacer.take_longest(), Duration::ZERO);
    }

    #[test]
    fn sound_does_not_wait_and_counts() {
        let start = crate::testing::some_moment();
        let at = |ms| start + Duration::from_millis(ms);
        let mut pacer = Pacer::new(moment(start));
        pacer.set_target(Some(1_000_000));
        assert!(pacer.is_open(moment(at(100))));
        pacer.spend(10_000);
        assert!(!pacer.is_open(moment(at(101))), "what left without asking is paid for");
        assert!(pacer.is_open(moment(at(140))));
    }

    #[test]
    fn what_waits_for_one_slot_is_thrown_away_alone() {
        let start = crate::testing::some_moment();
        let mut pacer = Pacer::new(moment(start));
        pacer.set_target(Some(1_000_000));
        for n in 0..40 {
            pacer.push(Waiting { slot: n % 2, ..waiting(n as u64, (n >= 30).then_some(7), start) });
        }
        assert!(!pacer.is_behind(start + Duration::from_millis(50)));
        assert!(pacer.is_behind(start + Duration::from_millis(300)));
        pacer.discard(1, None);
        let left = run(&mut pacer, start);
        assert!(left.iter().all(|it| it.1 % 2 == 0) && left.len() == 20, "{left:?}");
        pacer.discard(0, None);
        assert!(pacer.is_open(moment(start + Duration::from_secs(1))));
    }

    /// Lets as many wait as are taken.
    fn fill(pacer: &mut Pacer, now: Instant) -> u64 {
        let mut taken = 0;
        while !pacer.is_full() {
            pacer.push(waiting(taken, None, now));
            taken += 1;
        }
        taken
    }

    #[test]
    fn what_would_wait_too_long_is_not_taken() {
        let start = crate::testing::some_moment();
        let mut pacer = Pacer::new(moment(start));
        pacer.set_target(Some(100_000));
        let taken = fill(&mut pacer, start);
        assert!((9..=11).contains(&taken), "half a second at 150 kbit/s, took {taken}");
        let left = run(&mut pacer, start);
        assert!(left.last().is_some_and(|last| last.0 < 600), "{left:?}");
        pacer.set_target(None);
        assert_eq!(fill(&mut pacer, start), MAX_PACKETS as u64);
    }
}
