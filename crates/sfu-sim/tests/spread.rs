//! A room on several engines: what crosses between them, and what holds when one of them fails.

mod common;

use std::time::{Duration, Instant};

use common::{SECOND, assert_clean, failure, last_slots, longest_freeze, pictures, sounds};
use sfu::{Event, Source};
use sfu_sim::{ClientId, ClientOptions, Link, Loss, World};

/// Bytes a second that the engines say to each other.
fn crossing(world: &mut World) -> usize {
    let before = world.said;
    world.run_for(2 * SECOND);
    (world.said - before) / 2
}

fn ago(world: &World, time: Duration) -> Instant {
    world.now.checked_sub(time).expect("the world is older")
}

fn speakers(world: &World) -> Vec<&str> {
    let last = world.events.iter().rev().find_map(|(_, event)| match event {
        Event::SpeakersChanged { speakers, .. } => Some(speakers),
        _ => None,
    });
    last.map(|it| it.iter().map(|name| &**name).collect()).unwrap_or_default()
}

fn hears(world: &World, name: &str) -> Vec<String> {
    let slots = last_slots(world, name).into_iter().filter(|slot| slot.source == Source::Microphone);
    let mut heard: Vec<String> = slots.filter_map(|slot| Some(slot.peer?.to_string())).collect();
    heard.sort_unstable();
    heard
}

#[test]
fn a_stream_crosses_once_for_all_who_want_it_and_not_at_all_for_nobody() {
    let mut world = World::spread(71, 2);
    let ana = world.join("ana");
    let others = ["bo", "cy", "dee", "eve", "fay"].map(|name| world.join(name));
    let [bo, _, dee, _, fay] = others;
    world.run_until(10 * SECOND, |world| others.iter().all(|id| world.client(*id).is_connected()));
    world.set_sources(ana, &[Source::Camera]);
    world.run_for(SECOND);
    assert!(crossing(&mut world) < 100, "nobody looks");

    world.set_view(bo, &[(ana, Source::Camera)]);
    world.run_for(2 * SECOND);
    let for_one = crossing(&mut world);
    for viewer in [dee, fay] {
        world.set_view(viewer, &[(ana, Source::Camera)]);
    }
    world.run_for(2 * SECOND);
    let for_all = crossing(&mut world);
    assert!(for_one > 50_000, "{for_one} bytes a second");
    assert!(for_all < for_one * 11 / 10, "{for_one} for one, {for_all} for three");
    for viewer in [bo, dee, fay] {
        assert!(pictures(&world, viewer, ana, Source::Camera, ago(&world, 2 * SECOND)) > 55);
        assert_clean(&world, viewer);
        world.set_view(viewer, &[]);
    }
    world.run_for(5 * SECOND);
    assert!(crossing(&mut world) < 100, "nobody looks any more");
}

#[test]
fn a_layer_crosses_when_it_is_wanted_and_begins_with_a_key_frame() {
    let mut world = World::spread(72, 2);
    let simulcast = ClientOptions { simulcast: true, ..ClientOptions::default() };
    let ana = world.join_with("ana", simulcast, Link::GOOD, Link::GOOD);
    let bo = world.join("bo");
    world.run_until(10 * SECOND, |world| world.client(bo).is_connected() && world.client(ana).is_connected());
    world.client_mut(ana).set_camera_bitrates(&[150_000, 500_000, 1_700_000]);
    world.set_sources(ana, &[Source::Camera]);
    world.set_sized_view(bo, &[(ana, Source::Camera, (160, 90))]);
    world.run_for(5 * SECOND);
    let small = crossing(&mut world);
    world.set_sized_view(bo, &[(ana, Source::Camera, (1280, 720))]);
    let wanted = world.now;
    world.run_until(SECOND, |world| {
        let mut shown = world.client(bo).screens.iter().flat_map(|screen| screen.pictures_since(wanted));
        shown.any(|picture| picture.tag.layer == 2)
    });
    world.run_for(5 * SECOND);
    let large = crossing(&mut world);
    assert!(large > 4 * small, "{small} bytes a second, then {large}");
    assert_clean(&world, bo);
    world.set_sized_view(bo, &[(ana, Source::Camera, (160, 90))]);
    world.run_for(6 * SECOND);
    let small_again = crossing(&mut world);
    assert!(small_again < small * 12 / 10, "{small}, then {small_again}");
    let layers = world.events.iter().rev().find_map(|(_, event)| match event {
        Event::LayersWanted { peer, layers, .. } if **peer == *"ana" => Some(layers.len()),
        _ => None,
    });
    assert_eq!(layers, Some(1), "ana is told what is wanted elsewhere");
}

#[test]
fn all_parts_hear_the_same_three_and_one_tells_who_speaks() {
    for workers in [2, 3] {
        let mut world = World::spread(73, workers);
        let names = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"];
        let everybody = world.meet(names);
        for (at, id) in everybody.into_iter().enumerate() {
            world.client_mut(id).set_loudness(if at < 4 { -20 - at as i8 } else { -70 });
        }
        world.run_for(4 * SECOND);
        let mut talking = speakers(&world);
        talking.sort_unstable();
        assert_eq!(talking, ["p0", "p1", "p2", "p3"], "on {workers}");
        let since = world.now;
        world.run_for(SECOND);
        for (at, name) in names.iter().enumerate() {
            let heard = hears(&world, name);
            assert_eq!(heard.len(), 3, "{name} hears {heard:?}");
            assert!(heard.iter().all(|it| talking_names(0..4).contains(it)), "{name} hears {heard:?}");
            for (other, whose) in everybody.into_iter().enumerate() {
                let count = sounds(&world, everybody[at], whose, Source::Microphone, since);
                let expected = if heard.contains(&format!("p{other}")) { 45..=55 } else { 0..=0 };
                assert!(expected.contains(&count), "{name} heard {count} of p{other}");
            }
        }
        // Others speak: the election follows everywhere.
        for (at, id) in everybody.into_iter().enumerate() {
            world.client_mut(id).set_loudness(if at < 4 { -70 } else { -20 - at as i8 });
        }
        world.run_for(4 * SECOND);
        for name in names {
            let heard = hears(&world, name);
            assert!(heard.iter().all(|it| talking_names(4..8).contains(it)), "{name} hears {heard:?}");
        }
    }
}

fn talking_names(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("p{number}")).collect()
}

#[test]
fn what_is_lost_on_the_way_down_is_repaired_where_the_receiver_is() {
    let mut world = World::spread(74, 2);
    let [ana, bo] = world.meet(["ana", "bo"]);
    world.run_for(2 * SECOND);
    let lossy = Link { loss: Loss::Random(0.05), ..Link::GOOD };
    world.set_links(bo, Link::GOOD, lossy);
    let since = world.now;
    world.run_for(4 * SECOND);
    let seen = pictures(&world, bo, ana, Source::Camera, since);
    assert!(seen > 115, "saw {seen} of 120");
    assert!(longest_freeze(&world, bo, ana, since, world.now) < SECOND / 2);
    assert_clean(&world, bo);
}

#[test]
fn sound_and_picture_of_another_part_belong_to_one_moment() {
    let mut world = World::spread(75, 2);
    let [_ana, bo] = world.meet(["ana", "bo"]);
    world.run_for(10 * SECOND);
    assert_clean(&world, bo);
    assert_eq!(world.drops("relay_malformed"), 0);
}

#[test]
fn who_leaves_is_gone_everywhere() {
    let mut world = World::spread(76, 2);
    let [ana, bo, cy] = world.meet(["ana", "bo", "cy"]);
    world.run_for(SECOND);
    world.remove(bo);
    for name in ["ana", "cy"] {
        assert!(last_slots(&world, name).iter().all(|slot| slot.peer.as_deref() != Some("bo")));
    }
    world.run_for(SECOND);
    let since = world.now;
    assert!(crossing(&mut world) < 100, "the other part has nobody");
    assert!(pictures(&world, ana, cy, Source::Camera, since) > 55);
    let dee = world.join("dee");
    world.set_view(dee, &[(ana, Source::Camera)]);
    world.run_until(5 * SECOND, |world| pictures(world, dee, ana, Source::Camera, since) > 0);
}

fn sees(world: &World, viewer: ClientId, whose: ClientId) -> usize {
    pictures(world, viewer, whose, Source::Camera, ago(world, SECOND))
}

#[test]
fn an_engine_that_fails_costs_its_own_people_a_rejoin_and_the_others_their_pictures_until_then() {
    for failing in [0, 1] {
        let mut world = World::spread(77, 2);
        let people = world.meet(["a0", "b1", "c0", "d1"]);
        world.run_for(2 * SECOND);
        let gone = [people[failing], people[failing + 2]];
        let left = [people[1 - failing], people[3 - failing]];
        world.fail(failing);
        for (at, name) in ["a0", "b1", "c0", "d1"].into_iter().enumerate() {
            let reason = failure(&world, name).map(|(_, reason)| reason);
            assert_eq!(reason, (at % 2 == failing).then_some("worker"), "{name}");
        }
        for id in gone {
            world.client_mut(id).vanish();
        }
        world.run_for(SECOND);
        for id in left {
            let name = world.client(id).name.clone();
            let slots = last_slots(&world, &name);
            let shown = slots.iter().filter(|slot| slot.source == Source::Camera && slot.peer.is_some());
            assert_eq!(shown.count(), 1, "the other one who is left");
        }
        assert!(sees(&world, left[0], left[1]) > 25, "they go on");
        // They come back under their names, as clients do, wherever there is room.
        let since = world.now;
        let back = ["a0", "c0"].map(|name| name.replace('0', "2")).map(|name| world.join(&name));
        world.run_until(3 * SECOND, |world| back.iter().all(|id| world.client(*id).is_connected()));
        for id in back {
            world.set_sources(id, &[Source::Microphone, Source::Camera]);
            world.set_view(id, &[(left[0], Source::Camera), (left[1], Source::Camera)]);
        }
        for id in left {
            world.set_view(id, &[(back[0], Source::Camera), (back[1], Source::Camera)]);
        }
        world.run_until(3 * SECOND, |world| {
            left.iter().all(|id| back.iter().all(|it| sees(world, *id, *it) > 0 && sees(world, *it, *id) > 0))
        });
        assert!(world.now - since < Duration::from_secs(3), "{:?}", world.now - since);
        for id in left.into_iter().chain(back) {
            assert_clean(&world, id);
        }
    }
}
