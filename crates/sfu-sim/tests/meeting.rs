//! People come, go, mute, share and look around, over good networks.

mod common;

use common::{SECOND, assert_clean, longest_freeze, pictures, sounds};
use sfu::{Event, Source};
use sfu_sim::{ClientOptions, Link, World};
use std::time::Duration;

#[test]
fn three_meet_and_everybody_sees_and_hears_the_others() {
    let mut world = World::new(1);
    let everybody = world.meet(["ana", "bo", "cy"]);
    world.run_for(SECOND);
    let since = world.now;
    world.run_for(2 * SECOND);
    for viewer in everybody {
        for other in everybody {
            let seen = pictures(&world, viewer, other, Source::Camera, since);
            let heard = sounds(&world, viewer, other, Source::Microphone, since);
            if other == viewer {
                assert_eq!((seen, heard), (0, 0), "nobody is shown to themselves");
            } else {
                assert!((58..=62).contains(&seen), "30 pictures a second, saw {seen} in two");
                assert!((98..=102).contains(&heard), "50 packets a second, heard {heard} in two");
            }
        }
        assert_clean(&world, viewer);
    }
}

#[test]
fn who_comes_late_begins_with_a_key_frame_at_once() {
    let mut world = World::new(2);
    let [ana, bo] = world.meet(["ana", "bo"]);
    world.run_for(3 * SECOND);
    let before = world.client(ana).key_frames_made(Source::Camera);

    let dee = world.join("dee");
    world.set_view(dee, &[(ana, Source::Camera), (bo, Source::Camera)]);
    world.run_until(5 * SECOND, |world| world.client(dee).is_connected());
    let connected = world.now;
    world.run_until(SECOND, |world| {
        [ana, bo].into_iter().all(|other| pictures(world, dee, other, Source::Camera, connected) > 0)
    });
    assert!(world.now - connected < Duration::from_millis(150), "took {:?}", world.now - connected);
    for screen in &world.client(dee).screens {
        assert!(screen.pictures.first().is_none_or(|picture| picture.key_frame));
    }
    assert_eq!(world.client(ana).key_frames_made(Source::Camera), before + 1, "one more was asked for");
    world.run_for(SECOND);
    assert_clean(&world, dee);
    assert_clean(&world, bo);
    let missing: u64 = world.client(dee).speakers.iter().map(sfu_sim::Speaker::missing).sum();
    assert_eq!(missing, 0, "no sound was lost on the way");
}

#[test]
fn a_source_that_is_off_is_dropped_and_begins_anew() {
    let mut world = World::new(3);
    let [ana, bo] = world.meet(["ana", "bo"]);
    world.run_for(2 * SECOND);

    // The command alone: a client that does not stop sending is not believed.
    let peer = world.client(ana).name.clone();
    world.submit(sfu::CommandKind::SetSources { peer: peer.clone(), sources: vec![] });
    world.run_for(SECOND / 5);
    let muted = world.now;
    world.run_for(2 * SECOND);
    assert_eq!(sounds(&world, bo, ana, Source::Microphone, muted), 0);
    assert_eq!(pictures(&world, bo, ana, Source::Camera, muted), 0);
    assert!(world.drops("source_off") > 200, "counted {}", world.drops("source_off"));

    let sources = vec![Source::Microphone, Source::Camera];
    world.submit(sfu::CommandKind::SetSources { peer, sources });
    let on = world.now;
    world.run_until(SECOND, |world| pictures(world, bo, ana, Source::Camera, on) > 0);
    assert!(world.now - on < Duration::from_millis(200), "took {:?}", world.now - on);
    world.run_for(SECOND);
    assert!(sounds(&world, bo, ana, Source::Microphone, on) > 40);
    assert_clean(&world, bo);
}

#[test]
fn video_can_be_stopped_and_started_by_the_client() {
    let mut world = World::new(4);
    let [ana, bo] = world.meet(["ana", "bo"]);
    world.run_for(2 * SECOND);
    world.set_sources(ana, &[Source::Microphone]);
    world.run_for(3 * SECOND);
    world.set_sources(ana, &[Source::Microphone, Source::Camera]);
    let on = world.now;
    world.run_for(2 * SECOND);
    let seen = pictures(&world, bo, ana, Source::Camera, on);
    assert!(seen > 50, "saw {seen}");
    assert_clean(&world, bo);
}

#[test]
fn who_is_removed_gets_nothing_more() {
    let mut world = World::new(5);
    let [ana, bo, cy] = world.meet(["ana", "bo", "cy"]);
    world.run_for(2 * SECOND);
    world.remove(bo);
    let (bo_address, removed) = (world.client(bo).address, world.now);
    let before = world.sent_to(bo_address);
    world.run_for(3 * SECOND);
    assert_eq!(world.sent_to(bo_address), before);
    let in_flight = removed + SECOND / 5;
    assert_eq!(pictures(&world, ana, bo, Source::Camera, in_flight), 0);
    assert!(pictures(&world, ana, cy, Source::Camera, in_flight) > 80, "the others go on");
    let last_slots = world.events.iter().rev().find_map(|(_, event)| match event {
        Event::SlotsChanged { peer, slots, .. } if **peer == *"ana" => Some(slots.clone()),
        _ => None,
    });
    assert!(last_slots.unwrap().iter().all(|slot| slot.peer.as_deref() != Some("bo")));
    assert_clean(&world, ana);
}

#[test]
fn one_slot_switches_between_two_without_a_seam() {
    let mut world = World::new(6);
    let [ana, bo] = world.meet(["ana", "bo"]);
    let one = ClientOptions { video_slots: 1, ..ClientOptions::default() };
    let viewer = world.join_with("viewer", one, Link::GOOD, Link::GOOD);
    world.set_view(viewer, &[(ana, Source::Camera)]);
    world.run_until(5 * SECOND, |world| world.client(viewer).is_connected());
    world.run_for(SECOND);
    for whose in [bo, ana, bo, ana] {
        world.set_view(viewer, &[(whose, Source::Camera)]);
        let switched = world.now;
        world.run_for(SECOND);
        let seen = pictures(&world, viewer, whose, Source::Camera, switched);
        assert!(seen > 24, "saw {seen}");
    }
    assert_clean(&world, viewer);
    let screen = &world.client(viewer).screens[0];
    let publishers: Vec<_> = screen.pictures.iter().map(|picture| picture.tag.publisher).collect();
    let switches: Vec<_> =
        screen.pictures.windows(2).filter(|pair| pair[0].tag.publisher != pair[1].tag.publisher).collect();
    assert_eq!(switches.len(), 4, "each only once: {publishers:?}");
    assert!(switches.iter().all(|pair| pair[1].key_frame));
}

#[test]
fn a_tile_that_stays_keeps_its_slot() {
    let mut world = World::new(7);
    let [ana, bo, cy, viewer] = world.meet(["ana", "bo", "cy", "viewer"]);
    world.run_for(2 * SECOND);
    world.set_view(viewer, &[(cy, Source::Camera), (bo, Source::Camera)]);
    world.run_for(SECOND);
    world.set_view(viewer, &[(bo, Source::Camera), (ana, Source::Camera), (cy, Source::Camera)]);
    let since = world.now;
    world.run_for(2 * SECOND);
    for whose in [bo, cy] {
        let shown_on: Vec<_> = world
            .client(viewer)
            .screens
            .iter()
            .filter(|screen| screen.pictures.iter().any(|it| it.tag.publisher == world.number(whose)))
            .collect();
        assert_eq!(shown_on.len(), 1, "it never moved");
        let frozen = longest_freeze(&world, viewer, whose, since, world.now);
        assert!(frozen < Duration::from_millis(100), "nor froze: {frozen:?}");
    }
    assert_clean(&world, viewer);
}

#[test]
fn a_share_has_its_own_picture_and_sound() {
    let mut world = World::new(8);
    let [ana, bo] = world.meet(["ana", "bo"]);
    world.run_for(SECOND);
    world.set_sources(ana, &[Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio]);
    world.set_view(bo, &[(ana, Source::Screen), (ana, Source::Camera)]);
    let since = world.now;
    world.run_for(2 * SECOND);
    assert!(pictures(&world, bo, ana, Source::Screen, since) > 50);
    assert!(pictures(&world, bo, ana, Source::Camera, since) > 55);
    assert!(sounds(&world, bo, ana, Source::Microphone, since) > 95);
    let share = &world.client(bo).speakers[3];
    let heard = share.heard_since(since).filter(|tag| tag.source == Source::ScreenAudio).count();
    assert!(heard > 90, "the fourth audio line plays it: {heard}");
    assert_clean(&world, bo);
}

#[test]
fn permissions_hold_in_the_engine() {
    let mut world = World::new(9);
    let [ana] = world.meet(["ana"]);
    let mute = ClientOptions { publish: false, ..ClientOptions::default() };
    let deaf = ClientOptions { subscribe: false, ..ClientOptions::default() };
    let watcher = world.join_with("watcher", mute, Link::GOOD, Link::GOOD);
    let source = world.join_with("source", deaf, Link::GOOD, Link::GOOD);
    world.run_until(5 * SECOND, |world| {
        [watcher, source].into_iter().all(|id| world.client(id).is_connected())
    });
    for id in [watcher, source] {
        world.set_sources(id, &[Source::Microphone, Source::Camera]);
    }
    world.set_view(ana, &[(watcher, Source::Camera), (source, Source::Camera)]);
    world.set_view(watcher, &[(ana, Source::Camera)]);
    world.set_view(source, &[(ana, Source::Camera)]);
    world.run_for(SECOND);
    let since = world.now;
    world.run_for(2 * SECOND);
    assert_eq!(pictures(&world, ana, watcher, Source::Camera, since), 0);
    assert_eq!(sounds(&world, ana, watcher, Source::Microphone, since), 0);
    assert!(pictures(&world, watcher, ana, Source::Camera, since) > 50);
    assert!(pictures(&world, ana, source, Source::Camera, since) > 50);
    assert_eq!(pictures(&world, source, ana, Source::Camera, since), 0);
    assert_eq!(sounds(&world, source, ana, Source::Microphone, since), 0);
}

#[test]
fn each_source_starts_once() {
    let mut world = World::new(10);
    world.meet(["ana", "bo", "cy"]);
    world.run_for(2 * SECOND);
    let started = world.events.iter().filter(|(_, event)| matches!(event, Event::StreamStarted { .. }));
    assert_eq!(started.count(), 6, "two each");
}
