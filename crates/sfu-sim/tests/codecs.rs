//! Who can decode what, and what happens to who cannot.

mod common;

use common::{SECOND, assert_clean, last_slots, pictures, sounds};
use sfu::{Event, Source};
use sfu_sim::{ClientId, ClientOptions, Link, Loss, World};

const H264_ONLY: ClientOptions =
    ClientOptions { video_slots: 2, vp8: false, h264: ClientOptions::H264, ..ClientOptions::PARTICIPANT };
const BOTH: ClientOptions =
    ClientOptions { video_slots: 1, h264: ClientOptions::H264, ..ClientOptions::PARTICIPANT };

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

/// RFC 6184 §8.2.2: who takes another profile or packetization mode than what is sent is told, like who lacks the codec.
#[test]
fn h264_goes_to_those_whose_profile_and_packetization_mode_it_has() {
    let only = |h264| ClientOptions { h264, ..H264_ONLY };
    let mut world = World::new(75);
    let plain = join(&mut world, "plain", H264_ONLY);
    let main = join(&mut world, "main", only(&[(true, 0x4d_001f)]));
    let viewers = [
        ("as sent", only(&[(true, 0x4d_0028), (true, 0x42_e01f)]), [true, true]),
        ("high", only(&[(true, 0x64_001f)]), [true, true]),
        ("baseline", only(&[(true, 0x42_e01f), (true, 0x42_001f)]), [true, false]),
        ("single units", only(&[(false, 0x4d_001f)]), [false, false]),
    ];
    for (name, options, decodes) in viewers {
        let viewer = join(&mut world, name, options);
        world.set_view(viewer, &[(plain, Source::Camera), (main, Source::Camera)]);
        world.run_for(SECOND);
        let since = world.now;
        world.run_for(SECOND);
        let slots = last_slots(&world, name);
        for ((whose, publisher), decodes) in [("plain", plain), ("main", main)].into_iter().zip(decodes) {
            let slot = slots
                .iter()
                .find(|slot| slot.source == Source::Camera && slot.peer.as_deref() == Some(whose));
            assert_eq!(slot.map(|slot| slot.cannot_decode), Some(!decodes), "{whose} by {name}");
            let seen = pictures(&world, viewer, publisher, Source::Camera, since);
            assert_eq!(seen > 20, decodes, "{name} saw {seen} of {whose}");
        }
        assert_clean(&world, viewer);
    }
    assert!(world.drops("cannot_decode") > 0);
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

/// Each tile gets its layer of an H264 camera; what is lost on the way up comes again by the layers' own retransmissions.
#[test]
fn layers_of_h264_are_told_apart_by_name_and_measured_by_their_parameter_sets() {
    let publisher = ClientOptions { simulcast: true, ..H264_ONLY };
    let mut world = World::new(74);
    let ana = world.join_with("ana", publisher, Link { loss: Loss::Random(0.02), ..Link::GOOD }, Link::GOOD);
    // Of three layers two come: not the order tells what they are, but their sizes.
    world.client_mut(ana).set_layers(&[0, 2]);
    let viewers = [("thumb", (160, 90), 0), ("stage", (1280, 720), 2)].map(|(name, size, layer)| {
        let id = world.join_with(name, H264_ONLY, Link::GOOD, Link::GOOD);
        world.set_sized_view(id, &[(ana, Source::Camera, size)]);
        (id, layer)
    });
    world.run_until(5 * SECOND, |world| viewers.iter().all(|it| world.client(it.0).is_connected()));
    world.run_until(5 * SECOND, |world| world.client(ana).is_connected());
    world.set_sources(ana, &[Source::Camera]);
    world.run_for(3 * SECOND);
    let since = world.now;
    world.run_for(3 * SECOND);
    for (viewer, layer) in viewers {
        let seen: Vec<_> =
            world.client(viewer).screens[0].pictures_since(since).map(|it| it.tag.layer).collect();
        assert!(seen.len() > 80 && seen.iter().all(|it| *it == layer), "{seen:?}");
        assert_clean(&world, viewer);
    }
    let recovered = world.statistics(ana).and_then(|it| it.up.first()).map_or(0, |it| it.retransmitted);
    assert!(recovered > 5, "{recovered} packets came again");
}
