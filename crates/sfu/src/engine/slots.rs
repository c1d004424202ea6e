//! Who gets what: slots follow the views, the sources that are on, and the election of speakers.

use std::sync::Arc;
use std::time::Instant;

use super::Engine;
use crate::assign::assign;
use crate::sdp::SlotKind;
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
                    .filter(|tile| is_picture(tile.source))
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
        if let Some(stream) = before.and_then(|it| self.streams.get_mut(it)) {
            stream.remove_routes(|route| route.peer == key && route.slot == slot);
        }
        let tile = after.map_or(0, |stream| self.tile(key, stream));
        let content = after.and_then(|stream_key| {
            let stream = self.streams.get_mut(stream_key)?;
            stream.add_route(key, slot);
            stream.set_tile(key, slot, tile);
            let publisher = self.peers.get(stream.publisher)?;
            Some((stream_key, Arc::clone(&publisher.id), stream.source, stream.codec))
        });
        if let Some(peer) = self.peers.get_mut(key) {
            let place = &mut peer.downlink.slots[slot];
            let codec = content.as_ref().and_then(|it| it.3);
            place.fill(content.map(|(stream, peer, source, _)| (stream, peer, source)));
            place.judge(codec);
        }
        if let Some(stream) = after {
            self.aim(now, stream);
        }
        // Who is not connected yet asks then: a key frame that comes too early is lost, and delays the next one.
        if after.is_some() && self.peers.get(key).is_some_and(|peer| peer.transport.is_connected()) {
            self.want_key_frame(now, key, slot);
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
        for slot in 0..peer.downlink.slots.len() {
            self.want_key_frame(now, key, slot);
        }
    }

    /// Asks for a key frame of what is in a peer's slot, within its publisher's limits. Sound needs none.
    pub(super) fn want_key_frame(&mut self, now: Instant, key: u32, slot: usize) {
        let Some(peer) = self.peers.get(key) else { return };
        let content = peer.downlink.slots.get(slot).and_then(|slot| slot.content.as_ref());
        let Some(stream) = content.and_then(|it| self.streams.get_mut(it.stream)) else { return };
        if !stream.on || !is_picture(stream.source) {
            return;
        }
        stream.want_key_frame(key, slot);
        let publisher = stream.publisher;
        self.arm(now, publisher);
    }

    /// A peer's tiles have other sizes.
    pub(super) fn aim_view(&mut self, now: Instant, key: u32) {
        let Some(peer) = self.peers.get(key) else { return };
        for slot in 0..peer.downlink.slots.len() {
            let slots = self.peers.get(key).map(|peer| &peer.downlink.slots);
            let content = slots.and_then(|slots| slots.get(slot)?.content.as_ref());
            let Some(stream) = content.filter(|it| is_picture(it.source)).map(|it| it.stream) else {
                continue;
            };
            let tile = self.tile(key, stream);
            if let Some(it) = self.streams.get_mut(stream) {
                it.set_tile(key, slot, tile);
            }
            self.aim(now, stream);
        }
    }

    /// Who gets which layer of a stream may change: its layers did, or somebody's tile.
    pub(super) fn aim(&mut self, now: Instant, key: u32) {
        let Self { streams, peers, .. } = self;
        let is_connected = |peer: u32| peers.get(peer).is_some_and(|it| it.transport.is_connected());
        if let Some(stream) = streams.get_mut(key)
            && stream.aim(is_connected)
        {
            let publisher = stream.publisher;
            self.arm(now, publisher);
        }
        self.tell_layers(now, key);
    }

    /// Tells the publisher which layers it is to send, if that has changed.
    pub(super) fn tell_layers(&mut self, now: Instant, key: u32) {
        let Some(stream) = self.streams.get_mut(key).filter(|stream| stream.layers.len() > 1) else { return };
        let Some(wanted) = stream.wanted_layers(now) else { return };
        let (source, publisher) = (stream.source, stream.publisher);
        let Some(peer) = self.peers.get(publisher) else { return };
        let Some(line) = peer.uplink.lines().iter().find(|line| line.stream == key) else { return };
        let layers = line.rids().iter().zip(wanted).filter(|(_, wanted)| *wanted);
        let layers = layers.map(|(rid, _)| Arc::clone(rid)).collect();
        let (id, room) = (Arc::clone(&peer.id), peer.room);
        self.tell(room, |room, sequence| Event::LayersWanted { room, sequence, peer: id, source, layers });
    }

    /// Pixels of the largest tile in which a peer shows a stream.
    fn tile(&self, key: u32, stream: u32) -> u32 {
        let shown = self.streams.get(stream).and_then(|it| {
            let publisher = self.peers.get(it.publisher)?;
            Some((&publisher.id, it.source))
        });
        let tiles = self.peers.get(key).map(|peer| peer.view.as_slice()).unwrap_or_default();
        let shown = tiles.iter().filter(|tile| Some((&tile.peer, tile.source)) == shown);
        shown.map(|tile| u32::from(tile.width) * u32::from(tile.height)).max().unwrap_or(0)
    }
}

fn is_picture(source: Source) -> bool {
    matches!(source, Source::Camera | Source::Screen)
}
