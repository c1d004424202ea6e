//! What was sent again lately: one loss is asked for again and again, and each answer needs time to arrive.

use std::time::{Duration, Instant};

/// Between two answers for one packet: sooner than after a round trip the last one may still be on its way. A shorter round
/// trip than this no receiver counts on: they ask again every 20 ms or so.
const MIN_INTERVAL: Duration = Duration::from_millis(15);
/// A longer one is a queue or a mistake, and jitter buffers give a packet up after about a second.
const MAX_INTERVAL: Duration = Duration::from_millis(500);

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
    pub(crate) fn again(&mut self, sequence: u16, now: Instant, rtt: Option<Duration>) -> Option<u8> {
        if self.entries.is_empty() {
            self.entries.resize(ENTRIES, None);
        }
        let entry = &mut self.entries[usize::from(sequence) % ENTRIES];
        let times = match *entry {
            Some((it, last, times)) if it == sequence => {
                let interval = rtt.unwrap_or(MIN_INTERVAL).clamp(MIN_INTERVAL, MAX_INTERVAL);
                if now.saturating_duration_since(last) < interval || times >= MAX_TIMES {
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
    fn once_per_round_trip_and_not_forever() {
        let start = crate::testing::some_moment();
        let at = |ms| start + Duration::from_millis(ms);
        let far = Some(Duration::from_millis(100));
        let mut resent = Resent::default();
        assert_eq!(resent.again(7, at(0), far), Some(0));
        assert_eq!(resent.again(7, at(99), far), None, "the first one may be on its way");
        assert_eq!(resent.again(8, at(99), far), Some(0));
        assert_eq!(resent.again(7, at(100), far), Some(1));
        assert_eq!(resent.again(7, at(110), None), None);
        assert_eq!(resent.again(7, at(115), None), Some(2), "a round trip that nobody measured is short");
        let forever = Some(Duration::from_secs(9));
        assert_eq!(resent.again(7, at(615), forever), Some(3), "one that nobody waits for is not believed");
        let more = (4..1000).filter(|n| resent.again(7, at(1000 * n), far).is_some()).count();
        assert_eq!(more, usize::from(MAX_TIMES) - 4);
    }
}
