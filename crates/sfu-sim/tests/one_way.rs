//! Standard clients, which only publish (WHIP) or only watch one person (WHEP), over good networks.

mod common;

use std::time::Duration;

use common::{SECOND, assert_clean, pictures, sounds};
use sfu::Source::{Camera, Microphone, Screen, ScreenAudio};
use sfu_sim::{ClientId, ClientOptions, Link, World};

/// A watcher of `whom`: the screen before the camera, the voice before the sound of the screen.
fn watch(world: &mut World, whom: ClientId) -> ClientId {
    let id = world.join_with("watcher", ClientOptions::WATCHER, Link::GOOD, Link::GOOD);
    world.set_view(id, &[Screen, Camera, Microphone, ScreenAudio].map(|source| (whom, source)));
    world.run_until(5 * SECOND, |world| world.client(id).is_connected());
    id
}

#[test]
fn a_watcher_sees_and_hears_one_person_whoever_is_louder() {
    let mut world = World::new(1);
    let [ana, bo, cy, dee, eve] = world.meet(["ana", "bo", "cy", "dee", "eve"]);
    for other in [bo, cy, dee, eve] {
        world.client_mut(other).set_loudness(-10);
    }
    world.client_mut(ana).set_loudness(-60);
    world.run_for(2 * SECOND);
    let watcher = watch(&mut world, ana);
    world.run_for(SECOND);
    let since = world.now;
    world.run_for(2 * SECOND);
    assert!((58..=62).contains(&pictures(&world, watcher, ana, Camera, since)));
    assert!(
        (98..=102).contains(&sounds(&world, watcher, ana, Microphone, since)),
        "not among the loudest four"
    );
    for other in [bo, cy, dee, eve] {
        assert_eq!(sounds(&world, watcher, other, Microphone, since), 0);
        assert_eq!(pictures(&world, watcher, other, Camera, since), 0);
    }
    assert_clean(&world, watcher);
}

#[test]
fn a_watcher_follows_from_the_camera_to_the_screen_and_back() {
    let mut world = World::new(2);
    let [ana, _] = world.meet(["ana", "bo"]);
    let watcher = watch(&mut world, ana);
    let seen = |world: &World, source, since| pictures(world, watcher, ana, source, since);
    world.run_for(SECOND);

    world.set_sources(ana, &[Microphone, Camera, Screen, ScreenAudio]);
    let shared = world.now;
    world.run_until(SECOND, |world| seen(world, Screen, shared) > 0);
    assert!(world.now - shared < Duration::from_millis(300), "took {:?}", world.now - shared);
    let since = world.now;
    world.run_for(SECOND);
    assert_eq!(seen(&world, Camera, since), 0);
    assert_eq!(sounds(&world, watcher, ana, ScreenAudio, since), 0, "the voice goes before");

    world.set_sources(ana, &[Camera, Screen, ScreenAudio]);
    world.run_for(SECOND);
    let muted = world.now;
    world.run_for(SECOND);
    assert!(sounds(&world, watcher, ana, ScreenAudio, muted) > 45, "what is left to hear");

    world.set_sources(ana, &[Microphone, Camera]);
    let ended = world.now;
    world.run_until(SECOND, |world| seen(world, Camera, ended) > 0);
    assert!(world.now - ended < Duration::from_millis(300), "took {:?}", world.now - ended);
    world.run_for(SECOND);
    assert!(sounds(&world, watcher, ana, Microphone, ended) > 45);
    assert_clean(&world, watcher);
}

#[test]
fn a_watch_of_who_has_not_published_yet_begins_with_them() {
    let mut world = World::new(3);
    let start = world.now;
    let [bo] = world.meet(["bo"]);
    let ana = world.join("ana");
    world.run_until(5 * SECOND, |world| world.client(ana).is_connected());
    let watcher = watch(&mut world, ana);
    world.run_for(3 * SECOND);
    assert_eq!(pictures(&world, watcher, ana, Camera, start), 0);
    world.set_sources(ana, &[Microphone, Camera]);
    let on = world.now;
    world.run_until(SECOND, |world| pictures(world, watcher, ana, Camera, on) > 0);
    assert!(world.now - on < Duration::from_millis(300), "took {:?}", world.now - on);
    world.run_for(SECOND);
    assert!(sounds(&world, watcher, ana, Microphone, on) > 45);
    assert_eq!(sounds(&world, watcher, bo, Microphone, start), 0);
    assert_clean(&world, watcher);
}

#[test]
fn a_publisher_in_layers_is_seen_and_heard_by_all() {
    let mut world = World::new(4);
    let [bo] = world.meet(["bo"]);
    let options = ClientOptions { simulcast: true, ..ClientOptions::PUBLISHER };
    let camera = world.join_with("camera", options, Link::GOOD, Link::GOOD);
    world.run_until(5 * SECOND, |world| world.client(camera).is_connected());
    world.set_sources(camera, &[Microphone, Camera]);
    world.set_view(bo, &[(camera, Camera)]);
    let watcher = watch(&mut world, camera);
    world.run_for(2 * SECOND);
    let since = world.now;
    world.run_for(2 * SECOND);
    for viewer in [bo, watcher] {
        assert!((58..=62).contains(&pictures(&world, viewer, camera, Camera, since)));
        assert!((98..=102).contains(&sounds(&world, viewer, camera, Microphone, since)));
        assert_clean(&world, viewer);
    }
}
