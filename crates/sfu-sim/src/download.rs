//! TCP beside our own flows: slow start, congestion avoidance, fast retransmit and recovery (RFC 5681, `NewReno` after RFC 6582), an
//! initial window of ten (RFC 6928) and the retransmission timer of RFC 6298. What it carries is numbers of segments.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Bytes of a full segment with its headers.
const SEGMENT: usize = 1500;
const INITIAL_WINDOW: f64 = 10.0;
/// RFC 6298 §2.1 and §2.4.
const FIRST_TIMEOUT: Duration = Duration::from_secs(1);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);
/// So many acknowledgements of the same segment tell that the next one was lost.
const DUPLICATES: u32 = 3;

/// One transfer, both of its ends.
#[derive(Debug)]
pub(crate) struct Download {
    /// Where its segments go.
    pub(crate) address: SocketAddr,
    /// Index of the client whose way down it takes.
    pub(crate) beside: usize,
    /// Acknowledgements need so long.
    delay: Duration,
    /// Segments in all; `None` never ends.
    segments: Option<u64>,
    window: f64,
    threshold: f64,
    /// The next new segment, and the first that is not acknowledged.
    next: u64,
    unacknowledged: u64,
    duplicates: u32,
    /// Recovery from a loss ends with this segment.
    recovers: Option<u64>,
    /// A segment whose round trip is measured, and when it left (RFC 6298 §3: none that was sent again).
    timed: Option<(u64, Instant)>,
    rtt: Option<(f64, f64)>,
    timeout: Duration,
    timer: Option<Instant>,
    due: VecDeque<u64>,
    /// The receiver's: the next in order, and what came beyond it.
    expected: u64,
    beyond: BTreeSet<u64>,
    acknowledgements: VecDeque<(Instant, u64)>,
}

impl Download {
    pub(crate) fn new(address: SocketAddr, beside: usize, delay: Duration, bytes: Option<u64>) -> Self {
        Self {
            address,
            beside,
            delay,
            segments: bytes.map(|bytes| bytes.div_ceil(SEGMENT as u64)),
            window: INITIAL_WINDOW,
            threshold: f64::INFINITY,
            next: 0,
            unacknowledged: 0,
            duplicates: 0,
            recovers: None,
            timed: None,
            rtt: None,
            timeout: FIRST_TIMEOUT,
            timer: None,
            due: VecDeque::new(),
            expected: 0,
            beyond: BTreeSet::new(),
            acknowledgements: VecDeque::new(),
        }
    }

    /// Bytes that came in order.
    pub(crate) fn received(&self) -> u64 {
        self.expected * SEGMENT as u64
    }

    pub(crate) fn is_done(&self) -> bool {
        self.segments.is_some_and(|all| self.unacknowledged >= all)
    }

    /// When [`Self::work`] is next to be called.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        [self.acknowledgements.front().map(|it| it.0), self.timer].into_iter().flatten().min()
    }

    /// A segment came to the receiver.
    pub(crate) fn receive(&mut self, now: Instant, datagram: &[u8]) {
        let Some(number) = datagram.first_chunk().map(|it| u64::from_be_bytes(*it)) else { return };
        if number >= self.expected {
            self.beyond.insert(number);
        }
        while self.beyond.remove(&self.expected) {
            self.expected += 1;
        }
        self.acknowledgements.push_back((now + self.delay, self.expected));
    }

    /// Takes acknowledgements and time, and returns the segments to send.
    pub(crate) fn work(&mut self, now: Instant) -> Vec<Vec<u8>> {
        while self.acknowledgements.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, number)) = self.acknowledgements.pop_front() {
                self.acknowledged(now, number);
            }
        }
        if self.timer.is_some_and(|at| at <= now) {
            self.timed_out();
        }
        let last = self.segments.unwrap_or(u64::MAX);
        while self.next < last && (self.next - self.unacknowledged) < self.window as u64 {
            self.timed.get_or_insert((self.next, now));
            self.due.push_back(self.next);
            self.next += 1;
        }
        if self.unacknowledged == self.next {
            self.timer = None;
        } else if !self.due.is_empty() || self.timer.is_none() {
            self.timer = Some(now + self.timeout);
        }
        self.due.drain(..).map(segment).collect()
    }

    fn acknowledged(&mut self, now: Instant, number: u64) {
        if number <= self.unacknowledged {
            self.duplicates += u32::from(self.next > self.unacknowledged);
            if self.recovers.is_some() {
                self.window += 1.0; // another one has left the network
            } else if self.duplicates == DUPLICATES {
                self.halve();
                self.window = self.threshold + f64::from(DUPLICATES);
                self.recovers = Some(self.next);
                self.again();
            }
            return;
        }
        let newly = (number - self.unacknowledged) as f64;
        self.unacknowledged = number;
        self.next = self.next.max(number);
        self.timer = Some(now + self.timeout);
        if let Some((_, sent)) = self.timed.filter(|(timed, _)| *timed < number) {
            self.timed = None;
            self.round_trip((now - sent).as_secs_f64());
        }
        match self.recovers {
            Some(end) if number < end => {
                self.window = (self.window - newly).max(1.0) + 1.0;
                self.again();
            }
            Some(_) => {
                self.recovers = None;
                self.duplicates = 0;
                self.window = self.threshold;
            }
            None => {
                self.duplicates = 0;
                let is_slow_start = self.window < self.threshold;
                self.window += if is_slow_start { newly } else { newly / self.window };
            }
        }
    }

    fn timed_out(&mut self) {
        self.halve();
        self.window = 1.0;
        (self.duplicates, self.recovers) = (0, None);
        self.timeout = (2 * self.timeout).min(LONGEST_TIMEOUT);
        self.next = self.unacknowledged;
        self.timed = None;
        self.timer = None;
    }

    fn halve(&mut self) {
        self.threshold = ((self.next - self.unacknowledged) as f64 / 2.0).max(2.0);
    }

    /// The first segment that is missing is sent again.
    fn again(&mut self) {
        self.timed = None;
        self.due.push_back(self.unacknowledged);
    }

    fn round_trip(&mut self, seconds: f64) {
        let (mean, varies) = self.rtt.map_or((seconds, seconds / 2.0), |(mean, varies)| {
            (mean + (seconds - mean) / 8.0, varies + ((mean - seconds).abs() - varies) / 4.0)
        });
        self.rtt = Some((mean, varies));
        self.timeout = Duration::from_secs_f64((mean + 4.0 * varies).max(FIRST_TIMEOUT.as_secs_f64()));
    }
}

fn segment(number: u64) -> Vec<u8> {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.resize(SEGMENT, 0);
    bytes
}
