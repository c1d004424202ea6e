//! From the state of the queue to a rate: additive or multiplicative increase, multiplicative decrease
//! (draft-ietf-rmcat-gcc-02 §5.5).

use super::delay::{QUEUE_LONG_US, Usage};

/// What is kept of the rate that arrived when a queue grew: below the link, so that the queue drains (draft: 0.8–0.95).
const DECREASE: f64 = 0.85;

/// What is taken up again of it once the queue has drained: the decrease was for the queue, not for the link.
const RECOVERED: f64 = 0.95;
const DRAINED_US: i64 = 20_000;
const DRAIN_PATIENCE_US: i64 = 1_500_000;

/// Each second while the link's rate is not known (draft §5.5: 1.08).
const INCREASE: f64 = 1.08;

/// Who sends less than this share of the estimate learns little of more: it grows slowly, and not above so many times what
/// arrives. The rest is for probes.
const TRIED: f64 = 0.8;
const UNTRIED: f64 = 1.5;
const UNTRIED_BPS: f64 = 20_000.0;

/// Beside somebody who is led by loss: what is kept when packets are lost (RFC 9438 §4.6), and what may be tried above what is
/// sent, since the next layer may cost three times as much.
const KEPT_OF_LOSS: f64 = 0.7;
const STEP: f64 = 3.5;

/// Weight of a new rate of the link in the remembered one (draft §5.5: 0.95 of the old).
const LINK_GAIN: f64 = 0.1;

/// Bits of one packet, the least that additive increase grows by in each response time.
const PACKET_BITS: f64 = 1200.0 * 8.0;

/// Limits of the estimate.
pub(super) const MIN_BPS: f64 = 30_000.0;
pub(super) const MAX_BPS: f64 = 100_000_000.0;

/// The rate that the delay allows.
#[derive(Debug)]
pub(super) struct RateControl {
    bps: f64,
    /// The link's rate as the last decreases met it, and its variance relative to itself.
    link: Option<(f64, f64)>,
    changed_us: Option<i64>,
    decreased_us: Option<i64>,
    /// What arrived at the last decrease, while the queue that caused it drains.
    drains: Option<f64>,
}

impl RateControl {
    pub(super) fn new(start_bps: f64) -> Self {
        Self { bps: start_bps, link: None, changed_us: None, decreased_us: None, drains: None }
    }

    pub(super) fn bps(&self) -> f64 {
        self.bps
    }

    /// What the link carried as a queue grew that now drains: the decrease is for the queue.
    pub(super) fn carries(&self) -> Option<f64> {
        self.drains.map(|carried| RECOVERED * carried)
    }

    /// A queue has to drain after a decrease.
    pub(super) fn drains(&self) -> bool {
        self.drains.is_some()
    }

    /// The link was seen to carry less than is sent: no trend is waited for.
    pub(super) fn shrank(&mut self, now_us: i64, carries: f64, rtt_us: i64) {
        self.decrease(now_us, i64::MAX, Some(carries), rtt_us);
    }

    /// The queue's state at `now_us`, and its length; `acked` is what arrives.
    pub(super) fn update(
        &mut self,
        now_us: i64,
        usage: Usage,
        queue_us: i64,
        acked: Option<f64>,
        rtt_us: i64,
    ) {
        let passed = (now_us - self.changed_us.replace(now_us).unwrap_or(now_us)).clamp(0, 1_000_000);
        match usage {
            Usage::Over => self.decrease(now_us, queue_us, acked, rtt_us),
            // The queue drains: what arrives now was waiting.
            Usage::Under => {}
            Usage::Normal if self.drains.is_some() => self.drained(now_us, queue_us),
            Usage::Normal => self.increase(passed as f64 / 1e6, acked, rtt_us),
        }
    }

    /// Beside somebody who fills the queue: a packet more in each response time, as TCP (RFC 5681 §3.1), until packets are lost.
    pub(super) fn compete(&mut self, now_us: i64, has_lost: bool, sent: f64, response_us: i64) {
        let passed = (now_us - self.changed_us.replace(now_us).unwrap_or(now_us)).clamp(0, 1_000_000);
        let response = response_us.max(50_000) as f64 / 1e6;
        (self.drains, self.link) = (None, None);
        if !has_lost {
            let grown = self.bps + PACKET_BITS / response * passed as f64 / 1e6 / response;
            self.bps = grown.min((STEP * sent).max(super::START_BPS)).max(self.bps).min(MAX_BPS);
        } else if self.decreased_us.is_none_or(|at| now_us - at >= response_us) {
            self.decreased_us = Some(now_us);
            self.bps = (KEPT_OF_LOSS * self.bps).max(MIN_BPS);
        }
    }

    /// A probe measured the way.
    pub(super) fn measured(&mut self, bps: f64) {
        self.bps = bps.clamp(MIN_BPS, MAX_BPS);
        if self.link.is_some_and(|(mean, deviation)| bps > mean + 3.0 * deviation) {
            self.link = None;
        }
    }

    fn decrease(&mut self, now_us: i64, queue_us: i64, acked: Option<f64>, rtt_us: i64) {
        // The last decrease needs a round trip and a feedback interval to show.
        let response = rtt_us + 100_000;
        let Some(acked) = acked else { return };
        let is_new = self.decreased_us.is_none_or(|at| now_us - at >= response);
        let is_urgent = queue_us > QUEUE_LONG_US && acked < 0.5 * self.bps;
        if !is_new && !is_urgent {
            return;
        }
        self.decreased_us = Some(now_us);
        // Who sends less than the link carries learns from a short queue that there is less than believed, not how much.
        let carried = if queue_us < QUEUE_LONG_US { acked.max(self.bps) } else { acked };
        self.drains = Some(carried);
        self.bps = self.bps.min((DECREASE * carried).max(MIN_BPS));
        if carried <= acked {
            self.remember(acked);
        }
    }

    /// The queue is gone, or stays though less is sent: the link carries what arrived while it was full.
    fn drained(&mut self, now_us: i64, queue_us: i64) {
        let waited = self.decreased_us.map_or(i64::MAX, |at| now_us - at);
        if queue_us > DRAINED_US && waited < DRAIN_PATIENCE_US {
            return;
        }
        if let Some(carried) = self.drains.take() {
            self.bps = self.bps.max(RECOVERED * carried);
        }
    }

    fn increase(&mut self, seconds: f64, acked: Option<f64>, rtt_us: i64) {
        let ceiling = acked.map_or(f64::INFINITY, |acked| UNTRIED * acked + UNTRIED_BPS);
        let is_tried = acked.is_none_or(|acked| acked >= TRIED * self.bps);
        if let Some((mean, deviation)) = self.link
            && acked.is_some_and(|acked| acked > mean + 3.0 * deviation)
        {
            self.link = None;
        }
        let grown = if is_tried && self.link.is_none() {
            self.bps * INCREASE.powf(seconds)
        } else {
            let response = (rtt_us + 100_000) as f64 / 1e6;
            self.bps + PACKET_BITS / response * seconds
        };
        // What arrives without a queue is carried, whatever was believed.
        let proven = acked.map_or(0.0, |acked| RECOVERED * acked);
        self.bps = grown.min(ceiling).max(self.bps).max(proven).min(MAX_BPS);
    }

    fn remember(&mut self, acked: f64) {
        let (mean, deviation) = self.link.unwrap_or((acked, 0.05 * acked));
        if (acked - mean).abs() > 3.0 * deviation {
            self.link = Some((acked, 0.05 * acked));
            return;
        }
        let error = acked - mean;
        let mean = mean + LINK_GAIN * error;
        let deviation = ((1.0 - LINK_GAIN) * deviation * deviation + LINK_GAIN * error * error).sqrt();
        self.link = Some((mean, deviation.clamp(0.02 * mean, 0.15 * mean)));
    }
}
