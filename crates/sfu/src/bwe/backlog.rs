//! What a link carries whose queue grows: the rate at which packets leave it.
//!
//! A trend needs many groups and a long queue is one already; a link that shrinks to a quarter shows by its first handful of
//! packets, which come one after the other as fast as it lets them, each later than the one before.

/// From here on a packet waited behind others: the link was never idle before it.
const WAITS_US: i64 = 20_000;

/// So many packets that waited tell, if the last waited so long and so much longer than the first.
const PACKETS: u32 = 4;
const LONG_US: i64 = 50_000;
const GROWTH_US: i64 = 40_000;

/// A run has at most this length: what a link carried before does not matter.
const SPAN_US: i64 = 200_000;

/// Packets that waited, one after the other.
#[derive(Debug, Clone, Copy)]
struct Run {
    first_arrived: i64,
    first_wait: i64,
    last_arrived: i64,
    last_wait: i64,
    /// Without the first packet, whose own time on the link came before.
    bytes: u64,
    packets: u32,
    /// The most that one packet waited longer than the one before.
    largest_step: i64,
}

/// Watches a queue from packet to packet.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    run: Option<Run>,
}

impl Backlog {
    /// A packet of `size` bytes arrived after a wait; in the order of leaving.
    pub(super) fn packet(&mut self, arrived_us: i64, wait_us: i64, size: u16) {
        if wait_us < WAITS_US {
            self.run = None;
            return;
        }
        match &mut self.run {
            Some(run) if arrived_us - run.first_arrived <= SPAN_US => {
                run.largest_step = run.largest_step.max(wait_us - run.last_wait);
                (run.last_arrived, run.last_wait) = (run.last_arrived.max(arrived_us), wait_us);
                run.bytes += u64::from(size);
                run.packets += 1;
            }
            run => {
                *run = Some(Run {
                    first_arrived: arrived_us,
                    first_wait: wait_us,
                    last_arrived: arrived_us,
                    last_wait: wait_us,
                    bytes: 0,
                    packets: 0,
                    largest_step: 0,
                });
            }
        }
    }

    /// Bits a second of the link, while its queue grows. What grew in one step was held back, by a radio or another way.
    pub(super) fn carries(&self) -> Option<f64> {
        let run = self.run?;
        let (span, growth) = (run.last_arrived - run.first_arrived, run.last_wait - run.first_wait);
        let tells = run.packets >= PACKETS && run.last_wait >= LONG_US && growth >= GROWTH_US && span > 0;
        (tells && 2 * run.largest_step <= growth).then(|| run.bytes as f64 * 8e6 / span as f64)
    }

    /// What was told is known.
    pub(super) fn clear(&mut self) {
        self.run = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of 1000 bytes every 5 ms over a link that needs `each_us` for one.
    fn run(count: i64, each_us: i64) -> Backlog {
        let mut backlog = Backlog::default();
        for n in 0..count {
            let arrived = (n * 5_000).max(n * each_us);
            backlog.packet(arrived, arrived - n * 5_000, 1000);
        }
        backlog
    }

    #[test]
    fn a_link_that_shrinks_is_measured_by_its_first_packets() {
        let found = run(8, 20_000).carries();
        assert!(found.is_some_and(|bps| (bps - 400e3).abs() < 1e3), "{found:?}");
        assert_eq!(run(4, 20_000).carries(), None, "too few");
        assert_eq!(run(100, 5_000).carries(), None, "nothing waits");
    }

    #[test]
    fn what_is_held_back_at_once_is_no_backlog() {
        let mut backlog = Backlog::default();
        for n in 0..20 {
            let sent = n * 5_000;
            let arrived = if n < 5 { sent + 25_000 } else { (sent + 25_000).max(120_000 + n) };
            backlog.packet(arrived, arrived - sent, 1000);
            assert_eq!(backlog.carries(), None, "{n}");
        }
    }
}
