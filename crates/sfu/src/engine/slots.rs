//! Who gets what: slots follow the views, the sources that are on, and the election of speakers.

use std::sync::Arc;
use std::time::Instant;

use super::Engine;
use crate::assign::assign;
use crate::peer::Peer;
use crate::relay::{Frame, bits};
use crate::room::Room;
use crate::sdp::{Shape, SlotKind};
use crate::shedding::Load;
use crate::stream::{Publisher, Stream};
use crate::{Event, Source, Tile};

impl Engine {
    /// Fills the slots of these kinds for everybody in the room.
    pub(super) fn fill_room(&mut self, now: Instant, room: u32, kinds: &[SlotKind]) {
        if kinds.is_empty() {
            return;
        }
        let peers = self.rooms.get(room).map(|room| room.peers.clone()).unwrap_or_default();
        let changed: Vec<(u32, Vec<usize>)> =
            peers.into_iter().map(|peer| (peer, self.fill_one(now, peer, kinds))).collect();
        self.aim_all(now);
        for (peer, slots) in &changed {
            self.begin_slots(now, *peer, slots);
        }
    }

    /// Fills the slots of speech of those in the room who hear whom they name, whoever is elected.
    pub(super) fn fill_named(&mut self, now: Instant, room: u32) {
        let peers = self.rooms.get(room).map(|room| room.peers.as_slice()).unwrap_or_default();
        let name = |key: &u32| self.peers.get(*key).is_some_and(names_sounds);
        let peers: Vec<u32> = peers.iter().copied().filter(name).collect();
        for peer in peers {
            self.fill(now, peer, &[SlotKind::Speech]);
        }
    }

    /// Fills the slots of these kinds of one peer, and tells what changed.
    pub(super) fn fill(&mut self, now: Instant, key: u32, kinds: &[SlotKind]) {
        let changed = self.fill_one(now, key, kinds);
        self.aim_all(now);
        self.begin_slots(now, key, &changed);
    }

    /// The same but for what comes after the aiming; returns the slots that changed.
    fn fill_one(&mut self, now: Instant, key: u32, kinds: &[SlotKind]) -> Vec<usize> {
        let (mut changed, mut touched) = (Vec::new(), Vec::new());
        for kind in kinds {
            let wanted = self.wanted(key, *kind);
            let Some(peer) = self.peers.get(key) else { return changed };
            let places: Vec<usize> =
                (0..peer.downlink.slots.len()).filter(|at| peer.downlink.slots[*at].kind == *kind).collect();
            let current: Vec<Option<u32>> = places
                .iter()
                .map(|at| peer.downlink.slots[*at].content.as_ref().map(|it| it.stream))
                .collect();
            let next = assign(&current, &wanted);
            for ((at, before), after) in places.into_iter().zip(current).zip(next) {
                if before != after {
                    self.refill(key, at, before, after);
                    changed.push(at);
                    touched.extend(before.into_iter().chain(after));
                }
            }
        }
        if changed.is_empty() {
            return changed;
        }
        self.allocate_one(now, key);
        for stream in touched {
            self.tell_layers(now, stream);
        }
        self.tell_slots(key);
        changed
    }

    /// What is new in these slots is to be seen. Who is not connected yet asks then: a key frame that comes too early is
    /// lost, and delays the next one.
    fn begin_slots(&mut self, now: Instant, key: u32, slots: &[usize]) {
        if self.peers.get(key).is_some_and(|peer| peer.transport.is_connected()) {
            for slot in slots {
                self.want_key_frame(now, key, *slot);
            }
        }
    }

    /// What a peer wants to see or hear of others, most important first.
    fn wanted(&self, key: u32, kind: SlotKind) -> Vec<u32> {
        let Some(peer) = self.peers.get(key) else { return Vec::new() };
        let Some(room) = self.rooms.get(peer.room) else { return Vec::new() };
        let is_anothers =
            |stream: &u32| self.streams.get(*stream).is_some_and(|it| it.on && it.owner != peer.id);
        let named = |is_kind: fn(Source) -> bool| {
            let pinned = peer.view.iter().filter(|tile| tile.pinned);
            let tiles = pinned.chain(peer.view.iter().filter(|tile| !tile.pinned));
            tiles
                .filter(move |tile| is_kind(tile.source))
                .filter_map(|tile| self.find_stream(room, &tile.peer, tile.source))
        };
        let candidates: Vec<u32> = match kind {
            SlotKind::Speech if names_sounds(peer) => named(is_sound).collect(),
            SlotKind::Speech => room.speech.elected().to_vec(),
            SlotKind::ScreenAudio => room.screen_sounds.clone(),
            SlotKind::Video => named(is_picture).collect(),
        };
        let mut wanted = Vec::with_capacity(candidates.len());
        for stream in candidates.into_iter().filter(is_anothers) {
            if !wanted.contains(&stream) {
                wanted.push(stream);
            }
        }
        if kind == SlotKind::Video {
            wanted.truncate(self.config.limits.pictures);
        }
        wanted
    }

    /// Somebody's stream, wherever they are.
    fn find_stream(&self, room: &Room, peer: &str, source: Source) -> Option<u32> {
        if let Some(key) = room.by_id.get(peer) {
            return self.peers.get(*key)?.stream(source);
        }
        // Who changes parts may be known of both for a moment: the last one is where they are.
        let mut relayed = room.relayed.get(peer)?.iter().rev();
        relayed.find(|key| self.streams.get(**key).is_some_and(|it| it.source == source)).copied()
    }

    fn refill(&mut self, key: u32, slot: usize, before: Option<u32>, after: Option<u32>) {
        if let Some(stream) = before.and_then(|it| self.streams.get_mut(it)) {
            stream.remove_routes(|route| route.peer == key && route.slot == slot);
        }
        let tile = after.map_or(0, |stream| self.tile(key, stream));
        let content = after.and_then(|stream_key| {
            let stream = self.streams.get_mut(stream_key)?;
            stream.add_route(key, slot);
            stream.set_tile(key, slot, tile);
            Some((stream_key, Arc::clone(&stream.owner), stream.source, stream.codec))
        });
        if let Some(peer) = self.peers.get_mut(key) {
            let place = &mut peer.downlink.slots[slot];
            let codec = content.as_ref().and_then(|it| it.3);
            place.fill(content.map(|(stream, peer, source, _)| (stream, peer, source)));
            place.judge(codec);
        }
    }

    /// The first packet of a stream, or the first in another codec, came: those who cannot decode it are told.
    pub(super) fn stream_started(&mut self, key: u32, starts: bool) {
        let Some(stream) = self.streams.get(key) else { return };
        let (Some(codec), source, room) = (stream.codec, stream.source, stream.room) else { return };
        let owner = Arc::clone(&stream.owner);
        let mut told = Vec::new();
        for route in &stream.routes {
            if let Some(peer) = self.peers.get_mut(route.peer)
                && peer.downlink.slots[route.slot].judge(Some(codec))
            {
                told.push(route.peer);
            }
        }
        if starts && matches!(stream.publisher, Publisher::Peer(_)) {
            let codec = codec.name();
            self.tell(room, |room| Event::StreamStarted { room, peer: owner, source, codec });
        }
        for peer in told {
            self.tell_slots(peer);
        }
    }

    fn tell_slots(&mut self, key: u32) {
        let Some(peer) = self.peers.get(key) else { return };
        let slots = peer.downlink.slots.iter().map(crate::send::DownSlot::describe).collect();
        let (id, room) = (Arc::clone(&peer.id), peer.room);
        self.tell(room, |room| Event::SlotsChanged { room, peer: id, slots });
    }

    /// Asks for key frames of everything that a peer has in its slots: it has just come or come back.
    pub(super) fn want_key_frames(&mut self, now: Instant, key: u32) {
        let Some(peer) = self.peers.get(key).filter(|peer| peer.transport.is_connected()) else { return };
        for slot in 0..peer.downlink.slots.len() {
            self.want_key_frame(now, key, slot);
        }
    }

    /// Somebody wants a picture in a slot: gives it from the last key frame on to who sees nothing yet, where that is at hand;
    /// else asks for a key frame, within its publisher's limits. Sound needs none.
    pub(super) fn want_key_frame(&mut self, now: Instant, key: u32, slot: usize) {
        let Some(peer) = self.peers.get(key) else { return };
        let content = peer.downlink.slots.get(slot).and_then(|slot| slot.content.as_ref());
        let Some(stream_key) = content.map(|it| it.stream) else { return };
        let is_shown = |it: &Stream| it.on && is_picture(it.source);
        if !self.streams.get(stream_key).is_some_and(is_shown) {
            return;
        }
        let moment = self.clock.moment(now);
        if self.peers.get_mut(key).is_some_and(|peer| peer.catch_up(moment, (key, slot), &mut self.streams)) {
            return self.arm(now, key);
        }
        let Some(stream) = self.streams.get_mut(stream_key) else { return };
        stream.want_key_frame(key, slot);
        self.serve(now, stream_key);
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
        }
        self.allocate(now, key);
    }

    /// The layers of a stream changed: everybody who watches it may get another one.
    pub(super) fn layers_changed(&mut self, now: Instant, key: u32) {
        let routes = self.streams.get(key).map(|stream| stream.routes.as_slice()).unwrap_or_default();
        let viewers: Vec<u32> = routes.iter().map(|route| route.peer).collect();
        for viewer in viewers {
            self.allocate_one(now, viewer);
        }
        self.to_aim.push(key);
        self.aim_all(now);
    }

    /// Gives the pictures of a peer's slots the layers that its way down carries.
    pub(super) fn allocate(&mut self, now: Instant, key: u32) {
        self.allocate_one(now, key);
        self.aim_all(now);
    }

    /// The same, and leaves it to the caller to aim what has changed: with a thousand watchers that is done once for all of
    /// them.
    fn allocate_one(&mut self, now: Instant, key: u32) {
        let bound = self.shedding.bound();
        let Self { peers, streams, rooms, asks, .. } = self;
        let Some(peer) = peers.get_mut(key) else { return };
        let speaker = rooms.get(peer.room).and_then(|room| room.speech.speakers().first());
        let speaker = speaker.and_then(|stream| streams.get(*stream)).map(|stream| Arc::clone(&stream.owner));
        let mut audio_bps = 0;
        asks.clear();
        for (at, slot) in peer.downlink.slots.iter().enumerate() {
            let Some(content) = slot.content.as_ref().filter(|it| !it.cannot_decode) else { continue };
            let Some(stream) = streams.get(content.stream) else { continue };
            if is_picture(content.source) {
                let shown = |tile: &&Tile| tile.peer == content.peer && tile.source == content.source;
                let is_chosen = peer.view.iter().filter(shown).any(|tile| tile.pinned)
                    || speaker.as_ref() == Some(&stream.owner) && content.source == Source::Camera;
                asks.extend(stream.ask((key, at), content.stream, is_chosen));
            } else {
                audio_bps += stream.sound_bps();
            }
        }
        peer.downlink.allocate(now, audio_bps, bound, asks);
        let is_measured = peer.downlink.bandwidth.is_measured();
        let mut is_paused = false;
        for at in 0..self.asks.len() {
            let ask = self.asks[at];
            let (given, is_short) = (ask.given(), is_measured && ask.is_short());
            if let Some(peer) = self.peers.get_mut(key) {
                is_paused |= peer.downlink.slots[ask.slot].pause(given.is_none());
            }
            let Some(stream) = self.streams.get_mut(ask.stream) else { continue };
            let is_news = stream.grant((key, ask.slot), given, is_short);
            if let Some(peer) = self.peers.get_mut(key)
                && (given.is_none() && is_news || peer.downlink.is_behind(now) && stream.cut((key, ask.slot)))
            {
                peer.downlink.give_up(ask.slot); // it goes on with a key frame
            }
            if is_news {
                self.to_aim.push(ask.stream);
            }
        }
        if is_paused {
            self.tell_slots(key);
        }
    }

    /// The worker's turns go like this: who cannot keep up sends fewer pictures, at once.
    pub(super) fn shed(&mut self, now: Instant, load: Load) {
        let pictures: Vec<_> = self.peers.iter().map(|(_, peer)| peer.downlink.pictures).collect();
        if !self.shedding.decide(now, load, &pictures) {
            return; // what is more waits for its receiver's feedback
        }
        let keys: Vec<u32> = self.peers.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.allocate_one(now, key);
        }
        self.aim_all(now);
    }

    fn aim_all(&mut self, now: Instant) {
        let mut streams = std::mem::take(&mut self.to_aim);
        streams.sort_unstable();
        streams.dedup();
        for stream in streams.drain(..) {
            self.aim(now, stream);
        }
        self.to_aim = streams;
    }

    /// Who gets which layer of a stream may change: its layers did, or somebody's tile.
    fn aim(&mut self, now: Instant, key: u32) {
        let Self { streams, peers, .. } = self;
        let is_connected = |peer: u32| peers.get(peer).is_some_and(|it| it.transport.is_connected());
        if let Some(stream) = streams.get_mut(key)
            && stream.aim(is_connected)
        {
            self.serve(now, key);
        }
        self.tell_layers(now, key);
    }

    /// Tells who brings the stream which layers to send, if that has changed.
    pub(super) fn tell_layers(&mut self, now: Instant, key: u32) {
        let Some(stream) = self.streams.get_mut(key) else { return };
        if let Publisher::Part(name) = stream.publisher {
            if let Some(wanted) = stream.wanted_layers(now) {
                self.relays.say(name.part, &Frame::Want { stream: name.stream, layers: bits(wanted) });
            }
            return self.serve(now, key);
        }
        // A client sends the one layer that it has.
        let Some(wanted) = (stream.layers.len() > 1).then(|| stream.wanted_layers(now)).flatten() else {
            return;
        };
        let layers = stream.names.iter().zip(wanted).filter(|(_, wanted)| *wanted);
        let layers = layers.map(|(name, _)| Arc::clone(name)).collect();
        let (peer, source, room) = (Arc::clone(&stream.owner), stream.source, stream.room);
        self.tell(room, |room| Event::LayersWanted { room, peer, source, layers });
    }

    /// Pixels of the largest tile in which a peer shows a stream.
    fn tile(&self, key: u32, stream: u32) -> u32 {
        let shown = self.streams.get(stream).map(|it| (&it.owner, it.source));
        let tiles = self.peers.get(key).map(|peer| peer.view.as_slice()).unwrap_or_default();
        let shown = tiles.iter().filter(|tile| Some((&tile.peer, tile.source)) == shown);
        shown.map(|tile| u32::from(tile.width) * u32::from(tile.height)).max().unwrap_or(0)
    }
}

pub(super) fn is_picture(source: Source) -> bool {
    matches!(source, Source::Camera | Source::Screen)
}

/// Who watches one person hears that one or nobody, and a view may name sounds as well.
fn names_sounds(peer: &Peer) -> bool {
    peer.offer.shape == Shape::Watcher || peer.view.iter().any(is_sound_tile)
}

fn is_sound(source: Source) -> bool {
    !is_picture(source)
}

fn is_sound_tile(tile: &Tile) -> bool {
    is_sound(tile.source)
}
