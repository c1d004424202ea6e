//! A camera in three layers: everybody gets the one that their tile asks for, and changes of it are not seen.

mod common;

use std::time::{Duration, Instant};

use common::{SECOND, assert_clean, last_slots, longest_freeze, pictures};
use sfu::{Event, LayerReason, Source};
use sfu_sim::{ClientId, ClientOptions, Link, World};

const PUBLISHER: ClientOptions =
    ClientOptions { video_slots: 2, simulcast: true, ..ClientOptions::PARTICIPANT };
const THUMBNAIL: (u16, u16) = (160, 90);
const TILE: (u16, u16) = (640, 360);
const STAGE: (u16, u16) = (1280, 720);

/// Somebody who publishes layers.
fn publisher(world: &mut World, up: Link) -> ClientId {
    let id = world.join_with("ana", PUBLISHER, up, Link::GOOD);
    world.run_until(5 * SECOND, |world| world.client(id).is_connected());
    world.set_sources(id, &[Source::Camera]);
    id
}

/// Somebody who watches `whose` camera in a tile of this size.
fn viewer(world: &mut World, name: &str, whose: ClientId, size: (u16, u16), down: Link) -> ClientId {
    let options = ClientOptions { video_slots: 1, ..ClientOptions::default() };
    let id = world.join_with(name, options, Link::GOOD, down);
    world.set_sized_view(id, &[(whose, Source::Camera, size)]);
    world.run_until(5 * SECOND, |world| world.client(id).is_connected());
    id
}

/// The layers that a viewer saw from `since` on, without repetitions.
fn layers(world: &World, viewer: ClientId, since: Instant) -> Vec<u8> {
    let mut layers: Vec<_> =
        world.client(viewer).screens[0].pictures_since(since).map(|picture| picture.tag.layer).collect();
    layers.dedup();
    layers
}

/// The layers that a viewer sees from now on.
fn settled(world: &mut World, viewer: ClientId) -> Vec<u8> {
    let since = world.now;
    world.run_for(SECOND / 2);
    layers(world, viewer, since)
}

#[test]
fn each_gets_the_layer_of_their_tile() {
    let mut world = World::new(91);
    let ana = publisher(&mut world, Link::GOOD);
    let viewers = [("thumb", THUMBNAIL), ("tile", TILE), ("stage", STAGE)]
        .map(|(name, size)| viewer(&mut world, name, ana, size, Link::GOOD));
    world.run_for(SECOND);
    let since = world.now;
    world.run_for(2 * SECOND);
    for (viewer, layer) in viewers.into_iter().zip(0..) {
        assert_eq!(layers(&world, viewer, since), [layer]);
        let seen = pictures(&world, viewer, ana, Source::Camera, since);
        assert!((58..=62).contains(&seen), "saw {seen}");
        assert_clean(&world, viewer);
    }
}

#[test]
fn a_tile_that_grows_and_shrinks_changes_layers_without_a_seam() {
    let mut world = World::new(92);
    let ana = publisher(&mut world, Link::GOOD);
    let bo = viewer(&mut world, "bo", ana, TILE, Link::GOOD);
    world.run_for(SECOND);
    for (size, layer) in [(STAGE, 2), (THUMBNAIL, 0), (STAGE, 2), (TILE, 1), (THUMBNAIL, 0), (TILE, 1)] {
        let changed = world.now;
        world.set_sized_view(bo, &[(ana, Source::Camera, size)]);
        world.run_for(SECOND);
        let seen = layers(&world, bo, changed);
        assert_eq!((seen.len(), seen.last()), (2, Some(&layer)), "once, to its layer: {seen:?}");
        let frozen = longest_freeze(&world, bo, ana, changed, world.now);
        assert!(frozen < Duration::from_millis(100), "frozen for {frozen:?}");
    }
    assert_clean(&world, bo);
}

#[test]
fn time_stamps_keep_the_time_between_pictures_of_two_layers() {
    let mut world = World::new(93);
    // Pictures come unevenly: when they came does not tell when they were taken.
    let ana = publisher(&mut world, Link { jitter: Duration::from_millis(30), ..Link::GOOD });
    let bo = viewer(&mut world, "bo", ana, TILE, Link::GOOD);
    world.run_for(3 * SECOND); // the clocks of all layers are known from their sender reports
    for size in [STAGE, THUMBNAIL, TILE] {
        world.set_sized_view(bo, &[(ana, Source::Camera, size)]);
        world.run_for(SECOND);
    }
    let shown: Vec<_> = world.client(bo).screens[0].pictures.iter().collect();
    let switches = shown.windows(2).filter(|pair| pair[0].tag.layer != pair[1].tag.layer);
    let steps: Vec<_> = switches
        .map(|pair| {
            let frames = pair[1].tag.frame.wrapping_sub(pair[0].tag.frame).cast_signed();
            (pair[1].timestamp.wrapping_sub(pair[0].timestamp), frames)
        })
        .collect();
    assert!(steps.len() >= 3);
    for (step, frames) in &steps[steps.len() - 3..] {
        let expected = (frames * 3000).max(1).cast_unsigned();
        assert!(step.abs_diff(expected) <= 90, "{step} ticks for {frames} pictures");
    }
}

#[test]
fn a_change_of_layer_lets_the_picture_end_that_is_being_sent() {
    let mut switches = 0;
    for seed in 110..114 {
        let mut world = World::new(seed);
        // Packets come apart: the key frame of one layer begins to come while a picture of the other one does.
        let uneven = Link { jitter: Duration::from_millis(25), in_turns: true, ..Link::GOOD };
        let ana = publisher(&mut world, uneven);
        let bo = viewer(&mut world, "bo", ana, TILE, Link::GOOD);
        world.run_for(SECOND);
        for size in [STAGE, THUMBNAIL, STAGE, TILE, THUMBNAIL, TILE, STAGE, TILE, THUMBNAIL, STAGE] {
            world.set_sized_view(bo, &[(ana, Source::Camera, size)]);
            world.run_for(SECOND);
        }
        let summary = world.client(bo).screens[0].decoder.verify();
        let summary = summary.unwrap_or_else(|rule| panic!("seed {seed}: {rule}"));
        let faults = (summary.cut_off, summary.incomplete, summary.missing);
        assert_eq!(faults, (0, 0, 0), "cut off, incomplete, missing with seed {seed}: {summary:?}");
        switches += summary.switches;
    }
    assert!(switches >= 40, "{switches}");
}

#[test]
fn who_comes_late_sees_at_once_and_then_sharply() {
    let mut world = World::new(94);
    let ana = publisher(&mut world, Link::GOOD);
    let bo = viewer(&mut world, "bo", ana, THUMBNAIL, Link::GOOD);
    world.run_for(3 * SECOND);
    let dee = viewer(&mut world, "dee", ana, STAGE, Link::GOOD);
    let connected = world.now;
    world.run_until(SECOND, |world| pictures(world, dee, ana, Source::Camera, connected) > 0);
    assert!(world.now - connected < Duration::from_millis(150), "took {:?}", world.now - connected);
    world.run_for(SECOND);
    assert_eq!(settled(&mut world, dee), [2]);
    assert_eq!(layers(&world, bo, connected), [0], "nobody else is moved");
    assert_clean(&world, dee);
    assert_clean(&world, bo);
}

#[test]
fn a_key_frame_is_asked_of_the_layer_that_needs_one() {
    let mut world = World::new(95);
    let ana = publisher(&mut world, Link::GOOD);
    let viewers = ["a", "b", "c", "d"].map(|name| viewer(&mut world, name, ana, THUMBNAIL, Link::GOOD));
    world.run_for(3 * SECOND);
    let before = world.client(ana).key_frame_requests.clone();
    for viewer in viewers {
        world.set_sized_view(viewer, &[(ana, Source::Camera, STAGE)]);
    }
    world.run_for(3 * SECOND);
    let asked = |layer| {
        let count = |all: &std::collections::BTreeMap<(Source, u8), u32>| {
            all.get(&(Source::Camera, layer)).copied().unwrap_or(0)
        };
        count(&world.client(ana).key_frame_requests) - count(&before)
    };
    assert_eq!((asked(0), asked(1), asked(2)), (0, 0, 1), "one serves all four");
    for viewer in viewers {
        assert_eq!(settled(&mut world, viewer), [2]);
    }
}

#[test]
fn a_layer_that_stops_is_replaced_and_taken_up_again() {
    let mut world = World::new(96);
    let ana = publisher(&mut world, Link::GOOD);
    let bo = viewer(&mut world, "bo", ana, STAGE, Link::GOOD);
    world.run_for(2 * SECOND);
    let stopped = world.now;
    world.client_mut(ana).set_layers(&[0, 1]);
    world.run_for(3 * SECOND);
    assert_eq!(layers(&world, bo, stopped + SECOND), [1], "the next lower one");
    let frozen = longest_freeze(&world, bo, ana, stopped, world.now);
    assert!(frozen < Duration::from_millis(800), "frozen for {frozen:?}");
    world.client_mut(ana).set_layers(&[0, 1, 2]);
    world.run_for(2 * SECOND);
    assert_eq!(settled(&mut world, bo), [2]);
    world.client_mut(ana).set_layers(&[0]);
    world.run_for(3 * SECOND);
    assert_eq!(settled(&mut world, bo), [0]);
    assert_clean(&world, bo);
}

#[test]
fn a_camera_that_rests_loses_no_layer() {
    let mut world = World::new(97);
    let ana = publisher(&mut world, Link::GOOD);
    let bo = viewer(&mut world, "bo", ana, STAGE, Link::GOOD);
    world.run_for(2 * SECOND);
    let now = world.now;
    world.client_mut(ana).publish(now, Source::Camera, false);
    world.run_for(4 * SECOND);
    let again = world.now;
    world.client_mut(ana).publish(again, Source::Camera, true);
    world.run_for(2 * SECOND);
    assert_eq!(layers(&world, bo, again), [2]);
    assert_clean(&world, bo);
}

#[test]
fn layers_change_on_lossy_links_too() {
    let mut world = World::new(98);
    let lossy = Link { loss: sfu_sim::Loss::Random(0.05), ..Link::GOOD };
    let ana = publisher(&mut world, lossy);
    let bo = viewer(&mut world, "bo", ana, TILE, lossy);
    world.run_for(2 * SECOND);
    for (size, layer) in [(STAGE, 2), (THUMBNAIL, 0), (TILE, 1), (STAGE, 2), (THUMBNAIL, 0), (STAGE, 2)] {
        let changed = world.now;
        world.set_sized_view(bo, &[(ana, Source::Camera, size)]);
        world.run_for(2 * SECOND);
        assert_eq!(settled(&mut world, bo), [layer]);
        let frozen = longest_freeze(&world, bo, ana, changed, world.now);
        assert!(frozen < Duration::from_millis(500), "frozen for {frozen:?}");
    }
    let screen = &world.client(bo).screens[0];
    assert_eq!((screen.corrupt, screen.broken_references, screen.timestamp_jumps), (0, 0, 0));
}

/// The layers of `whose` camera that it was last told to send.
fn told<'a>(world: &'a World, whose: &str) -> Vec<&'a str> {
    let last = world.events.iter().rev().find_map(|(_, event)| match event {
        Event::LayersWanted { peer, source: Source::Camera, layers, .. } if **peer == *whose => Some(layers),
        _ => None,
    });
    last.map(|layers| layers.iter().map(|it| &**it).collect()).unwrap_or_default()
}

#[test]
fn a_publisher_is_told_which_layers_are_watched() {
    let mut world = World::new(99);
    let ana = publisher(&mut world, Link::GOOD);
    world.run_for(2 * SECOND);
    assert_eq!(told(&world, "ana"), [""; 0], "all, until told otherwise");
    world.run_for(3 * SECOND);
    assert_eq!(told(&world, "ana"), ["l"], "nobody is there: the lowest, for who comes next");
    world.client_mut(ana).set_layers(&[0]);

    let bo = viewer(&mut world, "bo", ana, STAGE, Link::GOOD);
    assert_eq!(told(&world, "ana"), ["l", "h"], "at once");
    world.client_mut(ana).set_layers(&[0, 2]);
    world.run_for(SECOND);
    assert_eq!(settled(&mut world, bo), [2]);

    // A short look at something else stops nothing.
    let events = world.events.len();
    world.set_sized_view(bo, &[(ana, Source::Camera, THUMBNAIL)]);
    world.run_for(2 * SECOND);
    world.set_sized_view(bo, &[(ana, Source::Camera, STAGE)]);
    world.run_for(5 * SECOND);
    let again = world.events[events..].iter().any(|(_, event)| matches!(event, Event::LayersWanted { .. }));
    assert!(!again);

    world.remove(bo);
    world.run_for(5 * SECOND);
    assert_eq!(told(&world, "ana"), ["l"]);
}

#[test]
fn what_stands_in_for_a_layer_that_does_not_come_goes_on() {
    let mut world = World::new(100);
    let ana = publisher(&mut world, Link::GOOD);
    let bo = viewer(&mut world, "bo", ana, STAGE, Link::GOOD);
    world.client_mut(ana).set_layers(&[0, 1]);
    world.run_for(8 * SECOND);
    assert_eq!(settled(&mut world, bo), [1]);
    assert!(told(&world, "ana").is_empty(), "all three: the middle one serves, the highest is wanted");
}

#[test]
fn a_picture_that_there_is_no_room_for_is_told_and_comes_back() {
    let narrow = Link { rate_bps: Some(120_000), queue: SECOND, ..Link::GOOD };
    let mut world = World::new(97);
    let ana = publisher(&mut world, Link::GOOD);
    let bo = viewer(&mut world, "bo", ana, TILE, narrow);
    let is_paused = |world: &World| last_slots(world, "bo").iter().any(|slot| slot.paused);
    world.run_until(10 * SECOND, is_paused);
    let since = world.now;
    world.run_for(SECOND);
    assert!(is_paused(&world) && pictures(&world, bo, ana, Source::Camera, since) < 10, "it is not sent");
    world.set_links(bo, Link::GOOD, Link::GOOD);
    world.run_until(20 * SECOND, |world| !is_paused(world));
    let since = world.now;
    world.run_for(2 * SECOND);
    assert!(pictures(&world, bo, ana, Source::Camera, since) > 30);
    assert_clean(&world, bo);
}

/// Runs until the statistics say that a viewer gets this layer of the camera, for this reason.
fn await_reason(world: &mut World, viewer: ClientId, layer: Option<&str>, reason: LayerReason) {
    world.run_until(30 * SECOND, |world| {
        let down = world.statistics(viewer).map(|it| it.down.as_slice()).unwrap_or_default();
        let camera = down.iter().find(|stream| stream.source == Source::Camera);
        camera.is_some_and(|it| it.layer.as_deref() == layer && it.reason == Some(reason))
    });
}

#[test]
fn statistics_say_which_layer_and_why() {
    let mut world = World::new(101);
    let ana = publisher(&mut world, Link::GOOD);
    world.client_mut(ana).set_camera_bitrates(&[150_000, 500_000, 1_700_000]);
    let bo = viewer(&mut world, "bo", ana, TILE, Link::GOOD);
    await_reason(&mut world, bo, Some("m"), LayerReason::Tile);

    world.client_mut(ana).set_layers(&[0]);
    await_reason(&mut world, bo, Some("l"), LayerReason::NotSent);
    world.client_mut(ana).set_layers(&[0, 1, 2]);
    await_reason(&mut world, bo, Some("m"), LayerReason::Tile);

    let narrow = Link { rate_bps: Some(300_000), queue: SECOND, ..Link::GOOD };
    world.set_links(bo, Link::GOOD, narrow);
    await_reason(&mut world, bo, Some("l"), LayerReason::Bandwidth);
    world.set_links(bo, Link::GOOD, Link { rate_bps: Some(60_000), ..narrow });
    await_reason(&mut world, bo, None, LayerReason::NoRoom);
}

#[test]
fn statistics_say_that_there_is_one_layer_only() {
    let mut world = World::new(102);
    let [_, bo] = world.meet(["ana", "bo"]);
    await_reason(&mut world, bo, Some(""), LayerReason::Only);
}
