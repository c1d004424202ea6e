//! What unit tests share.

use std::sync::OnceLock;
use std::time::{Duration, Instant, UNIX_EPOCH};

use crate::clock::{Clock, Now};

/// Some moment to count from: an `Instant` can be had nowhere else.
#[allow(clippy::disallowed_methods, reason = "only differences matter to a test")]
pub(crate) fn some_moment() -> Instant {
    Instant::now()
}

/// The same moment for all tests, in µs since some other one.
pub(crate) fn moment(at: Instant) -> Now {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = *START.get_or_init(|| at.checked_sub(Duration::from_secs(1000)).unwrap_or(at));
    Clock::new(start, UNIX_EPOCH).moment(at)
}
