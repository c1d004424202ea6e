//! The same seed makes the same run, to the microsecond: a failure that was seen once is seen again.
//!
//! Handshakes apart (their signatures have a length of their own), and networks that draw what they lose or hold back: str0m keeps
//! its streams in a hash map, whose order decides which datagram has which luck.

mod common;

use common::SECOND;
use sfu_sim::Link;
use sfu_sim::stage::{Point, Trace, stage, watcher};

/// Three who share a short way.
fn run(seed: u64) -> Vec<Vec<Point>> {
    let (mut world, publishers) = stage(seed, 2);
    let short = Link::limited(2_000_000);
    let ids = ["a", "b", "c"].map(|name| watcher(&mut world, name, &publishers, Link::GOOD, short));
    world.share_down(&ids, short);
    let mut trace = Trace::new(&world, &ids);
    trace.run(&mut world, 10 * SECOND);
    trace.points
}

#[test]
fn the_same_seed_makes_the_same_run() {
    assert_eq!(run(900), run(900));
}
