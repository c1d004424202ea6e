//! Which packets of a stream are missing, and when to ask for them (RFC 4585 §6.2.1, RFC 4588).

use std::time::{Duration, Instant};

/// Reordering that is waited for before the first request. Longer delays every repair, shorter asks for packets that
/// are already on their way.
const REORDERING: Duration = Duration::from_millis(10);

/// A round trip nobody has measured yet.
const UNKNOWN_RTT: Duration = Duration::from_millis(100);

/// What a sender's own queue adds to the round trip before a retransmission can be here.
const SENDER_DELAY: Duration = Duration::from_millis(10);

/// Between two requests for one packet, however near the sender.
const MIN_RETRY: Duration = Duration::from_millis(25);

/// With 30 % loss on both ways one packet in a thousand is still missing after ten requests.
const MAX_REQUESTS: u8 = 10;

/// Jitter buffers give up a frame after about a second; a packet older than that helps nobody.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Packets before the first one that may still come: the first two of a stream are as easily swapped as any others.
/// They are not asked for, since nobody knows whether they exist.
const BEFORE_FIRST: u64 = 8;

/// How long they may take.
const START: Duration = Duration::from_millis(100);

/// Missing packets of one stream. More than this at once is an outage, and a key frame is the cheaper repair.
const MAX_MISSING: usize = 300;

#[derive(Debug, Clone, Copy)]
struct Missing {
    sequence: u64,
    since: Instant,
    next_request: Instant,
    requests: u8,
}

/// What a packet's arrival tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Next in order, or first.
    InOrder,
    /// Packets before it are missing, and will be asked for.
    AfterGap,
    /// So many are missing that only a key frame helps.
    AfterOutage,
    /// One that was missing.
    Recovered,
    /// Neither new nor missing: came before, or was given up.
    Useless,
}

/// The gaps of one SSRC.
#[derive(Debug, Default)]
pub(crate) struct LossDetector {
    highest: Option<u64>,
    missing: Vec<Missing>,
}

impl LossDetector {
    /// Records a packet by its extended sequence number.
    pub(crate) fn packet(&mut self, sequence: u64, now: Instant) -> Arrival {
        let Some(highest) = self.highest else {
            self.highest = Some(sequence);
            self.missing.extend((sequence.saturating_sub(BEFORE_FIRST)..sequence).map(|sequence| Missing {
                sequence,
                since: now,
                next_request: now + START,
                requests: MAX_REQUESTS,
            }));
            return Arrival::InOrder;
        };
        if sequence <= highest {
            return match self.missing.binary_search_by_key(&sequence, |it| it.sequence) {
                Ok(at) => {
                    self.missing.remove(at);
                    Arrival::Recovered
                }
                Err(_) => Arrival::Useless,
            };
        }
        self.highest = Some(sequence);
        let gap = (sequence - highest - 1) as usize;
        if gap == 0 {
            return Arrival::InOrder;
        }
        if self.missing.len() + gap > MAX_MISSING {
            self.missing.clear();
            return Arrival::AfterOutage;
        }
        self.missing.extend((highest + 1..sequence).map(|sequence| Missing {
            sequence,
            since: now,
            next_request: now + REORDERING,
            requests: 0,
        }));
        Arrival::AfterGap
    }

    /// Appends the packets to ask for now to `sequences`, ascending, and gives up those that waited too long.
    pub(crate) fn requests(&mut self, now: Instant, rtt: Option<Duration>, sequences: &mut Vec<u16>) {
        let retry = (rtt.unwrap_or(UNKNOWN_RTT) + SENDER_DELAY).max(MIN_RETRY);
        self.missing.retain_mut(|it| {
            if now.saturating_duration_since(it.since) > MAX_AGE
                || it.requests >= MAX_REQUESTS && it.next_request <= now
            {
                return false;
            }
            if it.next_request <= now {
                it.requests += 1;
                it.next_request = now + retry;
                sequences.push(it.sequence as u16);
            }
            true
        });
    }

    /// When [`Self::requests`] is to be called next.
    pub(crate) fn next_request(&self) -> Option<Instant> {
        self.missing.iter().map(|it| it.next_request).min()
    }

    /// Forgets everything missing: a key frame makes older packets useless.
    pub(crate) fn forget_before(&mut self, sequence: u64) {
        self.missing.retain(|it| it.sequence >= sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(loss: &mut LossDetector, now: Instant) -> Vec<u16> {
        let mut sequences = Vec::new();
        loss.requests(now, Some(Duration::from_millis(50)), &mut sequences);
        sequences
    }

    #[test]
    fn asks_after_the_reordering_and_again_after_a_round_trip() {
        let start = crate::testing::some_moment();
        let at = |ms| start + Duration::from_millis(ms);
        let mut loss = LossDetector::default();
        assert_eq!(loss.packet(65_534, at(0)), Arrival::InOrder);
        assert_eq!(loss.packet(65_537, at(0)), Arrival::AfterGap);
        assert_eq!(ask(&mut loss, at(5)), []);
        assert_eq!(ask(&mut loss, at(10)), [65_535, 0]);
        assert_eq!(loss.packet(65_536, at(20)), Arrival::Recovered);
        assert_eq!(loss.packet(65_536, at(20)), Arrival::Useless);
        assert_eq!(ask(&mut loss, at(60)), []);
        assert_eq!(loss.next_request(), Some(at(70)));
        assert_eq!(ask(&mut loss, at(70)), [65_535]);
    }

    #[test]
    fn gives_up_in_the_end() {
        let start = crate::testing::some_moment();
        let mut loss = LossDetector::default();
        loss.packet(1, start);
        loss.packet(3, start);
        let asked: usize =
            (0..200).map(|n| ask(&mut loss, start + Duration::from_millis(10) * n).len()).sum();
        assert_eq!(asked, usize::from(MAX_REQUESTS));
        assert_eq!(loss.next_request(), None);
    }

    #[test]
    fn the_first_two_may_be_swapped() {
        let start = crate::testing::some_moment();
        let mut loss = LossDetector::default();
        assert_eq!(loss.packet(70_001, start), Arrival::InOrder);
        assert_eq!(loss.packet(70_000, start), Arrival::Recovered);
        assert_eq!(loss.packet(70_000, start), Arrival::Useless);
        assert_eq!(ask(&mut loss, start + START), [], "what may never have been is not asked for");
        assert_eq!(loss.packet(69_999, start), Arrival::Useless);
    }

    #[test]
    fn an_outage_is_not_asked_for_packet_by_packet() {
        let start = crate::testing::some_moment();
        let mut loss = LossDetector::default();
        loss.packet(1, start);
        assert_eq!(loss.packet(1000, start), Arrival::AfterOutage);
        assert_eq!(loss.next_request(), None);
    }
}
