//! How much is sent or arrives: bits a second over a short window.

/// One bucket of the window.
const BUCKET_US: i64 = 25_000;
/// 300 ms: about ten pictures. Longer is slow to see a link that shrank, shorter mistakes one key frame for a fast link.
const BUCKETS: usize = 12;

/// A window of buckets that slides with the newest packet.
#[derive(Debug)]
pub(super) struct Throughput {
    buckets: [u32; BUCKETS],
    /// Number of the newest bucket since the clock's origin.
    newest: Option<i64>,
    /// When that begins, and its place.
    newest_us: i64,
    newest_place: usize,
    /// The first one ever.
    first: i64,
}

impl Default for Throughput {
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], newest: None, newest_us: i64::MAX, newest_place: 0, first: 0 }
    }
}

impl Throughput {
    /// `size` bytes at this time of a steady clock.
    pub(super) fn count(&mut self, at_us: i64, size: usize) {
        if (0..BUCKET_US).contains(&at_us.wrapping_sub(self.newest_us)) {
            self.buckets[self.newest_place] += size as u32; // as most packets: without a division
            return;
        }
        self.count_elsewhere(at_us, size);
    }

    /// Not in the newest bucket.
    fn count_elsewhere(&mut self, at_us: i64, size: usize) {
        let bucket = at_us.div_euclid(BUCKET_US);
        let newest = match self.newest {
            Some(newest) if (bucket - newest).abs() < 40 * BUCKETS as i64 => newest,
            // The first packet, or another clock.
            _ => {
                *self = Self { first: bucket, ..Self::default() };
                bucket
            }
        };
        for passed in (newest + 1).max(bucket - BUCKETS as i64 + 1)..=bucket {
            self.buckets[place(passed)] = 0;
        }
        let newest = newest.max(bucket);
        self.newest = Some(newest);
        (self.newest_us, self.newest_place) = (newest * BUCKET_US, place(newest));
        if newest - bucket < BUCKETS as i64 {
            self.buckets[place(bucket)] += size as u32;
        }
    }

    /// Over the window, once it has passed.
    pub(super) fn bps(&self) -> Option<u64> {
        self.over(BUCKETS as i64 - 1)
    }

    /// Over the last 100 ms: what a link carries that shrank a moment ago.
    pub(super) fn recent_bps(&self) -> Option<u64> {
        self.over(4)
    }

    fn over(&self, buckets: i64) -> Option<u64> {
        let newest = self.newest?;
        // The newest bucket is not full yet: it counts for what comes next.
        let full = (newest - self.first).min(BUCKETS as i64 - 1);
        if full < BUCKETS as i64 / 2 {
            return None;
        }
        let full = full.min(buckets);
        let bytes: u64 = (newest - full..newest).map(|bucket| u64::from(self.buckets[place(bucket)])).sum();
        Some(bytes * 8 * 1_000_000 / (full * BUCKET_US) as u64)
    }
}

fn place(bucket: i64) -> usize {
    bucket.rem_euclid(BUCKETS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_rate_of_the_last_window() {
        let mut throughput = Throughput::default();
        assert_eq!(throughput.bps(), None);
        for n in 0..200 {
            throughput.count(n * 10_000, 1250); // 1 Mbit/s
        }
        assert!(throughput.bps().is_some_and(|bps| bps.abs_diff(1_000_000) < 30_000));
        for n in 0..100 {
            throughput.count(2_000_000 + n * 10_000, 125);
        }
        assert!(throughput.bps().is_some_and(|bps| bps.abs_diff(100_000) < 3_000));
    }

    #[test]
    fn a_pause_empties_it_and_another_clock_begins_anew() {
        let mut throughput = Throughput::default();
        for n in 0..100 {
            throughput.count(n * 10_000, 1250);
        }
        throughput.count(5_000_000, 1250);
        assert_eq!(throughput.bps(), Some(0));
        throughput.count(-90_000_000_000, 1250);
        assert_eq!(throughput.bps(), None);
    }
}
