//! People who show themselves, people who watch over short links, and what became of it moment by moment.

use std::time::{Duration, Instant};

use sfu::Source;

use crate::{ClientId, ClientOptions, Link, World};

/// Of a large screen: asks for the highest layer.
const TILE: (u16, u16) = (1280, 720);

/// Bits a second of the three layers of each camera.
const LAYERS: [u32; 3] = [150_000, 500_000, 1_700_000];

/// Between two points of a trace.
const INTERVAL: Duration = Duration::from_millis(100);

const SECOND: Duration = Duration::from_secs(1);

/// So many publishers of cameras in three layers, the first with a microphone too.
pub fn stage(seed: u64, publishers: usize) -> (World, Vec<ClientId>) {
    let mut world = World::watched(seed, INTERVAL);
    let options = ClientOptions { video_slots: 0, simulcast: true, ..ClientOptions::default() };
    let publishers: Vec<_> = (0..publishers)
        .map(|n| world.join_with(&format!("publisher{n}"), options, Link::GOOD, Link::GOOD))
        .collect();
    world.run_until(5 * SECOND, |world| publishers.iter().all(|id| world.client(*id).is_connected()));
    for (n, id) in publishers.iter().enumerate() {
        world.client_mut(*id).set_camera_bitrates(&LAYERS);
        let sources = [Source::Camera, Source::Microphone];
        world.set_sources(*id, if n == 0 { &sources } else { &sources[..1] });
    }
    world.run_for(2 * SECOND);
    (world, publishers)
}

/// Somebody who watches all of `publishers` on a large screen over `down`, connected just now. The handshake goes over good
/// links: how long its signatures are and when it repeats itself is drawn from no seed.
pub fn watcher(world: &mut World, name: &str, publishers: &[ClientId], up: Link, down: Link) -> ClientId {
    let options = ClientOptions { video_slots: publishers.len(), ..ClientOptions::default() };
    let id = world.join_with(name, options, Link::GOOD, Link::GOOD);
    watch(world, id, publishers);
    world.run_until(5 * SECOND, |world| world.client(id).is_connected());
    world.set_links(id, up, down);
    id
}

/// `viewer` watches all of `publishers` on a large screen from now on.
pub fn watch(world: &mut World, viewer: ClientId, publishers: &[ClientId]) {
    let tiles: Vec<_> = publishers.iter().map(|it| (*it, Source::Camera, TILE)).collect();
    world.set_sized_view(viewer, &tiles);
}

/// What was true of one way down over the last [`INTERVAL`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Since the trace began.
    pub at: Duration,
    /// What the link carries, in bits a second; infinite where it has no limit.
    pub link_bps: f64,
    /// What the engine believes that it carries.
    pub estimate_bps: f64,
    /// What was sent.
    pub sent_bps: f64,
    /// The longest wait in the link's queue.
    pub queue: Duration,
    /// The longest wait in the engine's pacer.
    pub pacer: Duration,
}

/// The ways down of some clients over time.
#[derive(Debug)]
pub struct Trace {
    ids: Vec<ClientId>,
    began: Instant,
    sent: Vec<u64>,
    /// By client, in the order in which they were named.
    pub points: Vec<Vec<Point>>,
}

impl Trace {
    /// Begins now.
    pub fn new(world: &World, ids: &[ClientId]) -> Self {
        Self {
            ids: ids.to_vec(),
            began: world.now,
            sent: ids.iter().map(|id| world.sent_to(world.client(*id).address).1).collect(),
            points: vec![Vec::new(); ids.len()],
        }
    }

    /// Lets time pass and notes what happens.
    pub fn run(&mut self, world: &mut World, duration: Duration) {
        let end = world.now + duration;
        while world.now < end {
            let since = world.now;
            world.run_for(INTERVAL.min(end - since));
            let seconds = (world.now - since).as_secs_f64();
            for (at, id) in self.ids.iter().enumerate() {
                let sent = world.sent_to(world.client(*id).address).1;
                let bytes = sent - std::mem::replace(&mut self.sent[at], sent);
                let statistics = world.statistics(*id);
                self.points[at].push(Point {
                    at: world.now - self.began,
                    link_bps: world.down(*id).rate_bps.map_or(f64::INFINITY, |bps| bps as f64),
                    estimate_bps: statistics.map_or(0.0, |it| it.estimate_bps as f64),
                    sent_bps: bytes as f64 * 8.0 / seconds,
                    queue: world.longest_queue(*id, since),
                    pacer: statistics
                        .map_or(Duration::ZERO, |it| Duration::from_secs_f64(it.pacer_delay_ms / 1000.0)),
                });
            }
        }
    }

    /// The points of one client between two moments of the trace.
    pub fn between(&self, client: usize, from: Duration, to: Duration) -> impl Iterator<Item = &Point> {
        self.points[client].iter().filter(move |it| (from..to).contains(&it.at))
    }

    /// Mean bits a second that one client was sent between two moments.
    pub fn sent_bps(&self, client: usize, from: Duration, to: Duration) -> f64 {
        let (count, sum) =
            self.between(client, from, to).fold((0, 0.0), |(count, sum), it| (count + 1, sum + it.sent_bps));
        sum / f64::from(count.max(1))
    }

    /// What each client was sent between two moments, and how fairly: Jain's index, 1 for equal shares, 1/n for one who has it
    /// all (Jain, Chiu and Hawe, 1984).
    pub fn shares(&self, from: Duration, to: Duration) -> (Vec<f64>, f64) {
        let shares: Vec<_> = (0..self.ids.len()).map(|at| self.sent_bps(at, from, to)).collect();
        let (sum, squares) =
            shares.iter().fold((0.0, 0.0), |(sum, squares), it| (sum + it, squares + it * it));
        let count = shares.len() as f64;
        (shares, sum * sum / (count * squares))
    }

    /// The longest wait in the link's queue between two moments.
    pub fn longest_queue(&self, client: usize, from: Duration, to: Duration) -> Duration {
        self.between(client, from, to).map(|it| it.queue).max().unwrap_or_default()
    }
}
