//! Who can decode what, and what happens to who cannot.

mod common;

use common::{SECOND, assert_clean, last_slots, pictures, sounds};
use sfu::{Event, Source};
use sfu_sim::{ClientId, ClientOptions, Link, World};

const H264_ONLY: ClientOptions =
    ClientOptions { video_slots: 2, vp8: false, h264: true, ..ClientOptions::PARTICIPANT };
const BOTH: ClientOptions = ClientOptions { video_slots: 1, h264: true, ..ClientOptions::PARTICIPANT };

fn join(world: &mut World, name: &str, options: ClientOptions) -> ClientId {
    let id = world.join_with(name, options, Link::GOOD, Link::GOOD);
    world.run_until(5 * SECOND, |world| world.client(id).is_connected());
    world.set_sources(id, &[Source::Microphone, Source::Camera]);
    id
}

#[test]
fn h264_is_forwarded_between_those_who_have_it() {
    let mut world = World::new(71);
    let ana = join(&mut world, "ana", H264_ONLY);
    let bo = join(&mut world, "bo", H264_ONLY);
    world.set_view(bo, &[(ana, Source::Camera)]);
    world.run_for(SECOND);
    let since = world.now;
    world.run_for(2 * SECOND);
    let seen = pictures(&world, bo, ana, Source::Camera, since);
    assert!((58..=62).contains(&seen), "saw {seen}");
    assert_clean(&world, bo);
    let codecs: Vec<_> = world
        .events
        .iter()
        .filter_map(|(_, event)| match event {
            Event::StreamStarted { source: Source::Camera, codec, .. } => Some(*codec),
            _ => None,
        })
        .collect();
    assert_eq!(codecs, ["h264", "h264"]);
}

#[test]
fn who_cannot_decode_is_told_and_gets_nothing() {
    let mut world = World::new(72);
    let vp8 = join(&mut world, "vp8", ClientOptions::default());
    let h264 = join(&mut world, "h264", H264_ONLY);
    world.set_view(h264, &[(vp8, Source::Camera)]);
    world.run_for(2 * SECOND);
    assert_eq!(world.client(h264).screens.iter().map(|screen| screen.pictures.len()).sum::<usize>(), 0);
    let slots = last_slots(&world, "h264");
    let slot =
        slots.iter().find(|slot| slot.source == Source::Camera && slot.peer.is_some()).expect("filled");
    assert!(slot.cannot_decode);
    assert!(slots.iter().filter(|slot| slot.source == Source::Microphone).all(|slot| !slot.cannot_decode));
    assert!(
        sounds(&world, h264, vp8, Source::Microphone, world.events[0].0) > 90,
        "sound is the same for all"
    );
}

#[test]
fn one_slot_switches_between_codecs() {
    let mut world = World::new(73);
    let vp8 = join(&mut world, "vp8", ClientOptions::default());
    let h264 = join(&mut world, "h264", H264_ONLY);
    let viewer = join(&mut world, "viewer", BOTH);
    for whose in [vp8, h264, vp8, h264] {
        world.set_view(viewer, &[(whose, Source::Camera)]);
        let switched = world.now;
        world.run_for(SECOND);
        let seen = pictures(&world, viewer, whose, Source::Camera, switched);
        assert!(seen > 20, "saw {seen}");
    }
    assert_clean(&world, viewer);
}
