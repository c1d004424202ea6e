//! Transport-wide feedback to a publisher: what its congestion control runs on
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use std::time::{Duration, Instant};

use wire::rtcp::write_transport_feedback;
use wire::seq::Unwrapper;

/// Between two feedback packets. Browsers send theirs every 50–250 ms by bitrate; less costs packets, more makes the
/// sender slow to notice a queue.
const INTERVAL: Duration = Duration::from_millis(60);

/// Arrivals that trigger feedback at once, so that one packet covers them.
const FULL: usize = 300;

/// Arrivals kept for a peer to which nothing may be sent at the moment (no consent); then they are of no use.
const MAX_KEPT: usize = 4 * FULL;

/// Arrivals since the last feedback.
#[derive(Debug)]
pub(crate) struct TransportArrivals {
    epoch: Instant,
    unwrapper: Unwrapper,
    arrivals: Vec<(u64, i64)>,
    due: Option<Instant>,
    feedback_count: u8,
    /// Above all that was told: what is missing from here on is told as lost.
    next: u64,
}

impl TransportArrivals {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            unwrapper: Unwrapper::new(),
            arrivals: Vec::new(),
            due: None,
            feedback_count: 0,
            next: 0,
        }
    }

    /// Records a packet by its transport-wide sequence number.
    pub(crate) fn packet(&mut self, sequence: u16, now: Instant) {
        let arrival =
            (self.unwrapper.unwrap(sequence), now.saturating_duration_since(self.epoch).as_micros() as i64);
        if self.arrivals.len() >= MAX_KEPT {
            self.arrivals.clear();
        }
        match self.arrivals.last() {
            Some(last) if last.0 >= arrival.0 => {
                if let Err(at) = self.arrivals.binary_search_by_key(&arrival.0, |it| it.0) {
                    self.arrivals.insert(at, arrival);
                }
            }
            _ => self.arrivals.push(arrival),
        }
        if self.due.is_none() {
            self.due = Some(now + INTERVAL);
        }
        if self.arrivals.len() >= FULL {
            self.due = Some(now);
        }
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Gives every arrival away in as few packets as they need; `send` gets a writer for each.
    pub(crate) fn flush(
        &mut self,
        sender: u32,
        media: u32,
        mut send: impl FnMut(&mut dyn FnMut(&mut Vec<u8>)),
    ) {
        let mut rest = self.arrivals.as_slice();
        while !rest.is_empty() {
            let mut covered = 0;
            let (count, next) = (self.feedback_count, self.next);
            send(&mut |bytes| covered = write_transport_feedback(bytes, sender, media, count, next, rest));
            self.feedback_count = self.feedback_count.wrapping_add(1);
            // A send that wrote nothing (no keys, no address) drops what it had.
            let (told, left) = rest.split_at(covered.clamp(1, rest.len()));
            self.next = told.last().map_or(next, |(sequence, _)| next.max(sequence + 1));
            rest = left;
        }
        self.arrivals.clear();
        self.due = None;
    }
}

#[cfg(test)]
mod tests {
    use wire::rtcp::{Packet, packets};

    use super::*;

    #[test]
    fn reports_each_arrival_once_in_order() {
        let start = crate::testing::some_moment();
        let at = |ms| start + Duration::from_millis(ms);
        let mut arrivals = TransportArrivals::new(start);
        assert_eq!(arrivals.due(), None);
        for (sequence, ms) in [(65_535, 0), (1, 4), (0, 8), (1, 9)] {
            arrivals.packet(sequence, at(ms));
        }
        assert_eq!(arrivals.due(), Some(at(0) + INTERVAL));
        let mut bytes = Vec::new();
        arrivals.flush(1, 2, |write| write(&mut bytes));
        let Some(Ok(Packet::TransportFeedback(feedback))) = packets(&bytes).next() else {
            panic!("no feedback")
        };
        let read: Vec<_> = feedback.arrivals().map(|it| (it.sequence, it.arrived_us)).collect();
        assert_eq!(read, [(65_535, Some(0)), (0, Some(8000)), (1, Some(4000))]);
        assert_eq!(arrivals.due(), None);
        arrivals.flush(1, 2, |_| panic!("nothing is left"));
    }

    #[test]
    fn tells_losses_between_two_feedbacks() {
        let start = crate::testing::some_moment();
        let mut arrivals = TransportArrivals::new(start);
        let mut told = Vec::new();
        for sequence in [10, 11, 14] {
            arrivals.packet(sequence, start);
            let mut bytes = Vec::new();
            arrivals.flush(1, 2, |write| write(&mut bytes));
            let Some(Ok(Packet::TransportFeedback(feedback))) = packets(&bytes).next() else {
                panic!("no feedback")
            };
            told.extend(feedback.arrivals().map(|it| (it.sequence, it.arrived_us.is_some())));
        }
        assert_eq!(told, [(10, true), (11, true), (12, false), (13, false), (14, true)]);
    }
}
