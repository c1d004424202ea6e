//! What was sent again lately: one loss is asked for again and again, and each answer needs time to arrive.

use std::time::{Duration, Instant};

/// Between two answers for one packet. A receiver asks again after its round trip, at least every 20 ms or so.
const MIN_INTERVAL: Duration = Duration::from_millis(15);

/// Answers for one packet.
const MAX_TIMES: u8 = 10;

/// Packets remembered, by the low bits of their number; a collision only forgets a limit.
const ENTRIES: usize = 128;

/// The limits of one slot; takes no memory before the first loss.
#[derive(Debug, Default)]
pub(crate) struct Resent {
    entries: Vec<Option<(u16, Instant, u8)>>,
}

impl Resent {
    /// How often the packet was sent again before, if it may be now; counts it if so.
    pub(crate) fn again(&mut self, sequence: u16, now: Instant) -> Option<u8> {
        if self.entries.is_empty() {
            self.entries.resize(ENTRIES, None);
        }
        let entry = &mut self.entries[usize::from(sequence) % ENTRIES];
        let times = match *entry {
            Some((it, last, times)) if it == sequence => {
                if now.saturating_duration_since(last) < MIN_INTERVAL || times >= MAX_TIMES {
                    return None;
                }
                times
            }
            _ => 0,
        };
        *entry = Some((sequence, now, times + 1));
        Some(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_per_interval_and_not_forever() {
        let start = crate::testing::some_moment();
        let mut resent = Resent::default();
        assert_eq!(resent.again(7, start), Some(0));
        assert_eq!(resent.again(7, start + Duration::from_millis(5)), None);
        assert_eq!(resent.again(8, start), Some(0));
        let more = (1..1000).filter(|n| resent.again(7, start + MIN_INTERVAL * *n).is_some()).count();
        assert_eq!(more, usize::from(MAX_TIMES) - 1);
    }
}
