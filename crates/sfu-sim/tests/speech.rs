//! Who is heard, and who is said to speak.

mod common;

use common::{SECOND, sounds};
use sfu::{Event, Source};
use sfu_sim::{ClientId, World};

fn speakers(world: &World) -> Vec<String> {
    let last = world.events.iter().rev().find_map(|(_, event)| match event {
        Event::SpeakersChanged { speakers, .. } => Some(speakers),
        _ => None,
    });
    last.into_iter().flatten().map(ToString::to_string).collect()
}

/// Six people with only microphones; the quiet ones send room noise.
fn round(seed: u64, loud: &[usize]) -> (World, [ClientId; 6]) {
    let mut world = World::new(seed);
    let names = ["p0", "p1", "p2", "p3", "p4", "p5"];
    let ids = world.meet(names);
    for (index, id) in ids.into_iter().enumerate() {
        world.set_sources(id, &[Source::Microphone]);
        world.client_mut(id).set_loudness(if loud.contains(&index) { -20 } else { -90 });
    }
    world.run_for(4 * SECOND);
    (world, ids)
}

#[test]
fn the_loudest_three_are_heard_by_everybody() {
    let (mut world, ids) = round(31, &[1, 3, 5]);
    let since = world.now;
    world.run_for(2 * SECOND);
    for listener in ids {
        for loud in [ids[1], ids[3], ids[5]].into_iter().filter(|loud| *loud != listener) {
            let heard = sounds(&world, listener, loud, Source::Microphone, since);
            assert!(heard > 95, "{heard}");
        }
        let streams = ids
            .into_iter()
            .filter(|other| sounds(&world, listener, *other, Source::Microphone, since) > 0)
            .count();
        assert!(streams <= 3, "three slots, {streams} streams");
    }
}

#[test]
fn a_fourth_speaker_lets_each_still_hear_three_others() {
    let (mut world, ids) = round(32, &[0, 1, 2, 3]);
    let since = world.now;
    world.run_for(2 * SECOND);
    for listener in &ids[..4] {
        let heard = ids[..4]
            .iter()
            .filter(|other| sounds(&world, *listener, **other, Source::Microphone, since) > 90)
            .count();
        assert_eq!(heard, 3);
    }
}

#[test]
fn who_speaks_up_is_heard_and_named_first() {
    let (mut world, ids) = round(33, &[0]);
    assert_eq!(speakers(&world).first().map(String::as_str), Some("p0"));
    world.client_mut(ids[0]).set_loudness(-90);
    world.client_mut(ids[4]).set_loudness(-20);
    world.run_for(3 * SECOND);
    assert_eq!(speakers(&world).first().map(String::as_str), Some("p4"));
    let since = world.now;
    world.run_for(SECOND);
    for listener in ids.into_iter().filter(|id| *id != ids[4]) {
        assert!(sounds(&world, listener, ids[4], Source::Microphone, since) > 45);
    }
}

#[test]
fn silence_has_no_speakers() {
    let (mut world, ids) = round(34, &[2]);
    assert_eq!(speakers(&world), ["p2"]);
    world.set_sources(ids[2], &[]);
    world.run_for(5 * SECOND);
    assert_eq!(speakers(&world), Vec::<String>::new(), "a muted person no longer speaks");
}
