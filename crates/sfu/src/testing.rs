//! What unit tests share.

use std::time::Instant;

/// Some moment to count from: an `Instant` can be had nowhere else.
#[allow(clippy::disallowed_methods, reason = "only differences matter to a test")]
pub(crate) fn some_moment() -> Instant {
    Instant::now()
}
