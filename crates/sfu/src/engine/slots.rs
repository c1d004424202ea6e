//! Who gets what: slots follow the views, the sources that are on, and the election of speakers.

use std::sync::Arc;
use std::time::Instant;

use super::Engine;
use crate::assign::assign;
use crate::sdp::SlotKind;
use crate::stream::Route;
use crate::{Event, Source};

impl Engine {
    /// Fills the slots of these kinds for everybody in the room.
    pub(super) fn fill_room(&mut self, now: Instant, room: u32, kinds: &[SlotKind]) {
        let peers = self.rooms.get(room).map(|room| room.peers.clone()).unwrap_or_default();
        for peer in peers {
            self.fill(now, peer, kinds);
        }
    }

    /// Fills the slots of these kinds of one peer, and tells what changed.
    pub(super) fn fill(&mut self, now: Instant, key: u32, kinds: &[SlotKind]) {
        let mut changed = false;
        for kind in kinds {
            let wanted = self.wanted(key, *kind);
            let Some(peer) = self.peers.get(key) else { return };
            let places: Vec<usize> =
                (0..peer.downlink.slots.len()).filter(|at| peer.downlink.slots[*at].kind == *kind).collect();
            let current: Vec<Option<u32>> = places
                .iter()
                .map(|at| peer.downlink.slots[*at].content.as_ref().map(|it| it.stream))
                .collect();
            let next = assign(&current, &wanted);
            for ((at, before), after) in places.into_iter().zip(current).zip(next) {
                if before != after {
                    self.refill(now, key, at, before, after);
                    changed = true;
                }
            }
        }
        if changed {
            self.tell_slots(key);
        }
    }

    /// What a peer wants to see or hear of others, most important first.
    fn wanted(&self, key: u32, kind: SlotKind) -> Vec<u32> {
        let Some(peer) = self.peers.get(key) else { return Vec::new() };
        let Some(room) = self.rooms.get(peer.room) else { return Vec::new() };
        let is_anothers =
            |stream: &u32| self.streams.get(*stream).is_some_and(|it| it.on && it.publisher != key);
        let candidates: Vec<u32> = match kind {
            SlotKind::Speech => room.speech.elected().to_vec(),
            SlotKind::ScreenAudio => {
                let others = room.peers.iter().filter_map(|key| self.peers.get(*key));
                others.filter_map(|other| other.stream(Source::ScreenAudio)).collect()
            }
            SlotKind::Video => {
                let pinned = peer.view.iter().filter(|tile| tile.pinned);
                let tiles = pinned.chain(peer.view.iter().filter(|tile| !tile.pinned));
                tiles
                    .filter(|tile| matches!(tile.source, Source::Camera | Source::Screen))
                    .filter_map(|tile| self.peers.get(*room.by_id.get(&tile.peer)?)?.stream(tile.source))
                    .collect()
            }
        };
        let mut wanted = Vec::with_capacity(candidates.len());
        for stream in candidates.into_iter().filter(is_anothers) {
            if !wanted.contains(&stream) {
                wanted.push(stream);
            }
        }
        wanted
    }

    fn refill(&mut self, now: Instant, key: u32, slot: usize, before: Option<u32>, after: Option<u32>) {
        let route = Route { peer: key, slot };
        if let Some(stream) = before.and_then(|it| self.streams.get_mut(it)) {
            stream.routes.retain(|it| *it != route);
            if stream.routes.is_empty() {
                stream.key_frames.cancel();
            }
        }
        let content = after.and_then(|stream_key| {
            let stream = self.streams.get_mut(stream_key)?;
            stream.routes.push(route);
            let publisher = self.peers.get(stream.publisher)?;
            Some((stream_key, Arc::clone(&publisher.id), stream.source, stream.codec))
        });
        if let Some(peer) = self.peers.get_mut(key) {
            let place = &mut peer.downlink.slots[slot];
            let codec = content.as_ref().and_then(|it| it.3);
            place.fill(content.map(|(stream, peer, source, _)| (stream, peer, source)));
            place.judge(codec);
        }
        // Who is not connected yet asks then: a key frame that comes too early is lost, and delays the next one.
        if let Some(stream) = after
            && self.peers.get(key).is_some_and(|peer| peer.transport.is_connected())
        {
            self.want_key_frame(now, stream);
        }
    }

    /// The first packet of a stream, or the first in another codec, came: those who cannot decode it are told.
    pub(super) fn stream_started(&mut self, key: u32, starts: bool) {
        let Some(stream) = self.streams.get(key) else { return };
        let (Some(codec), source, publisher) = (stream.codec, stream.source, stream.publisher) else {
            return;
        };
        let mut told = Vec::new();
        for route in &stream.routes {
            if let Some(peer) = self.peers.get_mut(route.peer)
                && peer.downlink.slots[route.slot].judge(Some(codec))
            {
                told.push(route.peer);
            }
        }
        if starts && let Some(peer) = self.peers.get(publisher) {
            let (id, room) = (Arc::clone(&peer.id), peer.room);
            let codec = codec.name();
            self.tell(room, |room, sequence| Event::StreamStarted {
                room,
                sequence,
                peer: id,
                source,
                codec,
            });
        }
        for peer in told {
            self.tell_slots(peer);
        }
    }

    fn tell_slots(&mut self, key: u32) {
        let Some(peer) = self.peers.get(key) else { return };
        let slots = peer.downlink.slots.iter().map(crate::send::DownSlot::describe).collect();
        let (id, room) = (Arc::clone(&peer.id), peer.room);
        self.tell(room, |room, sequence| Event::SlotsChanged { room, sequence, peer: id, slots });
    }

    /// Asks for key frames of everything that a peer has in its slots: it has just come or come back.
    pub(super) fn want_key_frames(&mut self, now: Instant, key: u32) {
        let Some(peer) = self.peers.get(key).filter(|peer| peer.transport.is_connected()) else { return };
        let contents = peer.downlink.slots.iter().filter_map(|slot| slot.content.as_ref());
        let streams: Vec<u32> = contents.map(|content| content.stream).collect();
        for stream in streams {
            self.want_key_frame(now, stream);
        }
    }

    /// Asks a stream's publisher for a key frame, within its limits. Sound needs none.
    pub(super) fn want_key_frame(&mut self, now: Instant, key: u32) {
        let Some(stream) = self.streams.get_mut(key) else { return };
        if !stream.on || !matches!(stream.source, Source::Camera | Source::Screen) {
            return;
        }
        stream.key_frames.want();
        let publisher = stream.publisher;
        self.arm(now, publisher);
    }
}
