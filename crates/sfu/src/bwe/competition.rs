//! Whether somebody fills the queue who does not make way: a long TCP transfer sends more until packets are lost, and who keeps
//! queues short beside it is left with nothing.
//!
//! ```text
//! keeps the queue short ── it does not drain, though much less is sent    ──► competes: led by loss
//!          ▲────── it stays short, or is longer than is of use, or for a minute ──────────┘
//! ```

/// A queue is somebody else's who does not make way if it stays for so long, though not more than this share of what was sent
/// before is sent.
const STAYS_US: i64 = 3_000_000;
const LESS: f64 = 0.3;
/// What was sent before is forgotten in this time.
const BEFORE_US: f64 = 20e6;
/// Nobody is led by loss over a way that loses more than this share anyway, of which the last feedback weighs so much.
const LOSES: f64 = 0.02;
const LOSS_GAIN: f64 = 0.03;

/// Up to here the queue is short. It is nobody's when it was short for this time: a transfer that goes on has filled it again by
/// then.
const SHORT_US: i64 = 60_000;
const SHORT_FOR_US: i64 = 2_000_000;

/// Nobody talks over a longer queue: there it is better to have sound alone.
const USELESS_US: i64 = 500_000;

/// So long at most: the way itself may have become longer, which is looked at again.
const LONGEST_US: i64 = 60_000_000;

/// Watches one way's queue.
#[derive(Debug, Default)]
pub(super) struct Competition {
    at_us: i64,
    /// The most that was sent lately, in bits a second.
    most_bps: f64,
    /// The share that is lost.
    loss: f64,
    /// Since when the queue is long.
    filled_us: Option<i64>,
    /// Since when it competes, and when the queue was long last.
    competes: Option<(i64, i64)>,
}

impl Competition {
    /// Feedback told of so many packets, of which so many were lost.
    pub(super) fn told(&mut self, packets: u32, lost: u32) {
        self.loss += LOSS_GAIN * (f64::from(lost) / f64::from(packets.max(1)) - self.loss);
    }

    /// After each feedback: the queue is so long, and so much is sent.
    pub(super) fn update(&mut self, now_us: i64, queue_us: i64, sent_bps: f64) {
        let passed = (now_us - std::mem::replace(&mut self.at_us, now_us)) as f64;
        self.most_bps = sent_bps.max(self.most_bps * (1.0 - passed / BEFORE_US));
        let is_long = queue_us >= SHORT_US;
        if let Some((since_us, long_us)) = &mut self.competes {
            if is_long {
                *long_us = now_us;
            }
            let ends = now_us - *long_us >= SHORT_FOR_US || now_us - *since_us >= LONGEST_US;
            if ends || queue_us > USELESS_US {
                (self.competes, self.filled_us) = (None, None);
            }
        } else if is_long {
            let stays = now_us - *self.filled_us.get_or_insert(now_us) >= STAYS_US && self.loss < LOSES;
            if stays && sent_bps < LESS * self.most_bps && queue_us <= USELESS_US {
                self.competes = Some((now_us, now_us));
            }
        } else {
            self.filled_us = None;
        }
    }

    /// The queue is somebody's who does not make way.
    pub(super) fn competes(&self) -> bool {
        self.competes.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feedback every 100 ms for `seconds`.
    fn run(it: &mut Competition, from: i64, seconds: i64, queue_us: i64, sent_bps: f64) -> bool {
        (0..10 * seconds).for_each(|n| it.update(from * 1_000_000 + n * 100_000, queue_us, sent_bps));
        it.competes()
    }

    #[test]
    fn a_queue_that_stays_though_less_is_sent_is_somebody_elses() {
        let mut it = Competition::default();
        assert!(!run(&mut it, 0, 1, 150_000, 1e6));
        assert!(!run(&mut it, 1, 2, 150_000, 0.2e6), "it may still drain");
        assert!(run(&mut it, 3, 1, 150_000, 0.2e6));
        assert!(run(&mut it, 4, 1, 30_000, 0.5e6), "a transfer halves what it sends now and then");
        assert!(run(&mut it, 5, 20, 150_000, 0.9e6));
        assert!(!run(&mut it, 25, 3, 30_000, 0.9e6), "it is over");
    }

    #[test]
    fn who_sends_as_much_as_before_keeps_the_queue_itself() {
        let mut it = Competition::default();
        assert!(!run(&mut it, 0, 10, 150_000, 1e6));
    }

    #[test]
    fn a_radio_that_loses_anyway_is_not_competed_for() {
        let mut it = Competition::default();
        run(&mut it, 0, 1, 10_000, 1e6);
        (0..100).for_each(|_| it.told(20, 1));
        assert!(!run(&mut it, 1, 10, 150_000, 0.1e6));
    }

    #[test]
    fn nobody_competes_for_a_queue_that_is_no_use_nor_for_ever() {
        let mut it = Competition::default();
        run(&mut it, 0, 1, 600_000, 1e6);
        assert!(!run(&mut it, 1, 9, 600_000, 0.1e6));
        assert!(run(&mut it, 10, 1, 300_000, 0.1e6));
        assert!(!run(&mut it, 11, 1, 600_000, 0.1e6));
        run(&mut it, 12, 1, 300_000, 1e6);
        assert!(run(&mut it, 13, 4, 300_000, 0.1e6));
        run(&mut it, 17, 57, 300_000, 0.1e6);
        it.update(77_000_000, 300_000, 0.1e6);
        assert!(!it.competes());
    }
}
