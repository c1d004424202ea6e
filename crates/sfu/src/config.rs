//! Everything that can be set, with its reason.

use std::time::{Duration, SystemTime};

use crate::Remote;

/// How one engine behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// Host candidates of the answers, in order of preference: where clients reach this worker.
    pub candidates: Vec<Remote>,
    /// Seed of SSRCs, ICE credentials and first sequence numbers; from the system's generator outside tests.
    pub seed: [u8; 32],
    /// Wall clock at the `now` that [`crate::Engine::new`] is given: the anchor of sender reports (RFC 3550 §6.4.1).
    pub wall_clock: SystemTime,
    /// Between two `Statistics` events.
    pub statistics_interval: Duration,
    /// What one client or room may take.
    pub limits: Limits,
}

/// Sizes that bound what anybody can make the engine do.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of an offer. A 25-slot offer of Chromium is 52 kB; 256 kB leaves room for other clients.
    pub offer_bytes: usize,
    /// m-lines of an offer: 4 up, 4 audio down, 25 video down are 33.
    pub m_lines: usize,
    /// Peers of this worker: each costs about 150 kB.
    pub peers: usize,
    /// Pictures that anybody gets at a time, the first of their view; more slots than this stay empty.
    pub pictures: usize,
    /// Tiles of a `SetView`: the largest layout, a share and its strip.
    pub tiles: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { offer_bytes: 256 * 1024, m_lines: 64, peers: 4000, pictures: 25, tiles: 32 }
    }
}
