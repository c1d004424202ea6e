//! What was sent lately, by transport-wide sequence number, until feedback tells what became of it.

/// Packets remembered: at 20 Mbit/s in packets of 1200 bytes, a second. Feedback on older ones is of no use.
pub(super) const ENTRIES: usize = 2048;

/// One packet that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) sequence: u64,
    /// µs of the estimator's clock.
    pub(super) at_us: i64,
    /// Bytes of the datagram's payload.
    pub(super) size: u16,
    /// The probe that it is part of; 0 is none.
    pub(super) probe: u8,
    fate: Fate,
}

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

/// A ring of fixed size; takes its memory with the first packet.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: Vec<Sent>,
    /// Number of the next packet.
    next: u64,
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
        let sent = Sent { sequence, at_us, size: size as u16, probe, fate: Fate::Unknown };
        if self.entries.is_empty() {
            self.entries.resize(ENTRIES, Sent { sequence: u64::MAX, ..sent });
        }
        self.entries[sequence as usize % ENTRIES] = sent;
    }

    /// The number, without its wrap, of a packet that was sent.
    pub(super) fn extended(&self, sequence: u16) -> Option<u64> {
        self.next.checked_sub(u64::from((self.next as u16).wrapping_sub(sequence)))
    }

    /// Notes what feedback says of a packet; `None` when that is no news, or the packet was forgotten or never sent.
    pub(super) fn verdict(&mut self, sequence: u16, arrived: bool) -> Option<Verdict> {
        let sequence = self.extended(sequence)?;
        let entry = self.entries.get_mut(sequence as usize % ENTRIES).filter(|it| it.sequence == sequence)?;
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
    fn what_was_never_sent_or_is_old_tells_nothing() {
        let mut history = History::default();
        assert_eq!(history.verdict(0, true), None);
        (0..5000).for_each(|n| history.sent(n, 100, 0));
        assert_eq!(history.verdict(5000, true), None, "not sent yet");
        assert_eq!(history.verdict(2000, true), None, "forgotten");
        assert!(history.verdict(4999, true).is_some());
    }
}
