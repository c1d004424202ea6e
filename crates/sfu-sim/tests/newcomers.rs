//! Who comes to a stream that flows sees it at once, and goes on seeing it.

mod common;

use std::time::Duration;

use common::{SECOND, assert_clean, longest_freeze, pictures};
use sfu::Source::Camera;
use sfu_sim::{ClientId, ClientOptions, Link, Loss, World};

const MS: Duration = Duration::from_millis(1);

/// Somebody whose camera has one layer of so many bits a second, which has flowed for a while.
fn stage(seed: u64, bps: u32, temporal: bool) -> (World, ClientId) {
    let mut world = World::watched(seed, 100 * MS);
    let options = ClientOptions { temporal, ..ClientOptions::default() };
    let ana = world.join_with("ana", options, Link::GOOD, Link::GOOD);
    world.run_until(5 * SECOND, |world| world.client(ana).is_connected());
    world.client_mut(ana).set_camera_bitrates(&[bps]);
    world.set_sources(ana, &[Camera]);
    world.run_for(3 * SECOND);
    (world, ana)
}

fn watch(world: &mut World, number: usize, whom: ClientId, down: Link) -> ClientId {
    let id = world.join_with(&format!("watcher{number}"), ClientOptions::WATCHER, Link::GOOD, down);
    world.set_view(id, &[(whom, Camera)]);
    id
}

#[test]
fn whoever_comes_sees_the_picture_at_once_and_costs_the_others_no_key_frame() {
    for (seed, temporal) in [(1, false), (2, true)] {
        let (mut world, ana) = stage(seed, 1_500_000, temporal);
        let before = world.client(ana).key_frames_made(Camera);
        let mut watchers = Vec::new();
        for number in 0..12 {
            let id = watch(&mut world, number, ana, Link::GOOD);
            world.run_until(5 * SECOND, |world| world.client(id).is_connected());
            let connected = world.now;
            world.run_until(SECOND, |world| pictures(world, id, ana, Camera, connected) > 0);
            // 10 ms each way, and as much to ask for a key frame where the last one was long ago.
            let waited = world.now - connected;
            assert!(waited < 80 * MS, "number {number} of {seed} waited {waited:?}");
            watchers.push((id, world.now));
            world.run_for(7 * MS);
        }
        let took = world.client(ana).key_frames_made(Camera) - before;
        assert!((1..=3).contains(&took), "{took} key frames in about half a second");
        world.run_for(2 * SECOND);
        for (id, since) in watchers {
            let frozen = longest_freeze(&world, id, ana, since, world.now);
            // At first every fourth picture, where there are temporal layers.
            assert!(frozen < 150 * MS, "{frozen:?}");
            assert_clean(&world, id);
        }
    }
}

#[test]
fn over_a_bad_network_nobody_begins_with_a_broken_picture() {
    for seed in 10..14 {
        let (mut world, ana) = stage(seed, 1_500_000, seed % 2 == 0);
        let bad = Link { loss: Loss::Random(0.1), reorder: 0.05, duplicate: 0.02, ..Link::GOOD };
        world.set_links(ana, bad, Link::GOOD);
        let watchers: Vec<_> = (0..10)
            .map(|number| {
                let id = watch(&mut world, number, ana, bad);
                world.run_for(83 * MS);
                id
            })
            .collect();
        world.run_for(3 * SECOND);
        let since = world.now;
        world.run_for(2 * SECOND);
        // One in some hundreds is still in the dark: decision 7 says why.
        let seeing = watchers.iter().filter(|id| pictures(&world, **id, ana, Camera, since) > 20).count();
        assert!(seeing >= watchers.len() - 1, "{seeing} of {} see it with seed {seed}", watchers.len());
        for id in watchers {
            assert_clean(&world, id);
        }
    }
}

/// Padding measures the way down before the first picture is there: what it found must not keep that away.
#[test]
fn a_way_that_looks_narrow_before_the_first_picture_does_not_keep_it_away() {
    let (mut world, ana) = stage(20, 2_000_000, false);
    let far = Link { delay: 700 * MS, ..Link::GOOD };
    world.set_links(ana, far, far); // a key frame takes as long as several probes
    world.run_for(2 * SECOND);
    let watcher = watch(&mut world, 1, ana, Link::limited(1_000_000));
    world.run_until(5 * SECOND, |world| world.client(watcher).is_connected());
    let connected = world.now;
    world.run_for(SECOND);
    world.set_links(watcher, Link::GOOD, Link::GOOD);
    world.run_until(SECOND, |world| pictures(world, watcher, ana, Camera, connected) > 0);
    let shown = world.now;
    world.run_for(3 * SECOND);
    let frozen = longest_freeze(&world, watcher, ana, shown, world.now);
    assert!(frozen < 300 * MS, "{frozen:?}");
    assert_clean(&world, watcher);
}

/// A page of text on a shared screen: a key frame of a second and more of what the way carries, and little after it.
#[test]
fn a_key_frame_that_takes_the_way_for_long_is_seen_all_the_same() {
    for (seed, bps, bytes) in [(30, 700_000, 150_000), (31, 300_000, 100_000), (32, 300_000, 30_000)] {
        let (mut world, ana) = stage(seed, 60_000, false);
        world.client_mut(ana).set_camera_key_frames(bytes);
        let options = ClientOptions { patient: true, ..ClientOptions::WATCHER };
        let watcher = world.join_with("watcher", options, Link::GOOD, Link::limited(bps));
        world.set_view(watcher, &[(ana, Camera)]);
        world.run_until(5 * SECOND, |world| world.client(watcher).is_connected());
        let connected = world.now;
        let takes = Duration::from_secs_f64(bytes as f64 * 8.0 / bps as f64);
        world.run_until(3 * takes + 2 * SECOND, |world| pictures(world, watcher, ana, Camera, connected) > 0);
        world.run_for(2 * takes);
        let (before, since) = (world.client(ana).key_frames_made(Camera), world.now);
        world.run_for(5 * SECOND);
        let shown = pictures(&world, watcher, ana, Camera, since);
        assert!(shown > 100, "{shown} pictures in 5 s, {bytes} bytes at {bps} bit/s");
        let made = world.client(ana).key_frames_made(Camera) - before;
        assert!(made <= 1, "{made} key frames in 5 s, {bytes} bytes at {bps} bit/s");
        assert_clean(&world, watcher);
    }
}
