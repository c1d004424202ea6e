//! What was seen, as a whole and second by second.

use std::time::{Duration, Instant};

use crate::process::{Usage, stolen, usage};
use crate::seat::{Media, Seat};
use crate::watcher::Counts;

/// Sums over all connections since the program's start.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) sent: u64,
    pub(crate) resent: u64,
    pub(crate) counts: Counts,
    /// Packets of pictures that watchers should have got, and those that they got.
    pub(crate) expected: u64,
    pub(crate) received: u64,
    pub(crate) unread: u64,
    /// Who is there now.
    pub(crate) watchers: usize,
    /// Packets of sound that were sent, by so many.
    pub(crate) sounds: u64,
    pub(crate) publishers: usize,
}

impl Totals {
    pub(crate) fn add(&mut self, seat: &Seat) {
        self.unread += u64::from(seat.unread);
        match &seat.media {
            Media::Up(publisher) => {
                self.sent += publisher.sent;
                self.sounds += publisher.sounds;
                self.resent += publisher.resent;
            }
            Media::Down(watcher) => {
                let (expected, received) = watcher.expected_and_received();
                self.expected += expected;
                self.received += received;
                self.counts.delivered += watcher.counts.delivered;
                self.counts.bytes += watcher.counts.bytes;
                self.counts.sounds += watcher.counts.sounds;
                self.counts.picture_bytes += watcher.counts.picture_bytes;
                self.counts.retransmitted += watcher.counts.retransmitted;
                self.counts.asked_again += watcher.counts.asked_again;
                self.counts.damaged += watcher.counts.damaged;
            }
            Media::None => {}
        }
    }
}

/// One second.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Row {
    /// Since the measured time began.
    pub(crate) second: f64,
    pub(crate) kpps: f64,
    pub(crate) share_lost: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) server_share: Option<f64>,
    pub(crate) client_share: f64,
    pub(crate) watchers: usize,
    /// Of the sound that was sent to everybody there, what came.
    pub(crate) sound: f64,
    /// For each watcher.
    pub(crate) picture_kbps: f64,
}

/// Milliseconds from asking on.
#[derive(Debug, Default)]
pub(crate) struct Joins {
    pub(crate) answer: Vec<f64>,
    pub(crate) connected: Vec<f64>,
    pub(crate) packet: Vec<f64>,
    pub(crate) frame: Vec<f64>,
    pub(crate) failed: usize,
    pub(crate) first_failure: Option<String>,
}

/// A moment to take differences from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) at: Instant,
    pub(crate) totals: Totals,
    pub(crate) server: Option<Usage>,
    pub(crate) client: Usage,
    stolen: (u64, u64),
}

impl Moment {
    pub(crate) fn take(at: Instant, totals: Totals, pid: Option<u32>) -> Self {
        Self {
            at,
            totals,
            server: pid.and_then(usage),
            client: usage(std::process::id()).unwrap_or_default(),
            stolen: stolen().unwrap_or_default(),
        }
    }

    /// Of all cores' time since `earlier`, what the machine's owner took.
    pub(crate) fn share_stolen(&self, earlier: &Self) -> f64 {
        let (stolen, all) = (self.stolen.0 - earlier.stolen.0, self.stolen.1 - earlier.stolen.1);
        stolen as f64 / all.max(1) as f64
    }
}

/// Collects.
pub(crate) struct Meter {
    pub(crate) rows: Vec<Row>,
    pub(crate) joins: Joins,
    /// µs, of the measured time.
    pub(crate) delays: Vec<u32>,
    /// Of the current second.
    recent: Vec<u32>,
    pub(crate) first: Option<Moment>,
    pub(crate) last: Option<Moment>,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self {
            rows: Vec::new(),
            joins: Joins::default(),
            delays: Vec::new(),
            recent: Vec::new(),
            first: None,
            last: None,
        }
    }

    pub(crate) fn begin(&mut self, moment: Moment) {
        (self.first, self.last) = (Some(moment), Some(moment));
        self.recent.clear();
    }

    pub(crate) fn delay(&mut self, delay: Duration) {
        if self.first.is_some() {
            self.recent.push(delay.as_micros() as u32);
        }
    }

    /// A second is over. Before [`Meter::begin`] nothing is kept; the row is for the progress bar.
    pub(crate) fn second(&mut self, moment: Moment) -> Row {
        let (Some(first), Some(last)) = (self.first, self.last) else { return Row::default() };
        let row = row(&first, &last, &moment, &mut self.recent);
        self.delays.append(&mut self.recent);
        self.last = Some(moment);
        self.rows.push(row);
        row
    }
}

fn row(first: &Moment, last: &Moment, moment: &Moment, recent: &mut [u32]) -> Row {
    let seconds = (moment.at - last.at).as_secs_f64().max(1e-9);
    let (old, new) = (&last.totals, &moment.totals);
    let expected = new.expected.saturating_sub(old.expected);
    let received = new.received.saturating_sub(old.received);
    let cpu = |new: Usage, old: Usage| (new.cpu_seconds - old.cpu_seconds) / seconds;
    recent.sort_unstable();
    Row {
        second: (moment.at - first.at).as_secs_f64(),
        kpps: (new.counts.delivered - old.counts.delivered) as f64 / seconds / 1000.0,
        share_lost: share(expected.saturating_sub(received), expected),
        p50_ms: f64::from(quantile(recent, 0.5).unwrap_or(0)) / 1000.0,
        p99_ms: f64::from(quantile(recent, 0.99).unwrap_or(0)) / 1000.0,
        server_share: moment.server.zip(last.server).map(|(new, old)| cpu(new, old)),
        client_share: cpu(moment.client, last.client),
        watchers: new.watchers,
        sound: share(
            new.counts.sounds - old.counts.sounds,
            (new.sounds - old.sounds) * (new.watchers + old.watchers) as u64
                / 2
                / new.publishers.max(1) as u64,
        ),
        picture_kbps: (new.counts.picture_bytes - old.counts.picture_bytes) as f64 * 0.008
            / seconds
            / ((new.watchers + old.watchers) as f64 / 2.0).max(1.0),
    }
}

pub(crate) fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Of sorted values.
pub(crate) fn quantile<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied()
}
