//! What was sent lately, by transport-wide sequence number, until feedback tells what became of it.

/// Packets remembered at first: what most receivers are sent between two feedbacks, and in a round trip, is less.
const FIRST_ENTRIES: usize = 256;

/// Packets remembered at most: at 20 Mbit/s in packets of 1200 bytes, a second. Feedback on older ones is of no use.
pub(super) const MAX_ENTRIES: usize = 2048;

/// Younger packets whose fate is not known yet are worth more memory.
const YOUNG_US: i64 = 1_000_000;

/// One packet that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) sequence: u64,
    /// µs of the estimator's clock.
    pub(super) at_us: i64,
    /// Bytes sent up to its end; wraps.
    total: u32,
    /// Bytes of the datagram's payload.
    pub(super) size: u16,
    /// The probe that it is part of; 0 is none.
    pub(super) probe: u8,
    fate: Fate,
}

/// A place of the ring that was not used yet.
const NOTHING: Sent =
    Sent { sequence: u64::MAX, at_us: i64::MIN, total: 0, size: 0, probe: 0, fate: Fate::Arrived };

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unknown,
    Lost,
    Arrived,
}

/// What a feedback packet says of one packet, told once for each turn of its fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It arrived; `late` when it was told as lost before.
    Arrived {
        sent: Sent,
        late: bool,
    },
    Lost {
        sent: Sent,
    },
}

/// A ring that doubles when it would forget what feedback may still tell of; takes its memory with the first packet.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: Vec<Sent>,
    /// Number of the next packet.
    next: u64,
    /// Bytes ever sent, and those up to the newest packet that was told of; both wrap.
    sent: u32,
    told: u32,
    /// One above that packet's number.
    told_next: u64,
}

impl History {
    /// Number of the next packet.
    pub(super) fn next_sequence(&self) -> u16 {
        self.next as u16
    }

    /// Remembers the next packet.
    pub(super) fn sent(&mut self, at_us: i64, size: usize, probe: u8) {
        let sequence = self.next;
        self.next += 1;
        self.sent = self.sent.wrapping_add(size as u32);
        let sent = Sent { sequence, at_us, total: self.sent, size: size as u16, probe, fate: Fate::Unknown };
        let size = self.entries.len();
        if size == 0 {
            self.entries.resize(FIRST_ENTRIES, NOTHING);
        } else if size < MAX_ENTRIES {
            let oldest = self.entries[self.place(sequence)];
            if oldest.fate == Fate::Unknown && at_us - oldest.at_us < YOUNG_US {
                self.grow();
            }
        }
        let place = self.place(sequence);
        self.entries[place] = sent;
    }

    /// Of a packet in the ring, whose size is a power of two.
    fn place(&self, sequence: u64) -> usize {
        sequence as usize & self.entries.len().wrapping_sub(1)
    }

    fn grow(&mut self) {
        let mut larger = vec![NOTHING; 2 * self.entries.len()];
        for sent in self.entries.iter().filter(|it| it.sequence != NOTHING.sequence) {
            let place = sent.sequence as usize % larger.len();
            larger[place] = *sent;
        }
        self.entries = larger;
    }

    /// Bytes that were sent after the newest packet that was told of.
    pub(super) fn in_flight(&self) -> u32 {
        self.sent.wrapping_sub(self.told)
    }

    /// Nobody told of what is under way, and it will not be waited for any longer.
    pub(super) fn forget_in_flight(&mut self) {
        self.told = self.sent;
        self.told_next = self.next;
    }

    /// The number, without its wrap, of a packet that was sent.
    pub(super) fn extended(&self, sequence: u16) -> Option<u64> {
        self.next.checked_sub(u64::from((self.next as u16).wrapping_sub(sequence)))
    }

    /// Notes what feedback says of a packet; `None` when that is no news, or the packet was forgotten or never sent.
    pub(super) fn verdict(&mut self, sequence: u16, arrived: bool) -> Option<Verdict> {
        let sequence = self.extended(sequence)?;
        let place = self.place(sequence);
        let entry = self.entries.get_mut(place).filter(|it| it.sequence == sequence)?;
        if sequence >= self.told_next {
            (self.told_next, self.told) = (sequence + 1, entry.total);
        }
        match (entry.fate, arrived) {
            (Fate::Arrived, _) | (Fate::Lost, false) => None,
            (before, true) => {
                entry.fate = Fate::Arrived;
                Some(Verdict::Arrived { sent: *entry, late: before == Fate::Lost })
            }
            (Fate::Unknown, false) => {
                entry.fate = Fate::Lost;
                Some(Verdict::Lost { sent: *entry })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fate_is_told_once() {
        let mut history = History::default();
        (0..70_000).for_each(|n| history.sent(n, 100, 0));
        let last = 69_999_u32 as u16;
        assert_eq!(history.next_sequence(), last + 1);
        assert!(matches!(history.verdict(last, false), Some(Verdict::Lost { .. })));
        assert_eq!(history.verdict(last, false), None);
        let Some(Verdict::Arrived { sent, late }) = history.verdict(last, true) else { panic!("forgotten") };
        assert_eq!((sent.sequence, sent.at_us, late), (69_999, 69_999, true));
        assert_eq!(history.verdict(last, true), None);
    }

    #[test]
    fn what_is_under_way_is_what_was_sent_after_the_last_that_was_told_of() {
        let mut history = History::default();
        assert_eq!(history.in_flight(), 0);
        (0..10).for_each(|n| history.sent(n, 100, 0));
        assert_eq!(history.in_flight(), 1000);
        history.verdict(6, true);
        history.verdict(3, false);
        assert_eq!(history.in_flight(), 300, "lost or not, it is not under way");
        history.forget_in_flight();
        history.sent(11, 50, 0);
        assert_eq!(history.in_flight(), 50);
    }

    #[test]
    fn grows_for_what_may_still_be_told_of_and_for_nothing_else() {
        let mut history = History::default();
        (0..5000).for_each(|n| history.sent(n * 10_000, 100, 0));
        assert_eq!(history.entries.len(), FIRST_ENTRIES, "100 packets a second");
        (5000..6500).for_each(|n| history.sent(50_000_000 + n, 100, 0));
        assert_eq!(history.entries.len(), MAX_ENTRIES);
        assert!((5000..6500_u16).all(|n| history.verdict(n, true).is_some()));
    }

    #[test]
    fn what_was_never_sent_or_is_old_tells_nothing() {
        let mut history = History::default();
        assert_eq!(history.verdict(0, true), None);
        (0..5000).for_each(|n| history.sent(n, 100, 0));
        assert_eq!(history.verdict(5000, true), None, "not sent yet");
        assert_eq!(history.verdict(2000, true), None, "forgotten");
        assert!(history.verdict(4999, true).is_some());
    }
}
