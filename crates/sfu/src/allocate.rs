//! Who gets which layer when there is not enough for everything: pure functions of a budget and of what is asked.
//!
//! The phases, most important first; what a phase leaves goes to the next:
//!
//! 1. *Audio* is taken off the budget before anything else, and is never cut.
//! 2. Every picture gets its cheapest quality, in the order of the phases below.
//! 3. *Pinned and active speaker*, *screens*, *tiles* by size and *thumbnails* get up to the layer that they ask for.
//! 4. *Over-provision*: what is sent already stays while it exceeds the budget by a little, since both are estimates.
//!
//! A quality is a layer, and of that the temporal layers up to one: fewer of them are fewer pictures a second.
//!
//! A picture goes down at once. It goes up with a margin, and not soon after something had to go down.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use crate::forward::ALL_TEMPORAL;
use crate::sdp::MAX_LAYERS;

/// Steps of one picture: each layer in up to three frame rates.
const MAX_STEPS: usize = 3 * MAX_LAYERS;

/// What is sent already may exceed the budget by 1/20.
const OVER_PROVISION: u64 = 20;

/// What goes up must cost so much less than what is left: rates of layers vary by about that much. In percent.
const MARGIN_PERCENT: u64 = 115;

/// After something had to go down nothing goes up for so long …
const FIRST_HOLD: Duration = Duration::from_secs(2);
/// … doubled up to this when the next rise did not last …
const LONGEST_HOLD: Duration = Duration::from_secs(5);
/// … for at least so long.
const LASTING: Duration = Duration::from_secs(8);

/// A way that carries so many times more than when something had to go down is another one.
const RELEASE: u64 = 2;

/// On a way that was met before, one picture goes up at a time, and the next when what came of it is known.
const SETTLED: Duration = Duration::from_millis(300);

/// Tiles up to this many pixels are thumbnails.
const THUMBNAIL_PIXELS: u32 = 240 * 135;

/// How important a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Pinned, or who speaks.
    Chosen,
    Screen,
    Tile,
    Thumbnail,
}

impl Phase {
    /// Of a picture in a tile of `pixels`.
    pub(crate) fn of(is_chosen: bool, is_screen: bool, pixels: u32) -> Self {
        match (is_chosen, is_screen) {
            (true, _) => Self::Chosen,
            (_, true) => Self::Screen,
            _ if pixels > THUMBNAIL_PIXELS => Self::Tile,
            _ => Self::Thumbnail,
        }
    }
}

/// What of a stream may be given: one of its layers, and of that the temporal layers up to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quality {
    pub(crate) layer: usize,
    pub(crate) temporal: u8,
}

impl Quality {
    /// A layer with every picture.
    pub(crate) const fn whole(layer: usize) -> Self {
        Self { layer, temporal: ALL_TEMPORAL }
    }
}

/// A quality that may be given, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) quality: Quality,
    pub(crate) bps: u64,
}

/// What one slot asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    /// Index of the slot.
    pub(crate) slot: usize,
    /// Key of the stream in it.
    pub(crate) stream: u32,
    pub(crate) phase: Phase,
    /// Of the tile.
    pub(crate) pixels: u32,
    steps: [Step; MAX_STEPS],
    count: usize,
    /// How many steps it has now; more than `count` when the tile asks for less than before.
    current: usize,
    /// How many steps it is given.
    granted: usize,
}

impl Ask {
    /// `steps` from the cheapest to the one that the tile asks for. `has` tells whether a quality is given now, knowing whether
    /// it is its layer's cheapest; `has_more` that what is given now exceeds all of them.
    pub(crate) fn new(
        (slot, stream): (usize, u32),
        phase: Phase,
        pixels: u32,
        steps: impl Iterator<Item = Step>,
        has: impl Fn(Quality, bool) -> bool,
        has_more: bool,
    ) -> Self {
        let mut ask = Self {
            slot,
            stream,
            phase,
            pixels,
            steps: [Step { quality: Quality::whole(0), bps: 0 }; MAX_STEPS],
            count: 0,
            current: 0,
            granted: 0,
        };
        let mut before = None;
        for (place, step) in ask.steps.iter_mut().zip(steps) {
            let is_cheapest = before.replace(step.quality.layer) != Some(step.quality.layer);
            if ask.current == ask.count && has(step.quality, is_cheapest) {
                ask.current += 1;
            }
            *place = step;
            ask.count += 1;
        }
        ask.current += usize::from(has_more);
        ask
    }

    /// What it is given; `None` is no picture.
    pub(crate) fn given(&self) -> Option<Quality> {
        Some(self.steps[self.granted.checked_sub(1)?].quality)
    }

    /// It is given less than it asks for.
    pub(crate) fn is_short(&self) -> bool {
        self.granted < self.count
    }

    /// Of the first `steps` steps.
    fn cost(&self, steps: usize) -> u64 {
        steps.checked_sub(1).map_or(0, |at| self.steps[at].bps)
    }
}

/// What there is to give.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// For pictures.
    pub(crate) bps: u64,
    /// Nothing is known of the way yet: every picture gets its lowest layer, which tells.
    pub(crate) is_guess: bool,
    pub(crate) rise: Rise,
}

/// How much may go up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rise {
    /// Nothing.
    No,
    /// One step of one picture: the way was met before, and others may share it.
    One,
    /// Whatever there is enough for.
    All,
}

/// Gives each of `asks` its layer, and leaves them in the order in which they were served.
pub(crate) fn allocate(mut budget: Budget, asks: &mut [Ask]) {
    asks.sort_unstable_by_key(|ask| (ask.phase, Reverse(ask.pixels), ask.slot));
    let mut spent = 0;
    for ask in asks.iter_mut() {
        ask.granted = 0;
        if ask.count > 0 && (budget.is_guess || budget.allows(ask, 1, spent)) {
            ask.granted = 1;
            spent += ask.cost(1);
            budget.gave(ask);
        }
    }
    for ask in asks.iter_mut().filter(|ask| ask.granted > 0) {
        while ask.granted < ask.count && budget.allows(ask, ask.granted + 1, spent) {
            spent += ask.cost(ask.granted + 1).saturating_sub(ask.cost(ask.granted));
            ask.granted += 1;
            budget.gave(ask);
        }
    }
}

impl Budget {
    /// Whether the ask may have so many steps, when `spent` is given away already.
    fn allows(&self, ask: &Ask, steps: usize, spent: u64) -> bool {
        let more = ask.cost(steps).saturating_sub(ask.cost(ask.granted));
        if steps <= ask.current {
            return spent + more <= self.bps + self.bps / OVER_PROVISION;
        }
        self.rise != Rise::No && spent + more * MARGIN_PERCENT / 100 <= self.bps
    }

    /// A step was given.
    fn gave(&mut self, ask: &Ask) {
        if self.rise == Rise::One && ask.granted > ask.current {
            self.rise = Rise::No;
        }
    }
}

/// When something may go up again.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    until: Option<Instant>,
    length: Duration,
    /// What there was when something had to go down.
    lowered_at_bps: u64,
    rose: Option<Instant>,
}

impl Hold {
    /// What may go up now that the way carries `bps`. Much more than when the hold began ends it.
    pub(crate) fn rise(&self, now: Instant, bps: u64) -> Rise {
        let Some(until) = self.until else { return Rise::All };
        let is_settled = self.rose.is_none_or(|rose| now.saturating_duration_since(rose) >= SETTLED);
        if is_settled && (now >= until || bps >= RELEASE * self.lowered_at_bps) {
            return Rise::One;
        }
        Rise::No
    }

    /// Learns from what was given of `bps`.
    pub(crate) fn learn(&mut self, now: Instant, bps: u64, asks: &[Ask]) {
        if asks.iter().any(|ask| ask.granted < ask.current.min(ask.count)) {
            // Several steps down in a row are one.
            if let Some(rose) = self.rose.take() {
                let lasted = now.saturating_duration_since(rose) >= LASTING;
                self.length = if lasted { FIRST_HOLD } else { (2 * self.length).min(LONGEST_HOLD) };
            }
            self.length = self.length.max(FIRST_HOLD);
            self.until = Some(now + self.length);
            self.lowered_at_bps = bps;
        } else if asks.iter().any(|ask| ask.granted > ask.current) {
            self.rose = Some(now);
        }
    }
}

/// What everything that is asked for costs.
pub(crate) fn demand(asks: &[Ask]) -> u64 {
    asks.iter().map(|ask| ask.cost(ask.count)).sum()
}

/// What everything that is given costs.
pub(crate) fn granted(asks: &[Ask]) -> u64 {
    asks.iter().map(|ask| ask.cost(ask.granted)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COSTS: [u64; 3] = [150_000, 500_000, 1_700_000];

    fn ask(slot: usize, phase: Phase, count: usize, current: usize) -> Ask {
        let whole = |(layer, bps): (usize, &u64)| Step { quality: Quality::whole(layer), bps: *bps };
        let steps = COSTS.iter().enumerate().take(count).map(whole);
        let has = |quality: Quality, _| quality.layer < current;
        Ask::new((slot, 0), phase, 1000, steps, has, current > count)
    }

    fn measured(bps: u64) -> Budget {
        Budget { bps, is_guess: false, rise: Rise::All }
    }

    /// The layers by slot.
    fn given(budget: Budget, mut asks: Vec<Ask>) -> Vec<Option<usize>> {
        allocate(budget, &mut asks);
        asks.sort_unstable_by_key(|ask| ask.slot);
        asks.iter().map(|ask| Some(ask.given()?.layer)).collect()
    }

    #[test]
    fn everybody_is_seen_before_anybody_is_seen_sharply() {
        let asks = || {
            vec![
                ask(0, Phase::Thumbnail, 1, 0),
                ask(1, Phase::Tile, 2, 0),
                ask(2, Phase::Screen, 3, 0),
                ask(3, Phase::Chosen, 3, 0),
            ]
        };
        assert_eq!(given(measured(100_000), asks()), [None; 4]);
        assert_eq!(given(measured(180_000), asks()), [None, None, None, Some(0)]);
        assert_eq!(given(measured(640_000), asks()), [Some(0); 4]);
        assert_eq!(given(measured(1_100_000), asks()), [Some(0), Some(0), Some(0), Some(1)]);
        assert_eq!(given(measured(9_000_000), asks()), [Some(0), Some(1), Some(2), Some(2)]);
    }

    #[test]
    fn a_guess_shows_everybody_and_sharpens_nobody_that_does_not_fit() {
        let guess = Budget { bps: 200_000, is_guess: true, rise: Rise::All };
        let asks = vec![ask(0, Phase::Tile, 3, 0), ask(1, Phase::Tile, 3, 0)];
        assert_eq!(given(guess, asks), [Some(0), Some(0)]);
    }

    #[test]
    fn what_is_there_stays_on_the_edge_and_does_not_come_there() {
        let edge = measured(490_000);
        assert_eq!(given(edge, vec![ask(0, Phase::Tile, 3, 2)]), [Some(1)]);
        assert_eq!(given(edge, vec![ask(0, Phase::Tile, 3, 1)]), [Some(0)]);
        assert_eq!(given(measured(470_000), vec![ask(0, Phase::Tile, 3, 2)]), [Some(0)], "down at once");
    }

    #[test]
    fn nothing_rises_while_it_must_not() {
        let held = Budget { rise: Rise::No, ..measured(9_000_000) };
        let asks = vec![ask(0, Phase::Tile, 3, 1), ask(1, Phase::Tile, 3, 0)];
        assert_eq!(given(held, asks.clone()), [Some(0), None]);
        let one = Budget { rise: Rise::One, ..held };
        assert_eq!(given(one, asks), [Some(0), Some(0)], "who sees nothing first");
    }

    #[test]
    fn a_rise_that_does_not_last_makes_the_next_one_wait_longer() {
        let start = crate::testing::some_moment();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut hold = Hold::default();
        let lower = |hold: &mut Hold, now| {
            let mut asks = [ask(0, Phase::Tile, 3, 3)];
            allocate(measured(600_000), &mut asks);
            hold.learn(now, 600_000, &asks);
        };
        let raise = |hold: &mut Hold, now| {
            let mut asks = [ask(0, Phase::Tile, 3, 2)];
            allocate(measured(6_000_000), &mut asks);
            hold.learn(now, 1_000_000, &asks);
        };
        let may_rise = |hold: &Hold, seconds| hold.rise(at(seconds), 1_000_000) != Rise::No;
        assert!(may_rise(&hold, 0));
        lower(&mut hold, start);
        lower(&mut hold, start);
        assert!(!may_rise(&hold, 1) && may_rise(&hold, 2));
        assert_eq!(hold.rise(at(1), 1_200_000), Rise::One, "the way is another one");
        raise(&mut hold, at(2));
        lower(&mut hold, at(3));
        assert!(!may_rise(&hold, 6) && may_rise(&hold, 7));
        raise(&mut hold, at(7));
        lower(&mut hold, at(60));
        assert!(may_rise(&hold, 62), "it had lasted");
    }

    proptest! {
        #[test]
        fn the_budget_is_kept(
            bps in 0_u64..5_000_000,
            asks in prop::collection::vec((0_usize..4, 0_usize..4, 0_usize..4), 0..25),
            may_rise: bool,
        ) {
            let phases = [Phase::Chosen, Phase::Screen, Phase::Tile, Phase::Thumbnail];
            let mut asks: Vec<_> = asks
                .into_iter()
                .enumerate()
                .map(|(slot, (phase, count, current))| ask(slot, phases[phase], count, current))
                .collect();
            let rise = if may_rise { Rise::All } else { Rise::No };
            allocate(Budget { bps, is_guess: false, rise }, &mut asks);
            let spent: u64 = asks.iter().map(|ask| ask.cost(ask.granted)).sum();
            prop_assert!(spent <= bps + bps / OVER_PROVISION);
            prop_assert!(asks.iter().all(|ask| ask.granted <= ask.count));
            prop_assert!(may_rise || asks.iter().all(|ask| ask.granted <= ask.current));
            // Who is more important is not dark while who is less is seen, unless they may not rise.
            if may_rise && asks.iter().all(|ask| ask.current == 0 && ask.count > 0) {
                let seen: Vec<_> = asks.iter().map(|ask| ask.granted > 0).collect();
                prop_assert!(seen.is_sorted_by(|a, b| a >= b));
            }
        }
    }
}
