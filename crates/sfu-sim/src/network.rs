//! What happens to datagrams between two ends.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::Random;

/// How datagrams are lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// Never.
    None,
    /// Each by itself with this probability.
    Random(f64),
    /// Gilbert-Elliott: between two datagrams the path turns bad with `enter` and good again with `leave`; while it is
    /// bad, everything is lost. The mean burst has 1/`leave` datagrams.
    GilbertElliott {
        /// Probability of turning bad.
        enter: f64,
        /// Probability of turning good.
        leave: f64,
    },
    /// With probability `start` exactly `length` datagrams in a row.
    Bursts {
        /// Per datagram.
        start: f64,
        /// Datagrams.
        length: u32,
    },
    /// Everything: the cable is out.
    All,
}

/// One direction of one path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// See [`Loss`].
    pub loss: Loss,
    /// Propagation, one way.
    pub delay: Duration,
    /// Up to this much more, uniform; does not change the order …
    pub jitter: Duration,
    /// … of the packets of one stream, those of several come between each other: as from a sender that sends them in turns.
    pub in_turns: bool,
    /// Probability that a datagram is overtaken: held back by [`Link::REORDER_HOLD`].
    pub reorder: f64,
    /// Probability that a datagram arrives twice.
    pub duplicate: f64,
    /// Bits per second; what exceeds it waits.
    pub rate_bps: Option<u64>,
    /// Longest wait for the rate; what would wait longer is lost.
    pub queue: Duration,
}

impl Link {
    /// Three audio packets, some ten of video.
    pub const REORDER_HOLD: Duration = Duration::from_millis(60);

    /// 10 ms, nothing lost, no limit.
    pub const GOOD: Self = Self {
        loss: Loss::None,
        delay: Duration::from_millis(10),
        jitter: Duration::ZERO,
        in_turns: false,
        reorder: 0.0,
        duplicate: 0.0,
        rate_bps: None,
        queue: Duration::from_millis(300),
    };

    /// 20 ms, and so many bits a second with a long queue before them.
    pub const fn limited(rate_bps: u64) -> Self {
        Self {
            delay: Duration::from_millis(20),
            rate_bps: Some(rate_bps),
            queue: Duration::from_secs(2),
            ..Self::GOOD
        }
    }

    /// [`Link::GOOD`] with this loss.
    pub const fn losing(loss: Loss) -> Self {
        Self { loss, ..Self::GOOD }
    }
}

/// What a link remembers between two datagrams.
#[derive(Debug, Default)]
pub(crate) struct LinkState {
    bad: bool,
    burst_left: u32,
    busy_until: Option<Instant>,
    /// By SSRC, where streams keep their order each for itself.
    last_arrival: BTreeMap<u32, Instant>,
    /// How long each datagram waited for the rate.
    waits: Vec<(Instant, Duration)>,
}

impl LinkState {
    fn loses(&mut self, loss: Loss, random: &mut Random) -> bool {
        match loss {
            Loss::None => false,
            Loss::All => true,
            Loss::Random(probability) => random.chance(probability),
            Loss::GilbertElliott { enter, leave } => {
                if random.chance(if self.bad { leave } else { enter }) {
                    self.bad = !self.bad;
                }
                self.bad
            }
            Loss::Bursts { start, length } => {
                if self.burst_left == 0 && random.chance(start) {
                    self.burst_left = length;
                }
                let lost = self.burst_left > 0;
                self.burst_left = self.burst_left.saturating_sub(1);
                lost
            }
        }
    }

    /// The longest wait for the rate from `since` on.
    pub(crate) fn longest_wait(&self, since: Instant) -> Duration {
        let waits = self.waits.iter().rev().take_while(|(at, _)| *at >= since);
        waits.map(|(_, wait)| *wait).max().unwrap_or_default()
    }

    /// When a datagram of `len` bytes has left the bottleneck; `None` when its queue is full.
    fn departure(&mut self, link: &Link, now: Instant, len: usize) -> Option<Instant> {
        let Some(rate_bps) = link.rate_bps else { return Some(now) };
        let begin = self.busy_until.map_or(now, |busy| busy.max(now));
        let wait = begin.saturating_duration_since(now);
        if wait > link.queue {
            return None;
        }
        self.waits.push((now, wait));
        let end = begin + Duration::from_secs_f64(len as f64 * 8.0 / rate_bps as f64);
        self.busy_until = Some(end);
        Some(end)
    }
}

/// A datagram that will arrive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InFlight {
    /// When.
    pub at: Instant,
    /// Breaks ties: first sent, first delivered.
    order: u64,
    /// Sender's address.
    pub from: SocketAddr,
    /// Receiver's address.
    pub to: SocketAddr,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// All datagrams under way.
#[derive(Debug)]
pub struct Network {
    random: Random,
    in_flight: BinaryHeap<Reverse<InFlight>>,
    sent: u64,
}

impl Network {
    /// Nothing under way; everything that happens is drawn from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), in_flight: BinaryHeap::new(), sent: 0 }
    }

    /// Sends one datagram over `link`.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        link: &Link,
        state: &mut LinkState,
        from: SocketAddr,
        to: SocketAddr,
        bytes: &[u8],
    ) {
        if state.loses(link.loss, &mut self.random) {
            return;
        }
        let Some(departure) = state.departure(link, now, bytes.len()) else { return };
        let jitter = link.jitter.mul_f64(self.random.fraction());
        let mut at = departure + link.delay + jitter;
        if self.random.chance(link.reorder) {
            at += Link::REORDER_HOLD;
        } else {
            let stream = if link.in_turns { ssrc(bytes) } else { None };
            let last = state.last_arrival.entry(stream.unwrap_or(0)).or_insert(at);
            at = at.max(*last);
            *last = at;
        }
        let copies = 1 + usize::from(self.random.chance(link.duplicate));
        for _ in 0..copies {
            self.sent += 1;
            self.in_flight.push(Reverse(InFlight { at, order: self.sent, from, to, bytes: bytes.to_vec() }));
        }
    }

    /// When the next datagram arrives.
    pub fn next_arrival(&self) -> Option<Instant> {
        self.in_flight.peek().map(|Reverse(datagram)| datagram.at)
    }

    /// Takes the next datagram that has arrived by `now`.
    pub fn arrived(&mut self, now: Instant) -> Option<InFlight> {
        self.next_arrival().filter(|at| *at <= now)?;
        self.in_flight.pop().map(|Reverse(datagram)| datagram)
    }
}

/// Of a packet of media (RFC 7983, RFC 5761).
fn ssrc(datagram: &[u8]) -> Option<u32> {
    let (head, _) = datagram.split_first_chunk::<12>()?;
    let is_media = (128..192).contains(&head[0]) && !(192..224).contains(&head[1]);
    is_media.then_some(u32::from_be_bytes([head[8], head[9], head[10], head[11]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], port))
    }

    #[expect(clippy::disallowed_methods, reason = "an origin for virtual time; its value does not matter")]
    fn origin() -> Instant {
        Instant::now()
    }

    /// Sends `count` datagrams 1 ms apart and returns the (number, delay) of each arrival.
    fn carry(link: &Link, count: u32) -> Vec<(u32, Duration)> {
        let start = origin();
        let mut network = Network::new(1);
        let mut state = LinkState::default();
        for n in 0..count {
            let now = start + Duration::from_millis(n.into());
            network.send(now, link, &mut state, address(1), address(2), &n.to_be_bytes());
        }
        let end = start + Duration::from_secs(3600);
        std::iter::from_fn(|| network.arrived(end))
            .map(|datagram| {
                let n = u32::from_be_bytes(datagram.bytes.try_into().unwrap());
                (n, datagram.at - (start + Duration::from_millis(n.into())))
            })
            .collect()
    }

    #[test]
    fn a_good_link_keeps_order_and_delay() {
        let arrived = carry(&Link::GOOD, 100);
        assert_eq!(arrived.len(), 100);
        assert!(arrived.iter().zip(0..).all(|(got, n)| *got == (n, Link::GOOD.delay)));
    }

    #[test]
    fn random_loss_has_its_rate() {
        let arrived = carry(&Link::losing(Loss::Random(0.3)), 10_000).len();
        assert!((6_800..7_200).contains(&arrived), "{arrived}");
    }

    #[test]
    fn bursts_have_their_length() {
        let arrived = carry(&Link::losing(Loss::Bursts { start: 0.01, length: 8 }), 10_000);
        let gaps = arrived.windows(2).map(|pair| pair[1].0 - pair[0].0 - 1).filter(|gap| *gap > 0);
        assert!(gaps.clone().all(|gap| gap % 8 == 0) && gaps.count() > 20);
    }

    #[test]
    fn gilbert_elliott_bursts_have_their_mean() {
        let arrived = carry(&Link::losing(Loss::GilbertElliott { enter: 0.02, leave: 0.125 }), 20_000);
        let gaps: Vec<_> =
            arrived.windows(2).map(|pair| pair[1].0 - pair[0].0 - 1).filter(|gap| *gap > 0).collect();
        let mean = f64::from(gaps.iter().sum::<u32>()) / gaps.len() as f64;
        assert!((6.0..10.0).contains(&mean), "{mean}");
    }

    #[test]
    fn jitter_keeps_the_order_and_reordering_does_not() {
        let jitter = Duration::from_millis(20);
        let arrived = carry(&Link { jitter, ..Link::GOOD }, 1000);
        assert!(arrived.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let arrived = carry(&Link { reorder: 0.05, ..Link::GOOD }, 1000);
        assert!(arrived.windows(2).any(|pair| pair[0].0 > pair[1].0));
        assert_eq!(arrived.len(), 1000);
    }

    #[test]
    fn a_rate_delays_and_then_loses() {
        let link = Link { rate_bps: Some(16_000), queue: Duration::from_millis(100), ..Link::GOOD };
        let arrived = carry(&link, 200); // 4 bytes take 2 ms, and come every one
        assert!(arrived.len() < 200);
        assert!(
            arrived.iter().all(|(_, delay)| *delay <= link.delay + link.queue + Duration::from_millis(2))
        );
    }

    #[test]
    fn duplicates_come_twice() {
        assert_eq!(carry(&Link { duplicate: 1.0, ..Link::GOOD }, 10).len(), 20);
    }
}
