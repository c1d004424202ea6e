//! The estimator in a loop with a link, in virtual time: what it sends decides what it is told.

use std::collections::VecDeque;

use wire::rtcp::{Packet, packets, write_transport_feedback};

use super::*;
use crate::testing::moment;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const PACKET: usize = 1200;
const FEEDBACK: Duration = Duration::from_millis(60);
const WAY: Duration = Duration::from_millis(20);

/// One sender and its receiver.
struct Flow {
    bandwidth: Bandwidth,
    demand: f64,
    /// Bytes that may be sent; negative is a debt.
    credit: f64,
    probe: Option<(Probe, f64)>,
    sequences: u64,
    /// (sequence, arrival) not told yet.
    arrivals: Vec<(u64, i64)>,
    base: u64,
    feedback_count: u8,
    feedback_at: Instant,
    /// Feedback on its way back.
    returning: VecDeque<(Instant, Vec<u8>)>,
    delivered: u64,
}

/// A link with a queue that all flows share.
struct Loop {
    start: Instant,
    now: Instant,
    flows: Vec<Flow>,
    link_bps: f64,
    packet: usize,
    queue_limit: Duration,
    /// Share that is lost, whatever the rate.
    loss: f64,
    /// What exceeds the rate is lost instead of waiting.
    polices: bool,
    busy_until: Instant,
    in_flight: VecDeque<(Instant, usize, u64, usize)>,
    dice: u64,
    longest_queue: Duration,
}

impl Loop {
    fn new(link_bps: f64, demands: &[f64]) -> Self {
        let start = crate::testing::some_moment();
        let flow = |demand: &f64| Flow {
            bandwidth: Bandwidth::new(moment(start)),
            demand: *demand,
            credit: 0.0,
            probe: None,
            sequences: 0,
            arrivals: Vec::new(),
            base: 0,
            feedback_count: 0,
            feedback_at: start + FEEDBACK,
            returning: VecDeque::new(),
            delivered: 0,
        };
        Self {
            start,
            now: start,
            flows: demands.iter().map(flow).collect(),
            link_bps,
            packet: PACKET,
            queue_limit: Duration::from_secs(1),
            loss: 0.0,
            polices: false,
            busy_until: start,
            in_flight: VecDeque::new(),
            dice: 1,
            longest_queue: Duration::ZERO,
        }
    }

    fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.longest_queue = Duration::ZERO;
        self.flows.iter_mut().for_each(|flow| flow.delivered = 0);
        while self.now < end {
            self.now += MS;
            for at in 0..self.flows.len() {
                self.send(at);
            }
            self.deliver();
            for at in 0..self.flows.len() {
                self.feed_back(at);
            }
        }
    }

    fn send(&mut self, at: usize) {
        let now = self.now;
        let flow = &mut self.flows[at];
        flow.bandwidth.set_demand(flow.demand as u64);
        if let Some(probe) = flow.bandwidth.probe(now) {
            flow.probe = Some((probe, 0.0));
        }
        let rate = flow.demand.min(flow.bandwidth.target_bps(now) as f64);
        flow.credit = (flow.credit + rate / 8e3).min(3.0 * PACKET as f64);
        while self.flows[at].credit > 0.0 {
            self.flows[at].credit -= self.packet as f64;
            let id = self.flows[at].probe.map_or(0, |(probe, _)| probe.id);
            self.emit(at, self.packet, id);
            self.spend(at, self.packet);
        }
        if let Some((probe, credit)) = &mut self.flows[at].probe {
            *credit += probe.bps / 8e3;
        }
        while let Some((probe, credit)) = self.flows[at].probe
            && credit > 0.0
        {
            self.emit(at, 300, probe.id);
            self.spend(at, 300);
        }
    }

    /// Takes a packet off what a probe asks for.
    fn spend(&mut self, at: usize, size: usize) {
        let Some((probe, credit)) = &mut self.flows[at].probe else { return };
        *credit -= size as f64;
        probe.bytes = probe.bytes.saturating_sub(size);
        probe.packets = probe.packets.saturating_sub(1);
        if probe.bytes == 0 && probe.packets == 0 {
            self.flows[at].probe = None;
        }
    }

    fn emit(&mut self, at: usize, size: usize, probe: u8) {
        let flow = &mut self.flows[at];
        flow.bandwidth.sent(moment(self.now), size, Some(probe));
        let sequence = flow.sequences;
        flow.sequences += 1;
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if ((self.dice >> 33) as f64) < self.loss * f64::from(1_u32 << 31) {
            return;
        }
        let begin = self.busy_until.max(self.now);
        let wait = begin - self.now;
        if wait > if self.polices { Duration::from_millis(20) } else { self.queue_limit } {
            return;
        }
        self.longest_queue = self.longest_queue.max(wait);
        self.busy_until = begin + Duration::from_secs_f64(size as f64 * 8.0 / self.link_bps);
        let left = if self.polices { self.now } else { self.busy_until };
        self.in_flight.push_back((left + WAY, at, sequence, size));
    }

    fn deliver(&mut self) {
        while let Some((arrival, at, sequence, size)) =
            self.in_flight.front().copied().filter(|it| it.0 <= self.now)
        {
            self.in_flight.pop_front();
            let flow = &mut self.flows[at];
            flow.delivered += size as u64;
            flow.arrivals.push((sequence, (arrival - self.start).as_micros() as i64));
        }
    }

    fn feed_back(&mut self, at: usize) {
        let now = self.now;
        let flow = &mut self.flows[at];
        if now >= flow.feedback_at {
            flow.feedback_at = now + FEEDBACK;
            let mut rest = flow.arrivals.as_slice();
            while !rest.is_empty() {
                let mut bytes = Vec::new();
                let count = flow.feedback_count;
                let covered = write_transport_feedback(&mut bytes, 1, 2, count, flow.base, rest);
                flow.feedback_count = count.wrapping_add(1);
                flow.base = rest[covered - 1].0 + 1;
                rest = &rest[covered..];
                flow.returning.push_back((now + WAY, bytes));
            }
            flow.arrivals.clear();
        }
        while let Some((_, bytes)) = flow.returning.pop_front_if(|it| it.0 <= now) {
            let Some(Ok(Packet::TransportFeedback(feedback))) = packets(&bytes).next() else { panic!() };
            flow.bandwidth.feedback(now, &feedback, Some(2 * WAY));
        }
    }

    fn estimate(&self, at: usize) -> f64 {
        self.flows[at].bandwidth.estimate_bps() as f64
    }

    fn delivered_bps(&self, at: usize, over: Duration) -> f64 {
        self.flows[at].delivered as f64 * 8.0 / over.as_secs_f64()
    }
}

#[test]
fn finds_links_from_150_kbit_to_20_mbit_within_three_seconds() {
    for link in [150e3, 300e3, 500e3, 1e6, 2.5e6, 5e6, 10e6, 20e6] {
        let mut it = Loop::new(link, &[40e6]);
        it.packet = if link < 400e3 { 400 } else { PACKET };
        it.run(3 * SECOND);
        let found = it.estimate(0);
        it.run(10 * SECOND);
        let delivered = it.delivered_bps(0, 10 * SECOND);
        assert!((0.8..1.15).contains(&(found / link)), "{found} of {link}");
        assert!(delivered > 0.8 * link, "{delivered} of {link}");
        let bound = if link < 500e3 { 300 } else { 150 };
        assert!(it.longest_queue <= bound * MS, "{:?} at {link}", it.longest_queue);
    }
}

#[test]
fn who_sends_little_keeps_what_it_has_and_finds_the_rest_when_it_is_wanted() {
    let mut it = Loop::new(10e6, &[300e3]);
    it.run(5 * SECOND);
    assert!(it.estimate(0) >= 0.85 * 300e3 && it.estimate(0) < 1e6, "{}", it.estimate(0));
    it.flows[0].demand = 8e6;
    it.run(1500 * MS);
    assert!(it.estimate(0) > 6.8e6, "{}", it.estimate(0));
}

#[test]
fn follows_steps_down_within_a_second_and_steps_up_within_a_few() {
    for (high, low) in [(2e6, 0.5e6), (5e6, 1e6), (10e6, 3e6), (1e6, 0.2e6)] {
        let mut it = Loop::new(high, &[40e6]);
        it.run(5 * SECOND);
        it.link_bps = low;
        it.run(SECOND);
        assert!(it.estimate(0) <= 1.1 * low, "{} after {high}→{low}", it.estimate(0));
        it.run(2 * SECOND);
        it.run(3 * SECOND);
        assert!(it.longest_queue <= 200 * MS, "{:?} after {high}→{low}", it.longest_queue);
        it.link_bps = high;
        it.run(10 * SECOND);
        assert!(it.estimate(0) > 0.85 * high, "{} of {high}", it.estimate(0));
    }
}

#[test]
fn two_flows_share() {
    for link in [1e6, 4e6] {
        let mut it = Loop::new(link, &[40e6, 40e6]);
        it.run(30 * SECOND);
        it.run(30 * SECOND);
        let (a, b) = (it.flows[0].delivered as f64, it.flows[1].delivered as f64);
        let jain = (a + b) * (a + b) / (2.0 * (a * a + b * b));
        assert!(jain > 0.9, "{a} {b}");
    }
}

#[test]
fn loss_without_a_queue_leaves_the_rate() {
    for loss in [0.05, 0.1, 0.3] {
        let mut it = Loop::new(3e6, &[2e6]);
        it.loss = loss;
        it.run(5 * SECOND);
        it.run(10 * SECOND);
        let delivered = it.delivered_bps(0, 10 * SECOND);
        assert!(delivered > 0.8 * (1.0 - loss) * 2e6, "{delivered} at {loss}");
    }
}

#[test]
fn a_policer_is_not_fought() {
    let mut it = Loop::new(1e6, &[5e6]);
    it.polices = true;
    it.run(10 * SECOND);
    let before = it.flows[0].sequences;
    it.run(10 * SECOND);
    let sent = (it.flows[0].sequences - before) as f64 * PACKET as f64 * 8.0 / 10.0;
    let delivered = it.delivered_bps(0, 10 * SECOND);
    assert!(delivered > 0.7e6 && sent < 1.3e6, "{sent} {delivered}");
}
