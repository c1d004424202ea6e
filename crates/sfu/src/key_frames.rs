//! When a publisher is asked for a key frame: requests of all receivers become one, and go on until it comes.

use std::time::{Duration, Instant};

/// Between an unanswered request and its repetition. A lost request costs a receiver this long a black tile; a shorter
/// wait asks for a second key frame while the first is on its way from a far publisher.
const FIRST_RETRY: Duration = Duration::from_millis(300);

/// Repetitions double up to this: a camera that was switched off is not asked forever at full rate.
const MAX_RETRY: Duration = Duration::from_secs(2);

/// After a key frame came. Key frames are five to ten times the size of others: with more than three a second all
/// receivers pay for one. A newcomer waits this long at worst.
const MIN_INTERVAL: Duration = Duration::from_millis(300);

/// Requests for one layer of one stream.
#[derive(Debug, Default)]
pub(crate) struct KeyFrameRequests {
    wanted: bool,
    last_key_frame: Option<Instant>,
    last_request: Option<Instant>,
    retry: Duration,
}

impl KeyFrameRequests {
    /// Somebody needs a key frame.
    pub(crate) fn want(&mut self) {
        if !self.wanted {
            self.wanted = true;
            self.retry = FIRST_RETRY;
            self.last_request = None;
        }
    }

    /// The first packet of a key frame came.
    pub(crate) fn came(&mut self, now: Instant) {
        self.wanted = false;
        self.last_key_frame = Some(now);
    }

    /// The stream stopped, or nobody watches it any more.
    pub(crate) fn cancel(&mut self) {
        self.wanted = false;
    }

    /// When to ask; `None` when nobody wants one.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        if !self.wanted {
            return None;
        }
        let after_request = self.last_request.map(|at| at + self.retry);
        let after_key_frame = self.last_key_frame.map(|at| at + MIN_INTERVAL);
        Some(after_request.max(after_key_frame).unwrap_or(now))
    }

    /// The publisher was asked.
    pub(crate) fn requested(&mut self, now: Instant) {
        if self.last_request.replace(now).is_some() {
            self.retry = (self.retry * 2).min(MAX_RETRY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks whenever it is due, from `from` to `until`; returns when, in milliseconds after `start`.
    fn run(requests: &mut KeyFrameRequests, start: Instant, from: u64, until: u64) -> Vec<u64> {
        let mut asked = Vec::new();
        for ms in from..until {
            let now = start + Duration::from_millis(ms);
            if requests.due(now).is_some_and(|at| at <= now) {
                requests.requested(now);
                asked.push(ms);
            }
        }
        asked
    }

    #[test]
    fn asks_at_once_and_again_ever_more_slowly() {
        let start = crate::testing::some_moment();
        let mut requests = KeyFrameRequests::default();
        assert_eq!(requests.due(start), None);
        requests.want();
        requests.want();
        assert_eq!(run(&mut requests, start, 0, 6000), [0, 300, 900, 2100, 4100]);
    }

    #[test]
    fn one_key_frame_serves_all_and_the_next_waits() {
        let start = crate::testing::some_moment();
        let mut requests = KeyFrameRequests::default();
        requests.want();
        assert_eq!(run(&mut requests, start, 0, 100), [0]);
        requests.came(start + Duration::from_millis(100));
        assert_eq!(run(&mut requests, start, 100, 200), []);
        requests.want();
        assert_eq!(run(&mut requests, start, 200, 700), [400]);
        requests.cancel();
        assert_eq!(run(&mut requests, start, 700, 3000), []);
    }
}
