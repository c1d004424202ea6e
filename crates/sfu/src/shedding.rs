//! What a worker lets go that cannot keep up: pictures, of those who get most first, and never sound.
//!
//! A way down that is too narrow shows in its feedback. A processor that is too slow does not: what waits then waits in front of
//! the engine, where nobody's clock sees it. So whoever drives the engine tells how its turns go. For a tenth of a second of work
//! not once done with what had come is too much: all pictures together get a part less, as a bound that is the same for everybody.
//! The bound rises again by what the time that is slept lets expect, so that a load that just fits is not tried out. Where next to
//! nothing is sent, nothing tells what pictures would take: they are tried, and after each try that was too much later.

use std::time::{Duration, Instant};

/// Work and sleep that one look at the load takes.
const LOOK: Duration = Duration::from_millis(100);

/// One turn counts as work for at most so long: more of it is a machine that was taken away.
const TURN: Duration = Duration::from_millis(20);

/// What is too much comes down to so many per cent …
const LOWERED_PERCENT: u64 = 70;
/// … and next at the earliest after this time: what has piled up goes first.
const SETTLING: Duration = Duration::from_millis(250);

/// So long after it came down the bound may rise …
const HOLD: Duration = Duration::from_secs(1);
/// … to what is expected to take so many per cent of the time.
const TARGET_PERCENT: u64 = 85;

/// When less than this part of what is wanted is sent, pictures are tried, beginning with so much: the cheapest layers.
const LEAST_PART: u64 = 8;

/// After a try that was too much the next one waits, twice as long each time, up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LAST_PAUSE: Duration = Duration::from_secs(32);

/// … unless the load without pictures has come down to so many per cent of what it was then.
const LIGHTER_PERCENT: u64 = 80;

/// How much of the time was work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// In per cent.
    Busy(u64),
    /// More than there is.
    TooMuch,
}

/// Bits a second of somebody's pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pictures {
    /// What was asked for.
    pub(crate) wanted: u64,
    /// What was given.
    pub(crate) given: u64,
}

/// What is let go.
#[derive(Debug)]
pub(crate) struct Shedding {
    bound: Option<u64>,
    lowered: Option<Instant>,
    turned: Instant,
    worked: Duration,
    slept: Duration,
    caught_up: bool,
    tried: Tried,
}

/// Pictures of which nobody knows what they take.
#[derive(Debug, Default)]
struct Tried {
    /// How much of the time was work before the try that is under way.
    before: Option<u64>,
    /// The same of the last one that was too much, and how long and until when the next one waits.
    failed: Option<(u64, Duration, Instant)>,
}

impl Tried {
    fn may(&self, now: Instant, busy: u64) -> bool {
        self.failed.is_none_or(|(was, _, until)| now >= until || 100 * busy < LIGHTER_PERCENT * was)
    }

    /// There was too much; only what was tried is to blame for it.
    fn fail(&mut self, now: Instant) {
        if let Some(busy) = self.before.take() {
            let pause = self.failed.map_or(FIRST_PAUSE, |(_, pause, _)| (2 * pause).min(LAST_PAUSE));
            self.failed = Some((busy, pause, now + pause));
        }
    }
}

impl Shedding {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            bound: None,
            lowered: None,
            turned: now,
            worked: Duration::ZERO,
            slept: Duration::ZERO,
            caught_up: false,
            tried: Tried::default(),
        }
    }

    /// Bits a second of pictures that anybody may get; `None` is no bound.
    pub(crate) fn bound(&self) -> Option<u64> {
        self.bound
    }

    /// A turn has ended, before which the worker slept for `slept`. Returns the load if it is time to decide.
    pub(crate) fn turn(&mut self, now: Instant, slept: Duration, caught_up: bool) -> Option<Load> {
        let passed = now.saturating_duration_since(std::mem::replace(&mut self.turned, now));
        self.worked += passed.saturating_sub(slept).min(TURN);
        self.slept += slept;
        self.caught_up |= caught_up;
        let all = self.worked + self.slept;
        if all < LOOK {
            return None;
        }
        let busy = 100 * self.worked.as_micros() / all.as_micros();
        let load = if self.caught_up { Load::Busy(busy as u64) } else { Load::TooMuch };
        (self.worked, self.slept, self.caught_up) = (Duration::ZERO, Duration::ZERO, false);
        (load == Load::TooMuch || self.bound.is_some()).then_some(load)
    }

    /// Sets the bound anew; returns whether it came down.
    pub(crate) fn decide(&mut self, now: Instant, load: Load, pictures: &[Pictures]) -> bool {
        let since = self.lowered.map(|at| now.saturating_duration_since(at));
        let given: u64 = pictures.iter().map(|it| it.given).sum();
        match load {
            Load::TooMuch if since.is_none_or(|since| since >= SETTLING) => {
                self.lowered = Some(now);
                self.tried.fail(now);
                let level =
                    level(pictures.iter().map(|it| it.given).collect(), given * LOWERED_PERCENT / 100);
                self.bound = Some(self.bound.map_or(level, |bound| bound.min(level)));
                true
            }
            Load::Busy(busy) if busy < TARGET_PERCENT && since.is_none_or(|since| since >= HOLD) => {
                let wanted: Vec<u64> = pictures.iter().map(|it| it.wanted).collect();
                let least = wanted.iter().sum::<u64>() / LEAST_PART;
                let most = wanted.iter().copied().max().unwrap_or(0);
                let mut level = level(wanted, given.max(least) * TARGET_PERCENT / busy.max(1));
                if given >= least {
                    self.tried.before = None;
                } else if self.tried.may(now, busy) {
                    // Where nobody has a picture so cheap, a larger one is tried.
                    let more = self.bound.unwrap_or(0) * TARGET_PERCENT / busy.max(1);
                    level = level.max(more);
                    self.tried.before.get_or_insert(busy);
                } else {
                    return false;
                }
                self.bound = self.bound.map(|bound| bound.max(level)).filter(|bound| *bound < most);
                if self.bound.is_none() && given >= least {
                    self.tried = Tried::default();
                }
                false
            }
            _ => false,
        }
    }
}

/// What bounds each of `parts` so that together they are `all`.
fn level(mut parts: Vec<u64>, all: u64) -> u64 {
    parts.sort_unstable();
    let (mut left, count) = (all, parts.len());
    for (at, part) in parts.into_iter().enumerate() {
        let share = left / (count - at) as u64;
        if part > share {
            return share;
        }
        left -= part;
    }
    u64::MAX
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::some_moment;

    const MS: Duration = Duration::from_millis(1);

    fn everybody(given: u64) -> [Pictures; 4] {
        [Pictures { wanted: 2_000_000, given }; 4]
    }

    #[test]
    fn who_is_never_done_has_too_much_and_who_sleeps_has_not() {
        let mut now = some_moment();
        let mut shedding = Shedding::new(now);
        let mut turn = |work: Duration, slept: Duration, caught_up| {
            now += work + slept;
            shedding.turn(now, slept, caught_up)
        };
        let loads: Vec<_> = (0..10).map(|_| turn(10 * MS, Duration::ZERO, false)).collect();
        assert_eq!(loads[..9], [None; 9]);
        assert_eq!(loads[9], Some(Load::TooMuch));
        assert!((0..50).all(|_| turn(9 * MS, MS, true).is_none()), "full, and in time: nothing is bound");
        assert_eq!(turn(2000 * MS, Duration::ZERO, false), None, "the machine was taken away");
    }

    #[test]
    fn what_is_too_much_comes_down_by_steps_and_nobody_with_little_loses() {
        let mut now = some_moment();
        let mut shedding = Shedding::new(now);
        let little = Pictures { wanted: 100_000, given: 100_000 };
        let mut pictures = [everybody(2_000_000).as_slice(), &[little]].concat();
        assert!(shedding.decide(now, Load::TooMuch, &pictures));
        let bound = shedding.bound().unwrap();
        assert!((1_300_000..1_400_000).contains(&bound), "{bound}");
        assert!(!shedding.decide(now + 100 * MS, Load::TooMuch, &pictures), "the rest is what piled up");
        for _ in 0..40 {
            now += SETTLING;
            for it in &mut pictures {
                it.given = it.given.min(shedding.bound().unwrap());
            }
            shedding.decide(now, Load::TooMuch, &pictures);
        }
        assert!(shedding.bound().unwrap() < 10_000, "pictures go before sound does");
    }

    #[test]
    fn the_bound_rises_by_what_is_expected_and_goes_when_there_is_enough() {
        let now = some_moment();
        let mut shedding = Shedding::new(now);
        shedding.decide(now, Load::TooMuch, &everybody(2_000_000));
        let given = everybody(500_000);
        shedding.decide(now + HOLD / 2, Load::Busy(40), &given);
        assert_eq!(shedding.bound(), Some(1_400_000), "too early");
        shedding.decide(now + HOLD, Load::Busy(40), &given);
        assert_eq!(shedding.bound(), Some(1_400_000), "1.06 is what fits: nothing is tried that does not");
        shedding.decide(now + HOLD, Load::Busy(25), &given);
        assert_eq!(shedding.bound(), Some(1_700_000));
        shedding.decide(now + HOLD, Load::Busy(15), &given);
        assert_eq!(shedding.bound(), None);
    }

    #[test]
    fn who_sends_nothing_any_more_begins_again() {
        let now = some_moment();
        let mut shedding = Shedding { bound: Some(0), lowered: Some(now), ..Shedding::new(now) };
        shedding.decide(now + HOLD, Load::Busy(40), &everybody(0));
        assert!(shedding.bound().unwrap() > 400_000);
        shedding.decide(now + HOLD, Load::Busy(40), &everybody(0));
        assert!(shedding.bound().unwrap() > 1_000_000, "nobody has a picture for that: a larger one");
        shedding.decide(now + HOLD, Load::Busy(40), &everybody(0));
        assert_eq!(shedding.bound(), None);
    }

    #[test]
    fn what_was_tried_and_was_too_much_is_tried_less_and_less_often_until_the_rest_is_lighter() {
        let mut now = some_moment();
        let mut shedding = Shedding { bound: Some(0), lowered: Some(now), ..Shedding::new(now) };
        let mut tries = Vec::new();
        let began = now;
        for _ in 0..100 {
            now += HOLD;
            shedding.decide(now, Load::Busy(40), &everybody(0));
            if shedding.bound().is_none() {
                tries.push((now - began).as_secs());
                shedding.decide(now, Load::TooMuch, &everybody(2_000_000));
                now += SETTLING;
                shedding.decide(now, Load::TooMuch, &everybody(0));
            }
        }
        let gaps: Vec<_> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.is_sorted() && gaps.len() >= 4 && gaps.last() >= Some(&32), "{tries:?}");
        let wait = 5 * HOLD;
        shedding.decide(now + wait, Load::Busy(20), &everybody(0));
        assert!(shedding.bound().is_none_or(|bound| bound > 0), "somebody left");
    }

    proptest! {
        #[test]
        fn a_level_is_all_and_not_more(parts in prop::collection::vec(0..5_000_000_u64, 0..40), all in 0..100_000_000_u64) {
            let level = level(parts.clone(), all);
            let sum: u64 = parts.iter().map(|part| *part.min(&level)).sum();
            prop_assert!(sum <= all);
            prop_assert!(level == u64::MAX || sum + parts.len() as u64 > all);
        }
    }
}
