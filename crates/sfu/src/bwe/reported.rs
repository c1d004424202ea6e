//! Of clients that send no transport-wide feedback: their receiver reports (RFC 3550 §6.4) are all there is, about one a second,
//! with what was lost and how long the round trip is.
//!
//! ```text
//! loss, and the round trip is longer ─► the link is full, and carries what came through (draft-ietf-rmcat-gcc-02 §6 halves the
//!                                       loss, several times a second)
//! a much longer round trip           ─► its queue is deep: cut before it loses
//! loss alone                         ─► try with less: if as much is lost, the radio is bad, and the rate is taken up again
//! neither                            ─► grow
//! ```

use std::time::Instant;

use super::rate::{MAX_BPS, MIN_BPS};

/// Shares of loss, above what is lost anyway: up to the first the rate grows, from the second on it is cut (draft §6).
const LOW: f64 = 0.03;
const HIGH: f64 = 0.10;
/// What is lost anyway varies by so much.
const VARIES: f64 = 1.25;
/// Weight of a window that loses less: a second of a thumbnail is 60 packets, of which chance may spare all.
const ANYWAY_GAIN: f64 = 0.1;
/// Windows in a row with a little loss, and no queue, until less is tried.
const STEADY_WINDOWS: u32 = 4;

/// A window has at least so much time and so many packets; fewer tell little, unless so much time passes.
const WINDOW_US: i64 = 900_000;
const WINDOW_PACKETS: f64 = 40.0;
const LONG_WINDOW_US: i64 = 2_500_000;

/// A trial is worth waiting for: of fewer packets chance spares too many. With the pictures gone only sound tells, with some
/// clients every 5 s.
const TRIAL_PACKETS: f64 = 200.0;
const LONGEST_TRIAL_US: i64 = 6_000_000;

/// After a change nothing is believed of this time, and of a round trip.
const SETTLES_US: i64 = 100_000;

/// A round trip that is so much longer than at its shortest has a queue on it, or a deep one.
const QUEUE_US: i64 = 40_000;
const DEEP_QUEUE_US: i64 = 150_000;
/// The shortest is looked for in this time, and the same before it.
const BASE_US: i64 = 60_000_000;

/// A queue that stays so many cuts long and loses nothing is none: the way is a longer one.
const ANOTHER_WAY: u32 = 4;

/// What is kept of what came through when a queue is met, so that it drains, and of what is sent when less is tried.
const DRAINS: f64 = 0.85;
const TRIAL: f64 = 0.6;
/// Who sends less than this, sound alone, cannot send less: what is lost there is lost anyway.
const HARMLESS_BPS: f64 = 100_000.0;
/// So much of the loss stays when less is sent, if it is not for the rate.
const HELPED: f64 = 0.5;

/// What stays of what is believed to be lost anyway where it is lost with a queue.
const DOUBTED: f64 = 0.5;

/// Of growth with each window before any loss, and after it: more than the 5 % of draft §6, whose reports come several times a
/// second.
const FIRST_GROWTH: f64 = 1.5;
const LATER_GROWTH: f64 = 1.1;
/// Up to this share of where a limit was met, growth is fast.
const MET: f64 = 0.8;
/// So many times what is sent may be believed: there are no probes, and the next layer costs about three times as much.
const UNTRIED: f64 = 4.0;

/// Of fewer packets the share that was sent again tells little.
const REPAIR_PACKETS: u32 = 30;

/// What one report says of one stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    /// Packets since the last one, and the share of them that did not come.
    pub(crate) packets: u32,
    pub(crate) loss: f64,
    /// When the last one came: some clients report on sound every 5 s only.
    pub(crate) since: Option<Instant>,
    /// As measured by it.
    pub(crate) rtt_us: Option<i64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Window {
    since_us: Option<i64>,
    packets: f64,
    lost: f64,
    /// The longest: a report on a stream that was told of before a burst knows nothing of its queue.
    rtt_us: Option<i64>,
    /// What left for the first time, in packets and bytes, and packets that the receiver asked for again.
    sent: u32,
    repaired: u32,
    bytes: u64,
}

/// Less is sent, to see whether less is lost.
#[derive(Debug, Clone, Copy)]
struct Trial {
    loss: f64,
    /// Before it.
    bps: f64,
    met: bool,
}

/// The rate that reports allow.
#[derive(Debug)]
pub(super) struct ReportedRate {
    /// Who is sent next to nothing may be tried with so much.
    start_bps: f64,
    bps: f64,
    /// A limit was met: from then on growth is slow.
    met: bool,
    /// Up to here growth is fast again: the limit was met above.
    met_bps: f64,
    /// The share that is lost whatever is sent.
    anyway: f64,
    steady: u32,
    trial: Option<Trial>,
    window: Window,
    settled_us: i64,
    /// The shortest round trip of this time and of the one before.
    base: (Option<i64>, Option<i64>),
    base_since_us: i64,
    /// Cuts in a row for a queue.
    stays: u32,
}

impl ReportedRate {
    pub(super) fn new(start_bps: f64) -> Self {
        Self {
            start_bps,
            bps: start_bps,
            met: false,
            met_bps: 0.0,
            anyway: 0.0,
            steady: 0,
            trial: None,
            window: Window::default(),
            settled_us: i64::MIN,
            base: (None, None),
            base_since_us: 0,
            stays: 0,
        }
    }

    pub(super) fn bps(&self) -> f64 {
        self.bps
    }

    /// A packet of so many bytes left for the first time.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.window.sent = self.window.sent.saturating_add(1);
        self.window.bytes += bytes as u64;
    }

    /// The receiver asked for a packet that it did not get, for the first time.
    pub(super) fn missed(&mut self) {
        self.window.repaired = self.window.repaired.saturating_add(1);
    }

    /// A report came, which tells of the time since `since_us`.
    pub(super) fn report(&mut self, now_us: i64, since_us: i64, report: &Report) {
        if let Some(rtt) = report.rtt_us {
            self.round_trip(now_us, rtt);
        }
        if now_us < self.settled_us {
            self.window = Window { since_us: Some(self.settled_us), ..Window::default() };
            return;
        }
        if since_us < self.settled_us {
            return;
        }
        let window = &mut self.window;
        window.packets += f64::from(report.packets);
        window.lost += f64::from(report.packets) * report.loss;
        window.rtt_us = [window.rtt_us, report.rtt_us].into_iter().flatten().max();
        let passed = now_us - *window.since_us.get_or_insert(now_us);
        let is_whole = if self.trial.is_some() {
            passed >= WINDOW_US && window.packets >= TRIAL_PACKETS
                || passed >= LONGEST_TRIAL_US && window.packets >= WINDOW_PACKETS
        } else {
            passed >= WINDOW_US && window.packets >= WINDOW_PACKETS
                || passed >= LONG_WINDOW_US && window.packets > 0.0
        };
        if is_whole {
            let whole = std::mem::replace(window, Window { since_us: Some(now_us), ..Window::default() });
            self.judge(now_us, &whole, whole.bytes as f64 * 8e6 / passed as f64);
        }
    }

    fn round_trip(&mut self, now_us: i64, rtt_us: i64) {
        if now_us - self.base_since_us > BASE_US {
            self.base = (None, self.base.0);
            self.base_since_us = now_us;
        }
        self.base.0 = Some(self.base.0.map_or(rtt_us, |it| it.min(rtt_us)));
    }

    fn judge(&mut self, now_us: i64, window: &Window, sent_bps: f64) {
        let loss = window.loss();
        let base = [self.base.0, self.base.1].into_iter().flatten().min();
        let queue = window.rtt_us.zip(base).map_or(0, |(rtt, base)| rtt - base);
        if queue >= QUEUE_US && loss > LOW {
            // Some of it is the link's: less than was believed is lost anyway.
            self.anyway *= DOUBTED;
        }
        let excess = loss - VARIES * self.anyway;
        if let Some(trial) = self.trial.take()
            && queue < QUEUE_US
            && excess > LOW
            && loss >= HELPED * trial.loss
        {
            self.anyway = loss.max(trial.loss);
            self.met = trial.met;
            return self.change(now_us, trial.bps);
        }
        let tried = sent_bps.min(self.bps);
        if queue >= QUEUE_US && excess > LOW || queue >= DEEP_QUEUE_US {
            self.stays = if excess > LOW { 0 } else { self.stays + 1 };
            if self.stays >= ANOTHER_WAY {
                self.base = (window.rtt_us, None);
            }
            return self.cut(now_us, tried * (1.0 - excess.max(0.0)) * DRAINS);
        }
        self.stays = 0;
        self.steady = if excess > LOW { self.steady + 1 } else { 0 };
        if excess > LOW && sent_bps < HARMLESS_BPS {
            self.anyway = loss;
        } else if excess > HIGH || self.steady >= STEADY_WINDOWS {
            self.trial = Some(Trial { loss, bps: self.bps, met: self.met });
            // Below what came through: a policer would lose nothing of that.
            return self.cut(now_us, tried * TRIAL.min((1.0 - excess) * DRAINS));
        }
        self.anyway += ANYWAY_GAIN * (loss - self.anyway).min(0.0);
        if excess > LOW {
            return;
        }
        let growth = if self.met && self.bps > self.met_bps { LATER_GROWTH } else { FIRST_GROWTH };
        let ceiling = (UNTRIED * sent_bps).clamp(self.start_bps, MAX_BPS);
        let ceiling = if self.met && self.bps < self.met_bps { ceiling.min(self.met_bps) } else { ceiling };
        self.bps = (self.bps * growth).min(ceiling).max(self.bps).max(sent_bps);
    }

    fn cut(&mut self, now_us: i64, bps: f64) {
        self.met = true;
        self.met_bps = MET * self.bps;
        self.change(now_us, bps);
    }

    fn change(&mut self, now_us: i64, bps: f64) {
        self.bps = bps.max(MIN_BPS);
        self.steady = 0;
        self.settled_us = now_us + SETTLES_US + self.base.0.unwrap_or(0);
    }
}

impl Window {
    /// Receivers do not report what was repaired meanwhile, so that what they asked for again counts as well.
    fn loss(&self) -> f64 {
        let reported = self.lost / self.packets.max(1.0);
        let repaired = f64::from(self.repaired) / f64::from(self.sent.max(1));
        if self.sent >= REPAIR_PACKETS { reported.max(repaired) } else { reported }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT_US: i64 = 50_000;

    /// A report a second about as much as the rate allows, up to `most`; `loss` gives the share lost and the round trip at
    /// a rate. Returns the rate after each.
    fn run(rate: &mut ReportedRate, seconds: i64, most: f64, loss: impl Fn(f64) -> (f64, i64)) -> Vec<f64> {
        let mut rates = Vec::new();
        let from = rate.window.since_us.unwrap_or(0);
        for second in 1..=seconds {
            let sent = rate.bps().min(most);
            let packets = (sent / 8000.0) as u32;
            (0..packets).for_each(|_| rate.sent(1000));
            let (loss, rtt) = loss(sent);
            let now = from + second * 1_000_000;
            let report = Report { packets, loss, since: None, rtt_us: Some(rtt) };
            rate.report(now, now - 1_000_000, &report);
            rates.push(rate.bps());
        }
        rates
    }

    #[test]
    fn grows_to_what_is_wanted_over_a_good_way() {
        let mut rate = ReportedRate::new(500e3);
        run(&mut rate, 12, 2e6, |_| (0.0, RTT_US));
        assert!(rate.bps() >= 4e6, "{}", rate.bps());
        assert!(rate.bps() <= UNTRIED * 2.1e6);
    }

    #[test]
    fn a_radio_that_loses_whatever_is_sent_starves_nobody() {
        for share in [0.05, 0.1, 0.2, 0.3, 0.5] {
            let mut rate = ReportedRate::new(500e3);
            run(&mut rate, 60, 2e6, |_| (share, RTT_US));
            assert!(rate.bps() > 2e6, "{} at {share}", rate.bps());
        }
    }

    #[test]
    fn a_full_link_is_followed_whether_its_queue_loses_or_waits() {
        let short =
            |sent: f64| ((1.0 - 1e6 / sent).max(0.0), if sent > 1e6 { RTT_US + 60_000 } else { RTT_US });
        let deep = |sent: f64| (0.0, if sent > 1e6 { RTT_US + 400_000 } else { RTT_US });
        let policed = |sent: f64| ((1.0 - 1e6 / sent).max(0.0), RTT_US);
        for (at, link) in [short as fn(f64) -> (f64, i64), deep, policed].into_iter().enumerate() {
            let mut rate = ReportedRate::new(500e3);
            let rates = run(&mut rate, 60, 9e6, link);
            let mean = rates[20..].iter().sum::<f64>() / 40.0;
            assert!((0.5e6..1.3e6).contains(&mean), "{mean} over link {at}");
        }
    }

    #[test]
    fn a_full_link_is_seen_through_a_bad_radio() {
        let mut rate = ReportedRate::new(500e3);
        run(&mut rate, 40, 2e6, |_| (0.2, RTT_US));
        let rates = run(&mut rate, 40, 9e6, |sent| {
            let full = (1.0 - 1e6 / sent).max(0.0);
            (0.2 + 0.8 * full, if full > 0.0 { RTT_US + 60_000 } else { RTT_US })
        });
        assert!(rates[20..].iter().all(|bps| *bps < 2e6), "{rates:?}");
        assert!(rates.iter().all(|bps| *bps > 300e3), "{rates:?}");
    }
}
