//! Is a queue growing on the way? From the differences between when packets left and when they arrived
//! (draft-ietf-rmcat-gcc-02 §5; Carlucci et al., "Analysis and Design of the Google Congestion Control for WebRTC", 2016).
//!
//! ```text
//! packets ─► groups sent within 5 ms ─► delay variation between groups ─► its trend ─► against a threshold that adapts
//! ```

use std::collections::VecDeque;

/// Packets that leave within this time are one group: they were one burst of the sender, and queue behind each other
/// whatever the network does.
const GROUP_US: i64 = 5_000;

/// Groups that the trend is taken over. More is slower, fewer takes jitter for a trend.
const WINDOW: usize = 20;

/// Weight of what was in the smoothed delay.
const SMOOTHING: f64 = 0.9;

/// The trend, ms of delay gained for each ms, is scaled to be compared with a threshold in ms.
const TREND_GAIN: f64 = 4.0;
/// Groups that the scale counts at most.
const MAX_GROUPS: f64 = 60.0;

/// How long the trend must stay above the threshold (draft §5.4: `overuse_time_th`).
const OVERUSE_MS: f64 = 10.0;

/// The threshold follows the trend up fast and down slowly, so that a flow that fills queues does not starve this one
/// (Carlucci et al., §4.3), within 6–600 ms (draft §5.4).
const THRESHOLD_START: f64 = 12.5;
const THRESHOLD_UP: f64 = 0.0087;
const THRESHOLD_DOWN: f64 = 0.039;
const THRESHOLD_MIN: f64 = 6.0;
const THRESHOLD_MAX: f64 = 600.0;
/// Trends further above the threshold are spikes that it does not follow.
const THRESHOLD_SPIKE: f64 = 15.0;

/// The shortest way seen in so many slices …
const BASE_SLICES: usize = 10;
/// … of this length is taken for the way without queues. Longer believes old routes, shorter takes a standing queue for
/// part of the way.
const BASE_SLICE_US: i64 = 2_000_000;

/// Weight of a new group in the length of the queue.
const QUEUE_GAIN: f64 = 0.5;

/// A trend without so much of a queue is a burst of our own that passes: a key frame or a probe.
pub(super) const QUEUE_MIN_US: i64 = 25_000;

/// A queue that is so long and has grown over so many feedbacks needs no trend to be sure of.
const GROWING: u32 = 1;
pub(super) const QUEUE_LONG_US: i64 = 100_000;

/// A way that is so much longer for the first packet of a group than for the last of the one before is another way: our own
/// packets do not fill a queue between the two. Two such jumps within [`JUMPS_APART_US`] are something else.
const JUMP_US: i64 = 100_000;
const JUMPS_APART_US: i64 = 500_000;

/// Weight of a new group in how much later groups come than those before them for no reason of ours …
const LATER_GAIN: f64 = 1.0 / 32.0;
/// … and how many times that the way varies by: delays that are drawn evenly differ by a third of their range, half of them upwards.
const VARIES: f64 = 4.0;

/// A jump of the receiver's clock or a pause: everything begins anew.
const MAX_GAP_US: i64 = 5_000_000;

/// What the queue does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Usage {
    #[default]
    Normal,
    /// It grows.
    Over,
    /// It drains.
    Under,
}

/// A group of packets.
#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent: i64,
    first_arrived: i64,
    last_sent: i64,
    last_arrived: i64,
    /// Bytes of its first packet.
    first_size: u16,
}

impl Group {
    fn new(sent: i64, arrived: i64, size: u16) -> Self {
        Self {
            first_sent: sent,
            first_arrived: arrived,
            last_sent: sent,
            last_arrived: arrived,
            first_size: size,
        }
    }

    /// How much longer the way was for its first packet than for the last one of the group before.
    fn later_than(&self, previous: &Self) -> i64 {
        (self.first_arrived - previous.last_arrived) - (self.first_sent - previous.last_sent)
    }

    fn is_jump_after(&self, previous: &Self) -> bool {
        self.later_than(previous) > JUMP_US
    }
}

/// Watches the delay of one way.
#[derive(Debug)]
pub(super) struct DelayDetector {
    group: Option<Group>,
    previous: Option<Group>,
    /// (arrival in ms, smoothed delay in ms) of the last groups.
    window: VecDeque<(f64, f64)>,
    groups: f64,
    accumulated: f64,
    smoothed: f64,
    trend: f64,
    threshold: f64,
    threshold_at: Option<f64>,
    over_for: f64,
    over_count: u32,
    usage: Usage,
    base: Base,
    jumped: Option<i64>,
    /// The last group's delay above the shortest, smoothed a little, and over how many feedbacks it has grown.
    queue_us: f64,
    grows: u32,
    queue_before: f64,
    /// How much later than the group before one comes on average, though nothing of ours was between them, in µs.
    later: f64,
    seen: f64,
    /// What one byte of ours needs on the link, in µs.
    byte_us: f64,
}

impl DelayDetector {
    pub(super) fn new() -> Self {
        Self {
            group: None,
            previous: None,
            window: VecDeque::with_capacity(WINDOW + 1),
            groups: 0.0,
            accumulated: 0.0,
            smoothed: 0.0,
            trend: 0.0,
            threshold: THRESHOLD_START,
            threshold_at: None,
            over_for: 0.0,
            over_count: 0,
            usage: Usage::Normal,
            base: Base::default(),
            jumped: None,
            queue_us: 0.0,
            grows: 0,
            queue_before: 0.0,
            later: 0.0,
            seen: 0.0,
            byte_us: 0.0,
        }
    }

    /// All packets of a feedback were seen, and the way is believed to carry `bps`.
    pub(super) fn fed(&mut self, bps: f64) {
        self.byte_us = 8e6 / bps;
        if let (Some(group), Some(previous)) = (self.group, self.previous)
            && !group.is_jump_after(&previous)
        {
            self.queued(group);
        }
        self.grows = if self.queue_us > self.queue_before { self.grows + 1 } else { 0 };
        self.queue_before = self.queue_us;
    }

    pub(super) fn usage(&self) -> Usage {
        match self.usage {
            _ if self.queue_us() > QUEUE_LONG_US && self.grows >= GROWING => Usage::Over,
            Usage::Over if self.queue_us() < QUEUE_MIN_US => Usage::Normal,
            usage => usage,
        }
    }

    /// How much longer the way is than at its shortest in the last 20 s, beyond what it varies by anyway, in µs.
    pub(super) fn queue_us(&self) -> i64 {
        (self.queue_us as i64 - self.varies_us()).max(0)
    }

    /// How much longer than the shortest way a packet took, beyond what the way varies by.
    pub(super) fn wait_us(&self, sent_us: i64, arrived_us: i64) -> i64 {
        self.base.above(arrived_us - sent_us) - self.varies_us()
    }

    /// Whether the shortest way is to be remembered beyond its 20 s.
    pub(super) fn keep_base(&mut self, is_kept: bool) {
        self.base.is_kept = is_kept;
    }

    /// By how much packets are late without a queue: radios hold back what they have to send again.
    pub(super) fn varies_us(&self) -> i64 {
        (VARIES * self.later) as i64
    }

    /// A packet that left at `sent_us` of our clock arrived at `arrived_us` of the receiver's; in the order of leaving.
    pub(super) fn packet(&mut self, sent_us: i64, arrived_us: i64, size: u16) {
        if self.group.is_some_and(|it| (arrived_us - it.last_arrived).abs() > MAX_GAP_US) {
            *self = Self { threshold: self.threshold, ..Self::new() };
        }
        self.base.saw(sent_us, arrived_us - sent_us);
        let Some(group) = &mut self.group else {
            self.group = Some(Group::new(sent_us, arrived_us, size));
            return;
        };
        if sent_us < group.first_sent {
            return; // overtaken: it tells of another moment
        }
        // What a network held back and let go at once arrived as one burst, whenever it was sent.
        let since_last = arrived_us - group.last_arrived;
        let held_back = since_last < sent_us - group.last_sent && since_last <= GROUP_US;
        if sent_us - group.first_sent <= GROUP_US || held_back {
            group.last_sent = group.last_sent.max(sent_us);
            group.last_arrived = group.last_arrived.max(arrived_us);
            return;
        }
        let whole = *group;
        *group = Group::new(sent_us, arrived_us, size);
        if let Some(previous) = self.previous.replace(whole) {
            let sent = (whole.last_sent - previous.last_sent) as f64 / 1000.0;
            let arrived = (whole.last_arrived - previous.last_arrived) as f64 / 1000.0;
            if whole.is_jump_after(&previous) {
                let last = self.jumped.replace(whole.last_arrived);
                if last.is_none_or(|at| whole.last_arrived - at > JUMPS_APART_US) {
                    return self.base.shift(whole.later_than(&previous));
                }
            }
            self.came(whole.later_than(&previous) as f64 - f64::from(whole.first_size) * self.byte_us);
            self.queued(whole);
            self.variation(sent, arrived, whole.last_arrived as f64 / 1000.0);
        }
    }

    /// The first packet of a group came so much later than the last of the one before, without its own time on the link.
    fn came(&mut self, later: f64) {
        self.seen = (self.seen + 1.0).min(1.0 / LATER_GAIN);
        self.later += (later.max(0.0) - self.later) / self.seen;
    }

    /// The queue was so long for the last packet of a group.
    fn queued(&mut self, group: Group) {
        let queue = self.base.above(group.last_arrived - group.last_sent) as f64;
        self.queue_us += QUEUE_GAIN * (queue - self.queue_us);
    }

    /// A group came `arrived` ms after the last one, and left `sent` ms after it.
    fn variation(&mut self, sent: f64, arrived: f64, now_ms: f64) {
        self.groups = (self.groups + 1.0).min(MAX_GROUPS);
        self.accumulated += arrived - sent;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        self.window.push_back((now_ms, self.smoothed));
        if self.window.len() > WINDOW {
            self.window.pop_front();
        }
        let before = self.trend;
        if self.window.len() == WINDOW {
            self.trend = slope(&self.window).unwrap_or(self.trend);
        }
        self.detect(sent, before, now_ms);
    }

    fn detect(&mut self, sent: f64, before: f64, now_ms: f64) {
        let scaled = self.groups * self.trend * TREND_GAIN;
        if scaled > self.threshold {
            self.over_for += if self.over_count == 0 { sent / 2.0 } else { sent };
            self.over_count += 1;
            if self.over_for > OVERUSE_MS && self.over_count > 1 && self.trend >= before {
                self.over_for = 0.0;
                self.over_count = 0;
                self.usage = Usage::Over;
            }
        } else {
            self.over_for = 0.0;
            self.over_count = 0;
            self.usage = if scaled < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.adapt(scaled.abs(), now_ms);
    }

    fn adapt(&mut self, scaled: f64, now_ms: f64) {
        let passed = (now_ms - self.threshold_at.replace(now_ms).unwrap_or(now_ms)).clamp(0.0, 100.0);
        if scaled > self.threshold + THRESHOLD_SPIKE {
            return;
        }
        let gain = if scaled < self.threshold { THRESHOLD_DOWN } else { THRESHOLD_UP };
        let threshold = self.threshold + gain * (scaled - self.threshold) * passed;
        self.threshold = threshold.clamp(THRESHOLD_MIN, THRESHOLD_MAX);
    }
}

/// Least squares: how much y grows for each x.
fn slope(points: &VecDeque<(f64, f64)>) -> Option<f64> {
    let count = points.len() as f64;
    let (sum_x, sum_y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), (x, y)| {
        (above + (x - mean_x) * (y - mean_y), below + (x - mean_x) * (x - mean_x))
    });
    (below > 0.0).then(|| above / below)
}

/// The shortest way lately, in slices of time so that old ones are forgotten.
#[derive(Debug, Default)]
struct Base {
    slices: VecDeque<i64>,
    since: i64,
    /// Nothing is forgotten: a queue that stays would be taken for part of the way.
    is_kept: bool,
    /// Of all slices: it is asked for with each packet.
    shortest: Option<i64>,
}

impl Base {
    /// A packet that left at `sent_us` took `way`.
    fn saw(&mut self, sent_us: i64, way: i64) {
        let is_over = sent_us - self.since >= BASE_SLICE_US && !self.is_kept;
        if self.slices.is_empty() || is_over {
            self.since = sent_us;
            if self.slices.len() == BASE_SLICES {
                self.slices.pop_front();
            }
            self.slices.push_back(way);
            self.shortest = self.slices.iter().copied().min();
        }
        if let Some(last) = self.slices.back_mut().filter(|last| way < **last) {
            *last = way;
            self.shortest = self.shortest.map(|shortest| shortest.min(way));
        }
    }

    /// How much longer than the shortest `way` is.
    fn above(&self, way: i64) -> i64 {
        way - self.shortest.unwrap_or(way)
    }

    /// The way itself is longer by `by`.
    fn shift(&mut self, by: i64) {
        self.slices.iter_mut().for_each(|slice| *slice += by);
        self.shortest = self.shortest.map(|shortest| shortest + by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a packet every 10 ms; `queue` gives its wait in µs.
    fn watch(detector: &mut DelayDetector, from: i64, count: i64, queue: impl Fn(i64) -> i64) -> Vec<Usage> {
        let mut seen = Vec::new();
        for n in 0..count {
            let sent = (from + n) * 10_000;
            detector.packet(sent, 77_000_000 + sent + queue(n), 1000);
            seen.push(detector.usage());
        }
        seen
    }

    #[test]
    fn a_steady_way_is_normal_and_has_no_queue() {
        let mut detector = DelayDetector::new();
        let seen = watch(&mut detector, 0, 500, |n| (n * 7919 % 4) * 1000);
        assert!(seen.iter().all(|usage| *usage == Usage::Normal));
        assert!(detector.queue_us() < 4000);
    }

    #[test]
    fn a_growing_queue_is_noticed_within_a_quarter_of_a_second_and_a_draining_one_too() {
        let mut detector = DelayDetector::new();
        watch(&mut detector, 0, 100, |_| 0);
        let seen = watch(&mut detector, 100, 50, |n| n * 2000);
        let noticed = seen.iter().position(|usage| *usage == Usage::Over);
        assert!(noticed.is_some_and(|at| at < 25), "{noticed:?}");
        assert!(detector.queue_us() > 80_000);
        let seen = watch(&mut detector, 150, 40, |n| 100_000 - n * 2500);
        assert!(seen.contains(&Usage::Under));
    }

    #[test]
    fn a_jump_of_the_clock_begins_anew() {
        let mut detector = DelayDetector::new();
        watch(&mut detector, 0, 100, |_| 0);
        watch(&mut detector, 100, 3, |_| 3_600_000_000);
        assert_eq!(detector.usage(), Usage::Normal);
        assert_eq!(detector.queue_us(), 0);
    }

    #[test]
    fn another_way_that_is_longer_is_no_queue() {
        let mut detector = DelayDetector::new();
        watch(&mut detector, 0, 100, |_| 0);
        let seen = watch(&mut detector, 100, 100, |n| 150_000 + (n * 7919 % 20) * 1000);
        assert!(seen.iter().all(|usage| *usage != Usage::Over));
        assert!(detector.queue_us() < 25_000, "{}", detector.queue_us());
    }

    #[test]
    fn packets_that_come_late_by_chance_are_no_queue_and_one_beneath_them_is_seen() {
        let mut detector = DelayDetector::new();
        let mut random = crate::random::Random::new(&[5; 32]);
        let mut late = || i64::from(random.u32() % 50_000);
        let jitter: Vec<_> = (0..600).map(|_| late()).collect();
        watch(&mut detector, 0, 300, |n| jitter[n as usize]);
        assert!((15_000..45_000).contains(&detector.varies_us()), "{}", detector.varies_us());
        let mut longest = 0;
        for n in 300..500 {
            watch(&mut detector, n, 1, |_| jitter[n as usize]);
            longest = longest.max(detector.queue_us());
        }
        assert!(longest < QUEUE_MIN_US, "{longest}");
        watch(&mut detector, 500, 60, |n| jitter[n as usize] + 2000 * n);
        assert!(detector.queue_us() > 60_000, "{}", detector.queue_us());
    }

    #[test]
    fn a_short_way_long_ago_is_forgotten() {
        let mut base = Base::default();
        base.saw(0, 10);
        base.saw(1_000_000, 30);
        assert_eq!(base.above(30), 20);
        for at in 1..=BASE_SLICES as i64 + 1 {
            base.saw(at * BASE_SLICE_US, 30);
        }
        assert_eq!(base.above(30), 0);
    }
}
