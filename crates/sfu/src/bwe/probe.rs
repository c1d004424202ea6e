//! Short bursts that try a higher rate: how fast they arrive tells what the way can carry.
//!
//! At the start each success is followed by one of a higher rate; later one is sent now and then while more is wanted
//! than the estimate allows.

use super::history::Sent;

/// How long a probe lasts: about as long as the pictures of others are apart that it shares the way with …
const DURATION_US: i64 = 30_000;
/// … and how many packets it has at least: the gaps between fewer tell too little.
const MIN_PACKETS: u32 = 5;

/// A probe whose packets have not all been reported by then is judged by those that were.
const PATIENCE_US: i64 = 1_000_000;

/// What a link keeps of a probe's rate, when it was slower: the queue that the probe made has to drain.
const KEPT: f64 = 0.95;
/// Arrived slower than this share of how it was sent, the link was met.
const SLOWED: f64 = 0.9;

/// The first probe, times the start estimate.
const FIRST: f64 = 3.0;
/// Each further one, times the estimate.
const FURTHER: f64 = 1.6;
/// Below this rate a probe is small whatever it tries, and what is missing is a whole picture: each tries so much.
const SMALL_BPS: f64 = 300_000.0;
/// More than this times the demand is of no use.
const ENOUGH: f64 = 1.3;

/// Between two probes while more is wanted, doubled after each one in vain.
const INTERVAL_US: i64 = 2_000_000;
const MAX_INTERVAL_US: i64 = 4_000_000;

/// A probe that came faster than it was sent waited behind others: it tells nothing, and is sent again so soon …
const AGAIN_US: i64 = 200_000;
/// … so many times: some networks hold back everything.
const AGAIN: u32 = 3;

/// What is to be sent now: `bytes` at `bps`, in at least some packets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Probe {
    /// Marks its packets.
    pub(crate) id: u8,
    pub(crate) bps: f64,
    pub(crate) bytes: usize,
    pub(crate) packets: u32,
}

/// What a probe tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) bps: f64,
    /// It was slower on the way than it was sent.
    pub(super) met_the_link: bool,
    /// Hardly any of it was lost.
    pub(super) is_clean: bool,
}

/// A probe under way.
#[derive(Debug)]
struct Cluster {
    probe: Probe,
    asked_us: i64,
    sent: Span,
    arrived: Span,
    packets: u32,
    varies_us: i64,
    /// Bytes that did not arrive: without a queue they were lost for another reason than the rate.
    lost: u64,
}

/// First and last moment of some packets, and their bytes without the one packet that the gaps do not count.
#[derive(Debug, Default, Clone, Copy)]
struct Span {
    first: Option<(i64, u16)>,
    last: Option<(i64, u16)>,
    bytes: u64,
}

impl Span {
    fn add(&mut self, at_us: i64, size: u16) {
        self.bytes += u64::from(size);
        if self.first.is_none_or(|(first, _)| at_us < first) {
            self.first = Some((at_us, size));
        }
        if self.last.is_none_or(|(last, _)| at_us >= last) {
            self.last = Some((at_us, size));
        }
    }

    /// From the first to the last.
    fn us(&self) -> Option<i64> {
        Some(self.last?.0 - self.first?.0)
    }

    /// Bits a second, leaving out one packet of `without` bytes, with `lost` more in between.
    fn bps(&self, without: u16, lost: u64) -> Option<f64> {
        let passed = self.us()?;
        let bytes = (self.bytes + lost).saturating_sub(u64::from(without));
        (passed > 0).then(|| bytes as f64 * 8e6 / passed as f64)
    }
}

/// Decides when to probe and reads the answers.
#[derive(Debug)]
pub(super) struct Prober {
    next_id: u8,
    cluster: Option<Cluster>,
    next_us: i64,
    interval_us: i64,
    started: bool,
    /// Probes in a row that told nothing.
    again: u32,
}

impl Prober {
    pub(super) fn new() -> Self {
        Self {
            next_id: 0,
            cluster: None,
            next_us: i64::MIN,
            interval_us: INTERVAL_US,
            started: false,
            again: 0,
        }
    }

    /// A probe, if it is time for one: the estimate is less than `demand`, and the queue does not grow.
    /// It lasts longer where packets come late by `varies_us`, which tells nothing of the rate.
    pub(super) fn poll(
        &mut self,
        now_us: i64,
        estimate: f64,
        demand: f64,
        calm: bool,
        varies_us: i64,
    ) -> Option<Probe> {
        if self.cluster.as_ref().is_some_and(|it| now_us - it.asked_us >= PATIENCE_US) {
            self.in_vain(now_us, false); // nobody tells of it
        }
        if self.cluster.is_some() || !calm || now_us < self.next_us || estimate >= demand {
            return None;
        }
        let bps = if std::mem::replace(&mut self.started, true) {
            let times = if estimate < SMALL_BPS { FIRST } else { FURTHER };
            (times * estimate).min(ENOUGH * demand).max(1.1 * estimate)
        } else {
            FIRST * estimate // what is wanted is hardly known either
        };
        self.next_id = self.next_id % 255 + 1;
        let duration_us = DURATION_US + 2 * varies_us;
        let bytes = (bps * duration_us as f64 / 8e6) as usize;
        let probe = Probe { id: self.next_id, bps, bytes, packets: MIN_PACKETS };
        let (sent, arrived) = (Span::default(), Span::default());
        self.cluster =
            Some(Cluster { probe, asked_us: now_us, sent, arrived, packets: 0, lost: 0, varies_us });
        Some(probe)
    }

    /// When [`Self::poll`] may have something.
    pub(super) fn due_us(&self) -> i64 {
        self.cluster.as_ref().map_or(self.next_us, |it| it.asked_us + PATIENCE_US)
    }

    /// A probe found nothing, or `better` than what was believed but less than it tried.
    fn in_vain(&mut self, now_us: i64, better: bool) {
        self.cluster = None;
        self.next_us = now_us + self.interval_us;
        self.interval_us = if better { INTERVAL_US } else { (2 * self.interval_us).min(MAX_INTERVAL_US) };
    }

    /// The estimate fell: what was true of the way is not.
    pub(super) fn decreased(&mut self, now_us: i64) {
        self.next_us = self.next_us.max(now_us + INTERVAL_US / 2);
        self.cluster = None;
        self.started = true;
    }

    /// A packet of a probe arrived.
    pub(super) fn arrived(&mut self, sent: &Sent, arrived_us: i64) {
        if let Some(cluster) = self.cluster.as_mut().filter(|it| it.probe.id == sent.probe) {
            cluster.sent.add(sent.at_us, sent.size);
            cluster.arrived.add(arrived_us, sent.size);
            cluster.packets += 1;
        }
    }

    /// A packet of a probe did not arrive.
    pub(super) fn lost(&mut self, sent: &Sent) {
        if let Some(cluster) = self.cluster.as_mut().filter(|it| it.probe.id == sent.probe) {
            cluster.lost += u64::from(sent.size);
        }
    }

    /// After each feedback: the rate that a probe found, once. `estimate` is what was believed before.
    pub(super) fn result(&mut self, now_us: i64, estimate: f64) -> Option<Found> {
        let cluster = self.cluster.as_ref()?;
        let (bytes, lost) = (cluster.sent.bytes, cluster.lost);
        let whole = cluster.packets > MIN_PACKETS / 2
            && (bytes + lost) * 5 >= cluster.probe.bytes as u64 * 4
            && bytes * 2 >= cluster.probe.bytes as u64;
        if !whole && now_us - cluster.asked_us < PATIENCE_US {
            return None;
        }
        let found = cluster.measure().filter(|_| whole);
        let is_clean = lost * 10 <= bytes;
        let asked = cluster.probe.bps;
        let success = found.is_some_and(|found| found >= 0.7 * asked);
        if success {
            (self.cluster, self.again) = (None, 0);
            self.interval_us = INTERVAL_US;
            self.next_us = now_us;
        } else if whole && found.is_none() && self.again < AGAIN {
            (self.cluster, self.again) = (None, self.again + 1);
            self.next_us = now_us + AGAIN_US;
        } else {
            self.again = 0;
            self.in_vain(now_us, found.is_some_and(|found| found > 1.1 * estimate));
        }
        Some(Found { bps: found?, met_the_link: !success, is_clean })
    }
}

impl Cluster {
    fn measure(&self) -> Option<f64> {
        let sent = self.sent.bps(self.sent.last?.1, self.lost)?;
        let Some(arrived) = self.arrived.bps(self.arrived.first?.1, self.lost) else { return Some(sent) };
        if (self.arrived.us()? - self.sent.us()?).abs() <= self.varies_us {
            return Some(sent); // the way varies by as much anyway
        }
        // A network that holds packets back and lets them go at once tells nothing.
        if arrived > 2.0 * sent {
            return None;
        }
        Some(if arrived < SLOWED * sent { KEPT * arrived } else { sent.min(arrived) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bwe::history::{History, Verdict};

    /// Sends what the probe asks for in packets of 300 bytes over a link; returns what was found.
    fn over(prober: &mut Prober, probe: Probe, link_bps: f64, start: i64) -> Option<f64> {
        let mut history = History::default();
        let mut busy = 0.0_f64;
        let count = (probe.bytes / 300 + 1).max(probe.packets as usize);
        for n in 0..count {
            let at = start + (n as f64 * 300.0 * 8e6 / probe.bps) as i64;
            let sequence = history.next_sequence();
            history.sent(at, 300, probe.id);
            busy = busy.max(at as f64) + 300.0 * 8e6 / link_bps;
            let Some(Verdict::Arrived { sent, .. }) = history.verdict(sequence, true) else { panic!() };
            prober.arrived(&sent, busy as i64 + 10_000);
        }
        prober.result(start + 80_000, 0.0).map(|found| found.bps)
    }

    #[test]
    fn climbs_while_it_succeeds_and_finds_the_link() {
        let mut prober = Prober::new();
        let (mut now, mut estimate) = (0, 500_000.0);
        let mut rounds = 0;
        while let Some(probe) = prober.poll(now, estimate, 20e6, true, 0) {
            estimate = over(&mut prober, probe, 5e6, now).unwrap();
            now += 100_000;
            rounds += 1;
        }
        assert!((4.5e6..=5e6).contains(&estimate), "{estimate}");
        assert!((3..=6).contains(&rounds), "{rounds}");
        assert_eq!(prober.poll(now + INTERVAL_US / 2, estimate, 20e6, true, 0), None, "not at once");
        assert!(prober.poll(now + INTERVAL_US, estimate, 20e6, true, 0).is_some());
    }

    #[test]
    fn does_not_probe_for_what_nobody_wants() {
        let mut prober = Prober::new();
        assert_eq!(prober.poll(0, 500_000.0, 400_000.0, true, 0), None);
        assert_eq!(prober.poll(0, 500_000.0, 4e6, false, 0), None, "nor into a growing queue");
        prober.started = true;
        let probe = prober.poll(0, 500_000.0, 700_000.0, true, 0).unwrap();
        assert!(probe.bps < 1_000_000.0);
        assert_eq!(prober.poll(10, 500_000.0, 4e6, true, 0), None, "one at a time");
    }

    #[test]
    fn a_probe_lasts_longer_than_what_the_way_varies_by_and_still_meets_the_link() {
        let mut prober = Prober::new();
        let probe = prober.poll(0, 500_000.0, 4e6, true, 30_000).unwrap();
        assert!(probe.bytes > 2 * (probe.bps * DURATION_US as f64 / 8e6) as usize);
        let found = over(&mut prober, probe, 1.2e6, 0).unwrap();
        assert!(found > 1.4e6, "22 ms more are within what it varies by: {found}");
        prober.next_us = 0;
        let probe = prober.poll(0, 500_000.0, 4e6, true, 30_000).unwrap();
        let found = over(&mut prober, probe, 300e3, 0).unwrap();
        assert!(found < 300e3, "{found}");
    }

    #[test]
    fn a_lost_probe_is_given_up() {
        let mut prober = Prober::new();
        assert!(prober.poll(0, 500_000.0, 4e6, true, 0).is_some());
        assert_eq!(prober.result(PATIENCE_US / 2, 500_000.0), None);
        assert_eq!(prober.result(PATIENCE_US, 500_000.0), None);
        assert!(prober.poll(PATIENCE_US + INTERVAL_US, 500_000.0, 4e6, true, 0).is_some());
    }
}
