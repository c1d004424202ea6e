//! How much a peer's downlink carries, from what its feedback tells: pure code in the time that it is given.
//!
//! ```text
//! sent ─► history                         transport-wide feedback ─► history ─┬─► throughput ─┐
//!                                                                             ├─► delay ──────┼─► rate ─┐
//!                                                                             ├─► backlog ────┤         │
//!                                                                             ├─► competition ┤         │
//!                                                                             ├─► probe ──────┘         ├─► estimate
//!                                                                             └─► loss ────────► bound ─┘
//!                           receiver reports, REMB (clients without that feedback) ─► reported rate ──────┘
//! ```
//!
//! Sources: draft-ietf-rmcat-gcc-02; Carlucci, De Cicco, Holmer, Mascolo, "Analysis and Design of the Google Congestion
//! Control for Web Real-time Communication", 2016; draft-holmer-rmcat-transport-wide-cc-extensions-01; the bound of what is
//! under way after RFC 8298 §4.1.2.

mod backlog;
mod competition;
mod delay;
mod history;
mod loss;
mod probe;
mod rate;
mod reported;
mod throughput;

use std::time::{Duration, Instant};

use wire::rtcp::TransportFeedback;

use crate::clock::Now;

use self::backlog::Backlog;
use self::competition::Competition;
use self::delay::{DelayDetector, QUEUE_LONG_US, QUEUE_MIN_US, Usage};
use self::history::{History, Verdict};
use self::loss::LossBound;
pub(crate) use self::probe::Probe;
use self::probe::{Found, Prober};
use self::rate::{MAX_BPS, RateControl};
pub(crate) use self::reported::Report;
use self::reported::ReportedRate;
use self::throughput::Throughput;

/// Believed before anything is known: a thumbnail each of a few people. Lower keeps pictures small for longer, higher
/// floods links of 150 kbit/s for longer.
pub(crate) const START_BPS: f64 = 500_000.0;

/// Before a round trip was measured.
const DEFAULT_RTT: Duration = Duration::from_millis(100);

/// Waits on the way up to this are let be; from here on less is sent than the way carries, down to half of it at
/// [`QUEUE_FULL_US`], so that what a shrinking link has piled up drains.
const QUEUE_FREE_US: i64 = 60_000;
const QUEUE_FULL_US: i64 = 300_000;

/// Without a verdict the start is over after this: nothing was lost or delayed meanwhile.
const START: Duration = Duration::from_secs(1);

/// After so long without a packet nothing is known of the queue any more: it has drained.
const IDLE_US: i64 = 1_000_000;

/// A link that is seen to carry less than this share of what is believed has shrunk.
const SHRANK: f64 = 0.6;

/// Who has fewer bytes than two packets in a queue did not make it, and it would not get shorter if they sent less.
const OURS: f64 = 2400.0;
/// A queue that others made tells that the way is shared, for so long.
const SHARED_US: i64 = 30_000_000;

/// Bytes under way are at most what the way carries in a round trip, until feedback tells of it, and in this time: so much
/// of a queue is a key frame at the pacer's rate. When a link shrinks or feedback stops, no more than this piles up.
const ALLOWANCE_US: i64 = 100_000;
/// At least so many: five packets.
const MIN_WINDOW: f64 = 6000.0;
/// Feedback that does not come for so long is not waited for: as much again may be under way.
const SILENCE: Duration = Duration::from_secs(1);
/// The shortest time from a packet to its feedback is looked for in so long.
const RESPONSE_US: i64 = 10_000_000;
/// Weight of a new interval between feedbacks in the smoothed one, and the longest that counts: no client waits longer.
const INTERVAL_GAIN: f64 = 0.1;
const MAX_INTERVAL_US: i64 = 250_000;

/// An estimate of the receiver's own that exceeds what is sent by so much is no limit.
const UNMET: f64 = 1.25;

/// How soon feedback tells of a packet.
#[derive(Debug, Default)]
struct Response {
    /// The shortest time lately, and since when; and that of the time before.
    shortest_us: Option<i64>,
    since_us: i64,
    before_us: Option<i64>,
    interval_us: f64,
    last: Option<Instant>,
}

impl Response {
    /// Feedback came, `response_us` after the newest packet that it tells of had left.
    fn told(&mut self, now: Instant, now_us: i64, response_us: i64) {
        if now_us - self.since_us > RESPONSE_US {
            (self.since_us, self.before_us) = (now_us, self.shortest_us.take());
        }
        self.shortest_us = Some(self.shortest_us.map_or(response_us, |it| it.min(response_us)));
        if let Some(last) = self.last.replace(now) {
            let passed = now.saturating_duration_since(last).as_micros() as i64;
            self.interval_us += INTERVAL_GAIN * (passed.min(MAX_INTERVAL_US) as f64 - self.interval_us);
        }
    }

    /// A packet that left so long ago is told of, if it did not have to wait on the way.
    fn expected_us(&self) -> Option<i64> {
        let shortest = [self.shortest_us, self.before_us].into_iter().flatten().min()?;
        Some(shortest + self.interval_us as i64)
    }
}

/// The estimator of one peer.
#[derive(Debug)]
pub(crate) struct Bandwidth {
    epoch: Now,
    history: History,
    /// What is sent, and what of it arrives.
    sending: Throughput,
    throughput: Throughput,
    delay: DelayDetector,
    backlog: Backlog,
    competition: Competition,
    response: Response,
    rate: RateControl,
    loss: LossBound,
    prober: Prober,
    reported: ReportedRate,
    remb_bps: Option<u64>,
    /// What would be sent if it might, in bits a second.
    demand: f64,
    first_feedback: Option<Instant>,
    /// The last packet that feedback can tell of.
    last_sent_us: Option<i64>,
    /// The first packet after all that was told of, and the number that the next feedback should have.
    told: Option<(u64, u8)>,
    /// The way was measured: by a probe, by a queue, or by time.
    is_measured: bool,
    /// Until then the way is taken for one that others send over too.
    shared_until_us: i64,
    /// Bytes that may be under way, as of the last feedback; `None` is no limit.
    window: Option<f64>,
    /// Packets of which feedback told, and those of them that were lost, since the last look.
    fates: (u32, u32),
}

impl Bandwidth {
    pub(crate) fn new(now: Now) -> Self {
        Self {
            epoch: now,
            history: History::default(),
            sending: Throughput::default(),
            throughput: Throughput::default(),
            delay: DelayDetector::new(),
            backlog: Backlog::default(),
            competition: Competition::default(),
            response: Response::default(),
            rate: RateControl::new(START_BPS),
            loss: LossBound::new(),
            prober: Prober::new(),
            reported: ReportedRate::new(START_BPS),
            remb_bps: None,
            demand: 0.0,
            first_feedback: None,
            last_sent_us: None,
            told: None,
            is_measured: false,
            shared_until_us: i64::MIN,
            window: None,
            fates: (0, 0),
        }
    }

    /// Number of the next packet that feedback can tell of.
    pub(crate) fn next_sequence(&self) -> u16 {
        self.history.next_sequence()
    }

    /// A packet of `size` bytes leaves: with [`Self::next_sequence`] and as part of a probe (0 is none), or without a
    /// number.
    pub(crate) fn sent(&mut self, now: Now, size: usize, numbered: Option<u8>) {
        let now_us = now.us - self.epoch.us;
        self.sending.count(now_us, size);
        if let Some(probe) = numbered {
            if self.is_idle(now_us) {
                self.delay = DelayDetector::new();
            }
            self.last_sent_us = Some(now_us);
            self.history.sent(now_us, size, probe);
        }
    }

    /// Transport-wide feedback came.
    pub(crate) fn feedback(&mut self, now: Instant, feedback: &TransportFeedback<'_>, rtt: Option<Duration>) {
        let mut lost = self.passed_over(feedback);
        let (mut newest, before) = (None, self.fates.0);
        for arrival in feedback.arrivals() {
            match self.history.verdict(arrival.sequence, arrival.arrived_us.is_some()) {
                Some(Verdict::Arrived { sent, late }) => {
                    self.fates.0 += 1;
                    let arrived_us = arrival.arrived_us.unwrap_or_default();
                    newest = Some(sent.at_us);
                    self.loss.arrived(sent.size, arrived_us, late);
                    self.throughput.count(arrived_us, usize::from(sent.size));
                    self.delay.packet(sent.at_us, arrived_us, sent.size);
                    self.backlog.packet(arrived_us, self.delay.wait_us(sent.at_us, arrived_us), sent.size);
                    self.prober.arrived(&sent, arrived_us);
                }
                Some(Verdict::Lost { sent }) => {
                    lost += 1;
                    self.prober.lost(&sent);
                }
                None => {}
            }
        }
        self.fates = (self.fates.0 + lost, self.fates.1 + lost);
        self.loss.lost(lost);
        self.competition.told(self.fates.0 - before, lost);
        let Some(newest) = newest else { return };
        let now_us = self.micros(now);
        self.response.told(now, now_us, now_us - newest);
        self.first_feedback.get_or_insert(now);
        self.delay.fed(self.rate.bps());
        self.judge(now, rtt.unwrap_or(DEFAULT_RTT), lost > 0);
        let expected = self.response.expected_us().filter(|_| self.is_measured);
        let others_us = if self.competition.competes() { self.delay.queue_us() } else { 0 };
        self.window = expected.map(|us| {
            let window = self.allowed_bps() / 8e6 * (us + others_us + ALLOWANCE_US) as f64;
            window.max(MIN_WINDOW)
        });
    }

    /// Packets between the last feedback and this one, of which neither tells: some clients leave out what is missing
    /// there. When a feedback packet was lost itself, nothing is known of them.
    fn passed_over(&mut self, feedback: &TransportFeedback<'_>) -> u32 {
        let TransportFeedback { base_sequence, status_count, feedback_count, .. } = *feedback;
        let Some(base) = self.history.extended(base_sequence) else { return 0 };
        let next = (base + u64::from(status_count), feedback_count.wrapping_add(1));
        let (from, count) = self.told.replace(next).unwrap_or(next);
        if count != feedback_count || base < from {
            self.told = Some((next.0.max(from), next.1));
            return 0;
        }
        let missing = (from..base).rev().take(history::MAX_ENTRIES);
        missing.filter(|it| self.history.verdict(*it as u16, false).is_some()).count() as u32
    }

    /// Nothing waits on the way: what is lost there is not lost for want of room.
    pub(crate) fn is_free(&self) -> bool {
        self.delay.queue_us() < QUEUE_FREE_US
    }

    /// Packets of which feedback told since the last call, and those of them that were lost.
    pub(crate) fn take_fates(&mut self) -> (u32, u32) {
        std::mem::take(&mut self.fates)
    }

    fn judge(&mut self, now: Instant, rtt: Duration, has_lost: bool) {
        let (now_us, rtt_us) = (self.micros(now), rtt.as_micros().min(1_000_000) as i64);
        let (queue_us, sent_bps) = (self.delay.queue_us(), self.sending.bps().unwrap_or(0) as f64);
        self.competition.update(now_us, queue_us, sent_bps);
        self.delay.keep_base(self.competition.competes());
        if self.competition.competes() {
            let response_us = self.response.expected_us().unwrap_or(rtt_us) + queue_us;
            self.rate.compete(now_us, has_lost, sent_bps, response_us);
            self.loss.update(now_us, self.rate.bps(), queue_us);
            return;
        }
        let mut acked = self.throughput.bps().map(|bps| bps as f64);
        if self.delay.queue_us() > QUEUE_LONG_US
            && let (Some(acked), Some(recent)) = (&mut acked, self.throughput.recent_bps())
        {
            // The link shrank a moment ago. Of few packets so short a time tells little.
            *acked = (recent as f64).clamp(0.5 * *acked, *acked);
        }
        let before = self.rate.bps();
        let is_ours = self.is_ours();
        let mut usage = match self.delay.usage() {
            Usage::Over if !is_ours => Usage::Under, // nothing is given up for it, nor more tried
            usage => usage,
        };
        if !is_ours && self.delay.queue_us() > QUEUE_MIN_US && !self.rate.drains() {
            self.shared_until_us = now_us + SHARED_US;
        }
        // On a shared way a picture of somebody else would look like a link that shrinks.
        let may_shrink = is_ours && now_us >= self.shared_until_us;
        if let Some(carries) = self.backlog.carries().filter(|bps| may_shrink && *bps < SHRANK * before) {
            usage = Usage::Over;
            self.rate.shrank(now_us, carries, rtt_us);
            self.backlog.clear();
        }
        self.rate.update(now_us, usage, self.delay.queue_us(), acked, rtt_us);
        if let Some(Found { bps: found, met_the_link, is_clean }) = self.prober.result(now_us, before) {
            self.is_measured |= met_the_link;
            if is_clean && !met_the_link {
                self.loss.carried(found);
            }
            if usage != Usage::Over && (found > self.rate.bps() || found < 0.9 * before) {
                self.rate.measured(found);
            }
        }
        if usage == Usage::Over {
            self.is_measured = true;
            if self.rate.bps() < before {
                self.prober.decreased(now_us);
            }
        }
        self.loss.update(now_us, self.rate.bps(), self.delay.queue_us());
        self.is_measured |=
            self.loss.bps().is_finite() || self.first_feedback.is_some_and(|at| now >= at + START);
    }

    /// A packet of media left for the first time.
    pub(crate) fn sent_media(&mut self, bytes: usize) {
        self.reported.sent(bytes);
    }

    /// The receiver asked for a packet of media for the first time.
    pub(crate) fn missed(&mut self) {
        self.reported.missed();
    }

    /// A receiver report about one stream.
    pub(crate) fn report(&mut self, now: Instant, report: &Report) {
        if self.first_feedback.is_none() {
            let since_us = report.since.map_or(i64::MIN, |at| self.micros(at));
            self.reported.report(self.micros(now), since_us, report);
            self.is_measured = true;
        }
    }

    /// The receiver's own estimate.
    pub(crate) fn remb(&mut self, bps: u64) {
        self.remb_bps = Some(bps);
    }

    /// What would be sent if it might: probes go on up to here.
    pub(crate) fn set_demand(&mut self, bps: u64) {
        self.demand = bps as f64;
    }

    /// What the way carries, in bits a second.
    pub(crate) fn estimate_bps(&self) -> u64 {
        let allowed = self.allowed_bps();
        let carries =
            self.first_feedback.and_then(|_| self.rate.carries()).map_or(allowed, |bps| bps.max(allowed));
        carries.min(self.loss.bps()) as u64
    }

    /// What may be sent of that: less while a queue drains.
    fn allowed_bps(&self) -> f64 {
        if self.first_feedback.is_some() {
            return self.rate.bps().min(self.loss.bps());
        }
        let reported = self.reported.bps().min(MAX_BPS);
        let Some(remb) = self.remb_bps.map(|bps| bps as f64) else { return reported };
        // Receivers believe up to 1.5 times what comes: who says more than is sent has not met the limit, and the next layer
        // may cost three times as much.
        let sent = self.sending.bps().unwrap_or(0) as f64;
        let estimate = if remb > UNMET * sent { remb.max(reported) } else { remb };
        estimate.min(MAX_BPS)
    }

    /// What is to be sent now: less than the way carries while a queue has to drain. Where nothing was sent for a while it has,
    /// and nothing tells.
    pub(crate) fn target_bps(&self, now: Instant) -> u64 {
        let is_idle = self.last_sent_us.is_some() && self.is_idle(self.micros(now));
        if self.competition.competes() || !self.is_ours() || is_idle {
            return self.allowed_bps() as u64;
        }
        let queue = self.delay.queue_us().clamp(QUEUE_FREE_US, QUEUE_FULL_US) - QUEUE_FREE_US;
        let share = 1.0 - 0.5 * queue as f64 / (QUEUE_FULL_US - QUEUE_FREE_US) as f64;
        (self.allowed_bps() * share) as u64
    }

    /// Whether more may be put on the way now.
    pub(crate) fn has_room(&mut self, now: Instant) -> bool {
        let Some(window) = self.window else { return true };
        if f64::from(self.history.in_flight()) < window {
            return true;
        }
        let silent = self.response.last.is_none_or(|at| now.saturating_duration_since(at) >= SILENCE);
        if silent {
            self.response.last = Some(now);
            self.history.forget_in_flight();
        }
        silent
    }

    /// Something is known of the way; before, what is sent is a guess that tells.
    pub(crate) fn is_measured(&self) -> bool {
        self.is_measured
    }

    /// A probe, when it is time for one.
    pub(crate) fn probe(&mut self, now: Instant) -> Option<Probe> {
        let queue_us = self.delay.queue_us();
        let calm = if self.is_ours() {
            self.delay.usage() != Usage::Over && queue_us < QUEUE_FREE_US
        } else {
            queue_us < QUEUE_LONG_US
        };
        let calm = calm || self.is_idle(self.micros(now));
        let calm = calm && !self.competition.competes(); // a probe would tell of the others
        let estimate = self.allowed_bps();
        let varies_us = self.delay.varies_us();
        self.prober.poll(self.micros(now), estimate, self.demand, calm, varies_us)
    }

    /// When [`Self::probe`] may have one.
    pub(crate) fn probe_due(&self) -> Option<Instant> {
        if self.allowed_bps() >= self.demand {
            return None;
        }
        Some(self.epoch.at + Duration::from_micros(self.prober.due_us().max(0).cast_unsigned()))
    }

    /// Whether the queue is there because of what this peer is sent. Those who have much in a queue make way, those who have
    /// little do not, so that several come to share a way (the idea of Arun and Balakrishnan, "Copa", NSDI 2018: a rate that
    /// goes down with the queue, the same for all).
    fn is_ours(&self) -> bool {
        let sent_bps = self.sending.bps().unwrap_or(0) as f64;
        sent_bps / 8e6 * self.delay.queue_us() as f64 >= OURS
    }

    fn is_idle(&self, now_us: i64) -> bool {
        self.last_sent_us.is_none_or(|at_us| now_us - at_us >= IDLE_US)
    }

    fn micros(&self, now: Instant) -> i64 {
        let since = now.saturating_duration_since(self.epoch.at);
        since.as_secs() as i64 * 1_000_000 + i64::from(since.subsec_micros())
    }
}

#[cfg(test)]
mod tests;
