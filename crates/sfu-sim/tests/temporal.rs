//! Temporal layers: a way that does not carry every picture carries some of them, and no number shows that others are missing.

mod common;

use std::time::Instant;

use common::{SECOND, assert_clean, last_slots, longest_freeze};
use sfu::Source;
use sfu_sim::{ClientId, ClientOptions, Link, Scalability, Summary, World};

const PUBLISHER: ClientOptions =
    ClientOptions { video_slots: 1, temporal: true, ..ClientOptions::PARTICIPANT };
const VIEWER: ClientOptions = ClientOptions { video_slots: 1, ..ClientOptions::PARTICIPANT };

/// Ana's camera of 800 kbit/s, seen by Bo over this link.
fn watched(world: &mut World, options: ClientOptions, down: Link) -> (ClientId, ClientId) {
    let ana = world.join_with("ana", options, Link::GOOD, Link::GOOD);
    let bo = world.join_with("bo", VIEWER, Link::GOOD, down);
    world.run_until(5 * SECOND, |world| [ana, bo].iter().all(|id| world.client(*id).is_connected()));
    world.set_sources(ana, &[Source::Camera]);
    world.set_view(bo, &[(ana, Source::Camera)]);
    (ana, bo)
}

/// Everything that Bo received keeps the rules, and no number is missing.
fn verified(world: &World, bo: ClientId) -> Summary {
    let summary = world.client(bo).screens[0].decoder.verify().unwrap_or_else(|rule| panic!("{rule}"));
    assert_eq!((summary.missing, summary.incomplete), (0, 0), "{summary:?}");
    summary
}

/// Pictures a second that Bo saw from `since` on.
fn rate(world: &World, bo: ClientId, since: Instant) -> f64 {
    world.client(bo).screens[0].pictures_since(since).count() as f64 / (world.now - since).as_secs_f64()
}

#[test]
fn who_has_room_gets_every_picture() {
    let mut world = World::new(201);
    let (_, bo) = watched(&mut world, PUBLISHER, Link::GOOD);
    world.run_for(SECOND);
    let since = world.now;
    world.run_for(3 * SECOND);
    assert!((29.0..31.0).contains(&rate(&world, bo, since)));
    let summary = verified(&world, bo);
    assert_eq!((summary.empty, summary.frames.len()), (0, 3), "{summary:?}");
    assert_clean(&world, bo);
}

#[test]
fn a_narrow_way_carries_half_of_the_pictures_and_all_of_them_when_it_is_wide_again() {
    let mut world = World::new(202);
    let (ana, bo) = watched(&mut world, PUBLISHER, Link::limited(2_000_000));
    world.run_for(3 * SECOND);
    world.set_links(bo, Link::GOOD, Link::limited(620_000));
    world.run_for(6 * SECOND);
    let since = world.now;
    world.run_for(5 * SECOND);
    let narrow = rate(&world, bo, since);
    assert!((7.0..16.0).contains(&narrow), "{narrow} pictures a second");
    assert!(!last_slots(&world, "bo").iter().any(|slot| slot.paused), "it is not taken away");
    assert!(longest_freeze(&world, bo, ana, since, world.now) < SECOND / 3);
    assert!(world.longest_queue(bo, since) < SECOND / 5);
    let asked = world.client(ana).key_frames_made(Source::Camera);

    world.set_links(bo, Link::GOOD, Link::GOOD);
    world.run_for(15 * SECOND);
    let since = world.now;
    world.run_for(2 * SECOND);
    assert!((29.0..31.0).contains(&rate(&world, bo, since)));
    assert_eq!(world.client(ana).key_frames_made(Source::Camera), asked, "no change needed a key frame");
    verified(&world, bo);
    assert_clean(&world, bo);
}

#[test]
fn without_temporal_layers_the_picture_is_off_where_it_does_not_fit() {
    let mut world = World::new(202);
    let (_, bo) =
        watched(&mut world, ClientOptions { temporal: false, ..PUBLISHER }, Link::limited(2_000_000));
    world.run_for(3 * SECOND);
    world.set_links(bo, Link::GOOD, Link::limited(620_000));
    world.run_until(10 * SECOND, |world| last_slots(world, "bo").iter().any(|slot| slot.paused));
}

#[test]
fn while_a_smaller_layer_is_awaited_only_the_lowest_pictures_of_the_large_one_go_on() {
    let slow = Link { delay: SECOND / 4, ..Link::GOOD };
    let simulcast = ClientOptions { simulcast: true, ..PUBLISHER };
    let mut world = World::new(204);
    // Ana is far away: a key frame takes half a second.
    let ana = world.join_with("ana", simulcast, slow, slow);
    let bo = world.join_with("bo", VIEWER, Link::GOOD, Link::limited(4_000_000));
    world.run_until(5 * SECOND, |world| [ana, bo].iter().all(|id| world.client(*id).is_connected()));
    world.set_sources(ana, &[Source::Camera]);
    world.client_mut(ana).set_camera_bitrates(&[150_000, 500_000, 1_700_000]);
    world.set_sized_view(bo, &[(ana, Source::Camera, (1280, 720))]);
    world.run_for(8 * SECOND);
    let before = world.client(bo).screens[0].pictures.last().unwrap().tag;
    assert_eq!(before.layer, 2);
    let changed = world.now;
    // Enough for those: with less nothing but sound goes on.
    world.set_links(bo, Link::GOOD, Link::limited(900_000));
    world.run_until(5 * SECOND, |world| {
        world.client(bo).screens[0].pictures.last().is_some_and(|it| it.tag.layer < 2)
    });
    // From when the link was noticed until the smaller layer came, a quarter of the pictures.
    let large: Vec<_> = world.client(bo).screens[0].pictures_since(changed).map(|it| it.tag).collect();
    let steps: Vec<_> =
        large.windows(2).filter(|two| two[1].layer == 2).map(|two| two[1].frame - two[0].frame).collect();
    assert!(steps.contains(&4), "{steps:?}");
    world.run_for(3 * SECOND);
    world.client(bo).screens[0].decoder.verify().unwrap_or_else(|rule| panic!("{rule}"));
}

#[test]
fn who_lies_about_layers_disturbs_nobody_else() {
    let simulcast = ClientOptions { simulcast: true, ..PUBLISHER };
    let full = ClientOptions { vp9: true, scalability: Some(Scalability::Full), ..PUBLISHER };
    let key = ClientOptions { scalability: Some(Scalability::KeyFrames), ..full };
    for (seed, options) in (0..).zip([simulcast, full, simulcast, key]) {
        let mut world = World::new(205 + seed);
        let liar = world.join_with("liar", options, Link::GOOD, Link::GOOD);
        let two = ClientOptions { video_slots: 2, vp9: true, ..VIEWER };
        let (ana, bo) = watched(&mut world, two, Link::limited(3_000_000));
        world.run_until(5 * SECOND, |world| world.client(liar).is_connected());
        world.client_mut(liar).lie(seed);
        world.set_sources(liar, &[Source::Camera]);
        world.set_view(ana, &[(liar, Source::Camera)]);
        let cy = world.join_with("cy", two, Link::GOOD, Link::limited(3_000_000));
        world.run_until(5 * SECOND, |world| world.client(cy).is_connected());
        world.set_view(cy, &[(ana, Source::Camera), (liar, Source::Camera)]);
        world.run_for(3 * SECOND);
        for (layers, size) in
            [(&[0, 1, 2][..], 1280), (&[0], 160), (&[1, 2], 640), (&[], 320), (&[0, 1, 2], 640)]
        {
            world.client_mut(liar).set_layers(layers);
            let views = [(ana, Source::Camera, (640, 360)), (liar, Source::Camera, (size, size / 2))];
            world.set_sized_view(cy, &views);
            world.run_for(2 * SECOND);
        }
        // Whoever watches Ana alone, and whoever watches both, sees all of her.
        for viewer in [bo, cy] {
            let since = world.now;
            world.run_for(2 * SECOND);
            let number = world.number(ana);
            let screens = world.client(viewer).screens.iter();
            let seen =
                screens.flat_map(|it| it.pictures_since(since)).filter(|it| it.tag.publisher == number);
            let seen = seen.count();
            assert!(seen >= 55, "seed {seed}: {seen} pictures");
            let screen = &world.client(viewer).screens[0];
            let summary = screen.decoder.verify().unwrap_or_else(|rule| panic!("seed {seed}: {rule}"));
            assert_eq!(summary.missing, 0, "seed {seed}");
        }
        // Not even the numbers of the slot with the lies have a hole.
        let told = &world.client(cy).screens[1];
        assert_eq!(told.decoder.missing() + told.layered.missing(), 0, "seed {seed}");
        assert!(options.scalability.is_none() || world.drops("undescribed") > 10, "seed {seed}");
    }
}
