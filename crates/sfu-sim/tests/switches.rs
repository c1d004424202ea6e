//! Whatever happens to a slot, its receiver sees one stream that keeps the rules: random schedules against a model of a
//! decoder that knows the rules and not the engine.
//!
//! `MEETINGHOUSE_SWITCHES` schedules of each kind are tried (default 6).

mod common;

use std::time::Duration;

use common::SECOND;
use sfu::Source;
use sfu_sim::{ClientId, ClientOptions, LayeredSummary, Link, Loss, Random, Scalability, Summary, World};

const SIZES: [(u16, u16); 4] = [(160, 90), (320, 180), (640, 360), (1280, 720)];
const SIMULCAST: ClientOptions =
    ClientOptions { video_slots: 1, simulcast: true, temporal: true, ..ClientOptions::PARTICIPANT };
const SINGLE: ClientOptions = ClientOptions { video_slots: 1, temporal: true, ..ClientOptions::PARTICIPANT };
const PLAIN: ClientOptions = ClientOptions { temporal: false, ..SINGLE };
const MIXED: [ClientOptions; 3] = [SIMULCAST, SINGLE, PLAIN];
/// Layers within one stream of packets, in VP9.
const WITHIN: ClientOptions = ClientOptions { vp9: true, scalability: Some(Scalability::KeyFrames), ..PLAIN };
const WITHIN_FULL: ClientOptions = ClientOptions { scalability: Some(Scalability::Full), ..WITHIN };
/// What a way down carries, from a thumbnail with few pictures to everything.
const RATES: [u64; 6] = [150_000, 400_000, 700_000, 1_200_000, 2_500_000, 20_000_000];

fn schedules() -> u64 {
    std::env::var("MEETINGHOUSE_SWITCHES").ok().and_then(|text| text.parse().ok()).unwrap_or(6)
}

fn pick<T: Copy>(random: &mut Random, all: &[T]) -> T {
    all[random.below(all.len())]
}

/// A meeting of these publishers in which everything that concerns one slot changes at random, seen by Bo.
fn play(seed: u64, publishers: [ClientOptions; 3], up: Link, down: Link) -> (World, ClientId) {
    let mut random = Random::new(seed);
    let mut world = World::new(seed);
    let [ana, cy, dee] = publishers;
    let publishers = [("ana", ana), ("cy", cy), ("dee", dee)]
        .map(|(name, options)| world.join_with(name, options, up, Link::GOOD));
    let bo = world.join_with("bo", ClientOptions { vp9: true, ..PLAIN }, Link::GOOD, down);
    world.run_until(10 * SECOND, |world| {
        publishers.iter().chain([&bo]).all(|id| world.client(*id).is_connected())
    });
    for publisher in publishers {
        world.set_sources(publisher, &[Source::Camera]);
    }
    world.client_mut(publishers[0]).set_camera_bitrates(&[150_000, 500_000, 1_700_000]);
    world.set_view(bo, &[(publishers[0], Source::Camera)]);
    for _ in 0..25 {
        let whose = pick(&mut random, &publishers);
        match random.below(10) {
            0 | 1 => world.set_view(bo, &[(whose, Source::Camera)]),
            2 => {
                let off = pick(&mut random, &publishers[1..]);
                let now = world.now;
                world.client_mut(off).publish(now, Source::Camera, false);
                world.run_for(SECOND / 10); // what is under way arrives
                world.set_sources(off, &[]);
                world.run_for(Duration::from_millis(random.below(300) as u64));
                world.set_sources(off, &[Source::Camera]);
            }
            3 => {
                let layers: &[&[u8]] = &[&[0], &[0, 1], &[0, 2], &[0, 1, 2], &[1, 2]];
                world.client_mut(publishers[0]).set_layers(pick(&mut random, layers));
            }
            4..=6 => {
                let rate = pick(&mut random, &RATES);
                world.set_links(bo, Link::GOOD, Link { rate_bps: Some(rate), queue: 30 * SECOND, ..down });
            }
            _ => {
                let size = pick(&mut random, &SIZES);
                world.set_sized_view(bo, &[(publishers[0], Source::Camera, size)]);
            }
        }
        world.run_for(Duration::from_millis(random.below(800) as u64));
    }
    // In the end everything fits again.
    world.client_mut(publishers[0]).set_layers(&[0, 1, 2]);
    world.set_links(bo, Link::GOOD, down);
    world.set_sized_view(bo, &[(publishers[0], Source::Camera, SIZES[2 + seed as usize % 2])]);
    world.run_for(11 * SECOND);
    (world, bo)
}

fn verified(world: &World, bo: ClientId, seed: u64) -> Summary {
    let verified = world.client(bo).screens[0].decoder.verify();
    verified.unwrap_or_else(|rule| panic!("schedule {seed}: {rule}"))
}

fn verified_within(world: &World, bo: ClientId, seed: u64) -> LayeredSummary {
    let verified = world.client(bo).screens[0].layered.verify();
    verified.unwrap_or_else(|rule| panic!("schedule {seed}: {rule}"))
}

/// The picture is there in the end, with every frame rate.
fn assert_recovered(world: &mut World, bo: ClientId, seed: u64) {
    let since = world.now;
    world.run_for(SECOND);
    let seen = world.client(bo).screens[0].pictures_since(since).count();
    assert!(seen >= 20, "schedule {seed}: {seen} pictures in the last second");
}

#[test]
fn nothing_is_missing_or_out_of_place_where_nothing_is_lost() {
    let mut switches = 0;
    let mut thinned = 0;
    for seed in 1..=schedules() {
        // Packets of one picture come apart, as paced ones do.
        let uneven = Link { jitter: Duration::from_millis(25), in_turns: true, ..Link::GOOD };
        let (mut world, bo) = play(seed, MIXED, uneven, Link::GOOD);
        let summary = verified(&world, bo, seed);
        assert_eq!(summary.empty, 0, "schedule {seed}: {summary:?}");
        // But for what a narrow way kept waiting too long.
        if world.drops("pacer_expired") == 0 {
            assert_eq!(summary.missing, 0, "schedule {seed}: {summary:?}");
            assert_eq!(summary.incomplete, summary.cut_off, "schedule {seed}: {summary:?}");
        }
        assert_recovered(&mut world, bo, seed);
        switches += summary.switches;
        let of =
            |temporal| summary.frames.iter().filter(|it| it.0.1 == temporal).map(|it| *it.1).sum::<u32>();
        thinned += u32::from(of(2) + 20 < 2 * of(1));
    }
    assert!(u64::from(switches) > 5 * schedules() && thinned > 0, "{switches} switches, {thinned} thinned");
}

#[test]
fn what_comes_out_of_order_takes_the_place_that_was_kept_for_it() {
    let mut empty = 0;
    for seed in 1..=schedules() {
        let reordered = Link { reorder: 0.03, jitter: Duration::from_millis(5), ..Link::GOOD };
        let (mut world, bo) = play(1000 + seed, MIXED, reordered, Link::GOOD);
        let summary = verified(&world, bo, seed);
        // Only what comes after a switch is too late, and what a narrow way keeps waiting too long.
        let late = u64::from(2 * summary.switches) + world.drops("pacer_expired");
        assert!(summary.missing <= late, "schedule {seed}: {summary:?}");
        assert_recovered(&mut world, bo, seed);
        empty += summary.empty;
    }
    assert!(empty > 0, "no packet came after its place was given up");
}

#[test]
fn losses_cost_what_was_lost_and_what_refers_to_it() {
    let mut frames = 0;
    for seed in 1..=schedules() {
        let lossy = Link { loss: Loss::Random(0.03), reorder: 0.01, ..Link::GOOD };
        let (mut world, bo) = play(2000 + seed, MIXED, lossy, lossy);
        let summary = verified(&world, bo, seed);
        frames += summary.frames.values().sum::<u32>();
        assert_recovered(&mut world, bo, seed);
    }
    assert!(u64::from(frames) > 150 * schedules());
}

#[test]
fn layers_within_a_stream_leave_no_hole_and_are_decodable_from_where_they_begin() {
    let (mut switches, mut sizes, mut told) = (0, [0; 3], 0);
    for seed in 1..=schedules() {
        let publishers =
            if seed % 2 == 0 { [WITHIN, WITHIN_FULL, WITHIN] } else { [WITHIN_FULL, WITHIN, WITHIN] };
        let (mut world, bo) = play(3000 + seed, publishers, Link::GOOD, Link::GOOD);
        let summary = verified_within(&world, bo, seed);
        assert_eq!(summary.empty, 0, "schedule {seed}: {summary:?}");
        if world.drops("pacer_expired") == 0 {
            assert_eq!(summary.missing, 0, "schedule {seed}: {summary:?}");
            assert!(summary.incomplete <= 3 * summary.cut_off, "schedule {seed}: {summary:?}");
        }
        assert_recovered(&mut world, bo, seed);
        switches += summary.switches;
        told += summary.told;
        summary.frames.iter().for_each(|((spatial, _), count)| sizes[usize::from(*spatial)] += count);
    }
    assert!(u64::from(switches) > 5 * schedules() && told > 0, "{switches} switches, {told} told");
    assert!(sizes.iter().all(|frames| u64::from(*frames) > 20 * schedules()), "{sizes:?}");
}

#[test]
fn layers_within_a_stream_bear_what_is_lost_and_out_of_order() {
    for seed in 1..=schedules() {
        let lossy =
            Link { loss: Loss::Random(0.02), reorder: 0.02, jitter: Duration::from_millis(5), ..Link::GOOD };
        let (mut world, bo) = play(4000 + seed, [WITHIN, WITHIN_FULL, WITHIN], lossy, lossy);
        let summary = verified_within(&world, bo, seed);
        assert!(summary.frames.values().sum::<u32>() > 150, "schedule {seed}: {summary:?}");
        assert_recovered(&mut world, bo, seed);
    }
}
