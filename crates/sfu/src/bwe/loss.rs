//! What loss says (draft-ietf-rmcat-gcc-02 §6), where the draft would take a bad radio for a full link.
//!
//! A full link has a queue, or it is policed: then what arrives is steadier than chance would leave it. So loss with a
//! queue bounds the rate as in the draft, loss without one bounds it to what arrives if that is steady, and any other
//! loss is left to repairs: sending less would lose as large a share.

/// Between these shares of loss the rate is neither cut nor raised (draft §6: 2 % and 10 %).
const LOW: f64 = 0.02;
const HIGH: f64 = 0.10;
/// A way that loses nearly everything is broken, not full: it tells nothing of its rate.
const BROKEN: f64 = 0.9;
/// Growth of the bound in each window with little loss: about 8 % a second.
const GROWTH: f64 = 1.03;

/// A window has at least so many packets and so much time: fewer packets are no statistics …
const WINDOW_PACKETS: u32 = 60;
const WINDOW_US: i64 = 400_000;
/// … unless so much time passes.
const LONG_WINDOW_US: i64 = 1_500_000;

/// From here on the way is longer than at its best because of a queue.
const QUEUE_US: i64 = 25_000;

/// So many windows in a row with loss and without a queue are looked at: fewer are steady by chance too often.
const STEADY_WINDOWS: usize = 8;
/// What arrives is steady when it varies by less than this share of what chance makes of such a loss.
const STEADY: f64 = 0.4;
/// A policer loses nothing of less than it lets through: when so many windows after the cut lose as before, it was chance,
/// and is not looked for again for a while.
const WRONG_WINDOWS: u32 = 4;
const PARDON_US: i64 = 30_000_000;
/// Of what a policer lets through, the bound.
const POLICED: f64 = 0.95;

/// The rate that loss allows.
#[derive(Debug)]
pub(super) struct LossBound {
    /// Infinite while loss says nothing.
    bound: f64,
    window: Window,
    since_us: Option<i64>,
    /// When the last packet of the last window arrived, by the receiver's clock.
    last_arrival: Option<i64>,
    /// (bits a second that arrived, relative variance that chance gives it) of the last windows that lost packets
    /// without a queue.
    lossy: [(f64, f64); STEADY_WINDOWS],
    count: usize,
    /// Windows with loss since a policer was believed in, until one without.
    doubt: Option<u32>,
    pardoned_until_us: i64,
}

#[derive(Debug, Default)]
struct Window {
    arrived: u32,
    lost: u32,
    bytes: u64,
    last_arrival: i64,
}

impl LossBound {
    pub(super) fn new() -> Self {
        Self {
            bound: f64::INFINITY,
            window: Window::default(),
            since_us: None,
            last_arrival: None,
            lossy: [(0.0, 0.0); STEADY_WINDOWS],
            count: 0,
            doubt: None,
            pardoned_until_us: i64::MIN,
        }
    }

    pub(super) fn bps(&self) -> f64 {
        self.bound
    }

    /// A packet arrived; `late` when it was taken for lost before.
    pub(super) fn arrived(&mut self, size: u16, at_us: i64, late: bool) {
        let window = &mut self.window;
        window.arrived += 1;
        window.bytes += u64::from(size);
        window.last_arrival = at_us;
        if late {
            window.lost = window.lost.saturating_sub(1);
        }
    }

    /// So many packets did not arrive.
    pub(super) fn lost(&mut self, packets: u32) {
        self.window.lost = self.window.lost.saturating_add(packets);
    }

    /// A probe of this rate came through.
    pub(super) fn carried(&mut self, bps: f64) {
        self.bound = self.bound.max(bps);
    }

    /// After each feedback. `estimate` is what the delay allows, `queue_us` the wait on the way.
    pub(super) fn update(&mut self, now_us: i64, estimate: f64, queue_us: i64) {
        let passed = now_us - *self.since_us.get_or_insert(now_us);
        let packets = self.window.arrived + self.window.lost;
        let is_long = passed >= WINDOW_US && packets >= WINDOW_PACKETS || passed >= LONG_WINDOW_US;
        if !is_long || self.window.arrived == 0 {
            return;
        }
        self.since_us = Some(now_us);
        let window = std::mem::take(&mut self.window);
        let loss = f64::from(window.lost) / f64::from(packets);
        let span = self.last_arrival.replace(window.last_arrival).map(|last| window.last_arrival - last);
        if loss > BROKEN {
            return;
        }
        let from = self.bound.min(estimate);
        if loss > HIGH && queue_us > QUEUE_US {
            self.bound = from * (1.0 - 0.5 * loss);
            self.count = 0;
        } else if loss > HIGH {
            let bps =
                span.filter(|span| *span > 0).map_or(0.0, |span| window.bytes as f64 * 8e6 / span as f64);
            self.lossy[self.count % STEADY_WINDOWS] = (bps, loss / (1.0 - loss) / f64::from(packets));
            self.count += 1;
            if let Some(doubt) = &mut self.doubt {
                *doubt += 1;
                if *doubt >= WRONG_WINDOWS {
                    self.doubt = None;
                    self.bound = f64::INFINITY;
                    self.pardoned_until_us = now_us + PARDON_US;
                }
            } else if let Some(steady) = self.steady().filter(|_| now_us >= self.pardoned_until_us) {
                self.bound = from.min(POLICED * steady);
                self.count = 0;
                self.doubt = Some(0);
            }
        } else {
            self.count = 0;
            self.doubt = None;
            self.bound *= if loss < LOW { GROWTH } else { 1.0 };
        }
        if self.bound > 1.2 * estimate {
            self.bound = f64::INFINITY;
        }
    }

    /// What arrived, if it was too steady for chance.
    fn steady(&self) -> Option<f64> {
        if self.count < STEADY_WINDOWS {
            return None;
        }
        let count = STEADY_WINDOWS as f64;
        let mean = self.lossy.iter().map(|(bps, _)| bps).sum::<f64>() / count;
        let variance =
            self.lossy.iter().map(|(bps, _)| (bps - mean) * (bps - mean)).sum::<f64>() / (count - 1.0);
        let chance = mean * mean * self.lossy.iter().map(|(_, chance)| chance).sum::<f64>() / count;
        (variance < STEADY * STEADY * chance).then_some(mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One window after the other; `fate` says which of its packets are lost. Returns the bound.
    fn run(bound: &mut LossBound, windows: i64, queue_us: i64, mut fate: impl FnMut(i64) -> bool) -> f64 {
        for n in 0..windows * 100 {
            let at = n * 5_000; // 100 packets in each half second, 1.92 Mbit/s
            if fate(n) {
                bound.lost(1);
            } else {
                bound.arrived(1200, at, false);
            }
            if n % 100 == 99 {
                bound.update(at, 2e6, queue_us);
            }
        }
        bound.bps()
    }

    #[test]
    fn a_bad_radio_does_not_cost_the_rate() {
        let mut random = crate::random::Random::new(&[7; 32]);
        let mut bound = LossBound::new();
        assert!(run(&mut bound, 100, 3000, |_| random.u32() % 10 < 3).is_infinite());
    }

    #[test]
    fn a_policer_bounds_the_rate_to_what_it_lets_through() {
        let mut bound = LossBound::new();
        let found = run(&mut bound, 12, 3000, |n| n % 3 == 0);
        assert!((1.15e6..1.3e6).contains(&found), "{found}");
    }

    #[test]
    fn loss_in_a_full_queue_cuts_the_rate_as_the_draft_says() {
        let mut bound = LossBound::new();
        let found = run(&mut bound, 2, 200_000, |n| n % 5 == 0);
        assert!((found - 2e6 * 0.9).abs() < 1e5, "{found}");
        assert!(run(&mut bound, 1, 0, |n| n % 20 == 0) <= found, "a little holds it");
    }
}
