//! Who is due when. Only due ones are looked at, however many there are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// What a deadline belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// A peer's feedback, retransmissions, reports or handshake.
    Peer(u32),
    /// A room's election of speakers.
    Room(u32),
    /// What a room has to ask of its other parts.
    Relayed(u32),
    /// The batch of statistics.
    Statistics,
}

/// A heap of deadlines. An entry that was overtaken by an earlier one stays in it and wakes its owner for nothing,
/// which costs less than finding it.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Due)>>,
}

impl Timers {
    pub(crate) fn arm(&mut self, at: Instant, due: Due) {
        self.heap.push(Reverse((at, due)));
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// The earliest entry that is due at `now`, with its time.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(Instant, Due)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }
}

/// The one deadline of a peer or room: keeps at most one live entry in [`Timers`] per moment asked for.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    armed: Option<Instant>,
}

impl Alarm {
    /// Wakes `due` no later than `at`.
    pub(crate) fn no_later_than(&mut self, at: Instant, due: Due, timers: &mut Timers) {
        if self.armed.is_none_or(|armed| at < armed) {
            self.armed = Some(at);
            timers.arm(at, due);
        }
    }

    /// Whether the entry of time `at` is the one that counts.
    pub(crate) fn is_set_for(&self, at: Instant) -> bool {
        self.armed == Some(at)
    }

    /// The entry was used up.
    pub(crate) fn clear(&mut self) {
        self.armed = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn rings_once_at_the_earliest_time_asked_for() {
        let start = crate::testing::some_moment();
        let at = |ms| start + Duration::from_millis(ms);
        let (mut timers, mut alarm) = (Timers::default(), Alarm::default());
        alarm.no_later_than(at(50), Due::Peer(1), &mut timers);
        alarm.no_later_than(at(20), Due::Peer(1), &mut timers);
        alarm.no_later_than(at(30), Due::Peer(1), &mut timers);
        assert_eq!(timers.next(), Some(at(20)));
        let mut rang = Vec::new();
        while let Some((time, due)) = timers.pop(at(100)) {
            assert_eq!(due, Due::Peer(1));
            if alarm.is_set_for(time) {
                alarm.clear();
                rang.push(time);
            }
        }
        assert_eq!(rang, [at(20)]);
    }
}
