//! A processor that takes time for its work, and what waits for it meanwhile.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Datagrams that may wait: what the kernel holds for a socket.
const WAITING: usize = 2000;

/// Of one engine.
#[derive(Debug)]
pub(crate) struct Processor {
    /// For a datagram that comes in or goes out; zero takes no time.
    pub(crate) cost: Duration,
    waiting: VecDeque<(SocketAddr, Vec<u8>)>,
    busy_until: Instant,
}

impl Processor {
    /// One that is as fast as anything.
    pub(crate) fn new(now: Instant) -> Self {
        Self { cost: Duration::ZERO, waiting: VecDeque::new(), busy_until: now }
    }

    /// What takes time waits in a queue; too much of it is lost.
    pub(crate) fn is_slow(&self) -> bool {
        !self.cost.is_zero() || !self.waiting.is_empty()
    }

    /// A datagram has come.
    pub(crate) fn push(&mut self, from: SocketAddr, bytes: Vec<u8>) {
        if self.waiting.len() < WAITING {
            self.waiting.push_back((from, bytes));
        }
    }

    /// When the next datagram's turn is.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.waiting.front().map(|_| self.busy_until)
    }

    /// When something that is due at `at` can be done.
    pub(crate) fn no_earlier(&self, at: Instant) -> Instant {
        at.max(self.busy_until)
    }

    /// Begins another turn; returns how long the time was before it with nothing to do.
    pub(crate) fn begin(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.busy_until)
    }

    /// The next datagram.
    pub(crate) fn pop(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.waiting.pop_front()
    }

    /// The turn that began at `now` had so many datagrams.
    pub(crate) fn end(&mut self, now: Instant, datagrams: u64) {
        self.busy_until = now + self.cost * datagrams as u32;
    }
}
