//! What several scenarios look at.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod plot;

use std::time::{Duration, Instant};

use sfu::{Event, Slot, Source};
use sfu_sim::{ClientId, World};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Pictures of `whose` source that `viewer` saw from `since` on.
pub(crate) fn pictures(
    world: &World,
    viewer: ClientId,
    whose: ClientId,
    source: Source,
    since: Instant,
) -> usize {
    let number = world.number(whose);
    let screens = world.client(viewer).screens.iter();
    screens
        .flat_map(|screen| screen.pictures_since(since))
        .filter(|picture| picture.tag.publisher == number && picture.tag.source == source)
        .count()
}

/// Audio packets of `whose` source that `listener` heard from `since` on.
pub(crate) fn sounds(
    world: &World,
    listener: ClientId,
    whose: ClientId,
    source: Source,
    since: Instant,
) -> usize {
    let number = world.number(whose);
    let speakers = world.client(listener).speakers.iter();
    speakers
        .flat_map(|speaker| speaker.heard_since(since))
        .filter(|tag| tag.publisher == number && tag.source == source)
        .count()
}

/// The longest time between `from` and `to` without a new picture of `whose` camera at `viewer`.
pub(crate) fn longest_freeze(
    world: &World,
    viewer: ClientId,
    whose: ClientId,
    from: Instant,
    to: Instant,
) -> Duration {
    let number = world.number(whose);
    let mut shown: Vec<_> = world
        .client(viewer)
        .screens
        .iter()
        .flat_map(|screen| &screen.pictures)
        .filter(|picture| picture.tag.publisher == number && picture.tag.source == Source::Camera)
        .map(|picture| picture.at)
        .filter(|at| (from..=to).contains(at))
        .collect();
    shown.extend([from, to]);
    shown.sort_unstable();
    shown.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
}

/// No slot of `viewer` showed or played anything that a decoder would stumble over.
#[track_caller]
pub(crate) fn assert_clean(world: &World, viewer: ClientId) {
    let client = world.client(viewer);
    assert_eq!(client.strays, 0, "packets of streams that the answer does not name");
    for (index, screen) in client.screens.iter().enumerate() {
        let faults = [
            ("corrupt", screen.corrupt),
            ("broken references", screen.broken_references),
            ("picture id jumps", screen.picture_id_jumps),
            ("time stamp jumps", screen.timestamp_jumps),
        ];
        for (what, count) in faults {
            assert_eq!(count, 0, "{what} on screen {index} of {}", client.name);
        }
    }
    for (index, speaker) in client.speakers.iter().enumerate() {
        assert_eq!(speaker.corrupt, 0, "corrupt sound in slot {index} of {}", client.name);
        assert_eq!(speaker.timestamp_jumps, 0, "time stamp jumps in audio slot {index} of {}", client.name);
    }
}

/// The reason with which the engine gave a peer up.
pub(crate) fn failure<'a>(world: &'a World, name: &str) -> Option<(Instant, &'a str)> {
    world.events.iter().find_map(|(at, event)| match event {
        Event::PeerFailed { peer, reason, .. } if **peer == *name => Some((*at, *reason)),
        _ => None,
    })
}

/// The answer to a command: `None` is accepted.
pub(crate) fn rejection(world: &World, command: u64) -> Option<(sfu::RejectCode, &str)> {
    world.events.iter().find_map(|(_, event)| match event {
        Event::Rejected { id, code, message } if *id == command => Some((*code, message.as_str())),
        _ => None,
    })
}

/// A participant's slots as they were told last.
pub(crate) fn last_slots(world: &World, name: &str) -> Vec<Slot> {
    let last = world.events.iter().rev().find_map(|(_, event)| match event {
        Event::SlotsChanged { peer, slots, .. } if **peer == *name => Some(slots.clone()),
        _ => None,
    });
    last.unwrap_or_default()
}
