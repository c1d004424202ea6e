//! What the engine says about itself: snapshots, events and statistics agree.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::SECOND;
use sfu::{CommandKind, Event, Slot, Source};
use sfu_sim::{ClientId, Random, World};

/// What somebody knows who only listens to the events of the room.
#[derive(Debug, Default, PartialEq)]
struct Listener {
    connected: BTreeMap<Arc<str>, bool>,
    slots: BTreeMap<Arc<str>, Vec<Slot>>,
}

impl Listener {
    fn hear(events: &[(std::time::Instant, Event)], removed: &[Arc<str>]) -> Self {
        let mut listener = Self::default();
        for (_, event) in events {
            match event {
                Event::Answered { peer, .. } => {
                    listener.connected.entry(peer.clone()).or_insert(false);
                }
                Event::PeerConnected { peer, .. } => {
                    listener.connected.insert(peer.clone(), true);
                }
                Event::PeerFailed { peer, .. } => {
                    listener.connected.remove(peer);
                    listener.slots.remove(peer);
                }
                Event::SlotsChanged { peer, slots, .. } => {
                    listener.slots.insert(peer.clone(), slots.clone());
                }
                _ => {}
            }
        }
        for peer in removed {
            listener.connected.remove(peer);
            listener.slots.remove(peer);
        }
        listener
    }
}

/// Where a slot is filled, by mid: a slot that nothing was ever said of is empty.
fn filled(slots: &[Slot]) -> Vec<(Arc<str>, Arc<str>, Source)> {
    slots.iter().filter_map(|slot| Some((slot.mid.clone(), slot.peer.clone()?, slot.source))).collect()
}

#[track_caller]
fn assert_agrees(world: &World, removed: &[Arc<str>]) {
    let listener = Listener::hear(&world.events, removed);
    let Some(snapshot) = world.snapshot() else {
        assert!(listener.connected.is_empty(), "{listener:?}");
        return;
    };
    assert_eq!(snapshot.peers.len(), listener.connected.len());
    for peer in &snapshot.peers {
        assert_eq!(Some(&peer.connected), listener.connected.get(&peer.peer), "{}", peer.peer);
        let heard = listener.slots.get(&peer.peer).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(filled(&peer.slots), filled(heard), "slots of {}", peer.peer);
    }
}

#[test]
fn events_add_up_to_the_snapshot_whatever_people_do() {
    for seed in 0..8 {
        let mut random = Random::new(seed);
        let mut world = World::new(600 + seed);
        let mut present: Vec<ClientId> = world.meet(["p0", "p1", "p2"]).to_vec();
        let mut removed = Vec::new();
        for step in 3..30 {
            let who = present.get(random.below(present.len())).copied();
            match (random.below(6), who) {
                (0, _) => present.push(world.join(&format!("p{step}"))),
                (1, Some(who)) => {
                    world.remove(who);
                    removed.push(world.client(who).name.clone());
                    present.retain(|it| *it != who);
                }
                (2, Some(who)) => {
                    let all = [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio];
                    let some: Vec<_> = all.into_iter().filter(|_| random.chance(0.5)).collect();
                    world.set_sources(who, &some);
                }
                (3 | 4, Some(who)) => {
                    let source = if random.chance(0.7) { Source::Camera } else { Source::Screen };
                    let tiles: Vec<_> = present.iter().map(|it| (*it, source)).collect();
                    world.set_view(who, &tiles);
                }
                (_, Some(who)) => world.restart_ice(who),
                (_, None) => {}
            }
            world.run_for(SECOND / 8);
            assert_agrees(&world, &removed);
        }
        world.submit(CommandKind::CloseRoom);
        assert!(world.snapshot().is_none());
    }
}

#[test]
fn statistics_count_what_was_sent_and_what_arrived() {
    let mut world = World::new(61);
    let [ana, bo] = world.meet(["ana", "bo"]);
    world.run_for(5 * SECOND);
    let seen: usize = world.client(bo).screens.iter().map(|screen| screen.pictures.len()).sum();
    let heard: usize = world.client(bo).speakers.iter().map(|speaker| speaker.heard.len()).sum();
    let of = |id| world.statistics(id).expect("one a second");
    let name = world.client(ana).name.clone();
    let down = of(bo).down.iter().filter(|stream| stream.peer == name);
    for stream in down {
        let arrived = if stream.source == Source::Camera { 3 * seen } else { heard } as u64;
        assert!(arrived.abs_diff(stream.packets) < 150, "{stream:?} and {arrived} arrived");
        assert_eq!(stream.lost, 0);
    }
    let camera = of(ana).up.iter().find(|stream| stream.source == Source::Camera).expect("published");
    assert!((700_000..900_000).contains(&camera.bitrate_bps), "{}", camera.bitrate_bps);
    let rtt = of(bo).rtt_ms.expect("from receiver reports");
    assert!((19.0..30.0).contains(&rtt), "{rtt}");
}
