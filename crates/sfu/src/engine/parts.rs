//! The other parts of a room, on other engines: what this one tells them, and what follows from what they tell.
//!
//! Every part tells every other one what its own people publish, and sends what is wanted. What came from a part goes to none:
//! nothing circles. The part with the lowest number elects who is heard, by what all tell of their microphones.

use std::sync::Arc;
use std::time::Instant;

use super::{Engine, upkeep};
use crate::Outbox;
use crate::clock::Clock;
use crate::drops::Drop;
use crate::layers::Layer;
use crate::relay::{self, Frame, MAX_LEVELS, Name, Offered, Outlet, frames};
use crate::sdp::{MAX_LAYERS, SlotKind};
use crate::stream::{About, Publisher, Stream};
use crate::timers::Due;

impl Engine {
    /// This engine's number among those that may share rooms; to be said before the first call.
    #[must_use]
    pub fn numbered(mut self, part: u32) -> Self {
        self.relays.own = part;
        self
    }

    /// Another engine has a part of the room, or is about to.
    pub fn link(&mut self, now: Instant, room: &str, part: u32, out: &mut Outbox) {
        self.guarded(now, out, |engine, _| {
            if let Some(key) = engine.room_keys.get(room).copied() {
                engine.add_part(key, part);
                engine.greet(key, part, false);
            }
        });
    }

    /// Takes what another engine says, in the order in which it did.
    pub fn hear(&mut self, now: Instant, from: u32, said: &[u8], out: &mut Outbox) {
        for frame in frames(said) {
            self.guarded(now, out, |engine, out| match frame {
                Some(frame) => engine.obey(now, from, frame, out),
                None => engine.drops.count(Drop::RelayMalformed),
            });
        }
    }

    /// Another engine is gone, with its parts of all rooms.
    pub fn lose(&mut self, now: Instant, part: u32, out: &mut Outbox) {
        self.guarded(now, out, |engine, _| {
            let rooms: Vec<u32> = engine.rooms.iter().map(|(key, _)| key).collect();
            for room in rooms {
                engine.remove_part(now, room, part);
            }
        });
    }

    /// Something to say to another engine, by its number.
    pub fn take_said(&mut self) -> Option<(u32, Vec<u8>)> {
        self.relays.take()
    }

    fn obey(&mut self, now: Instant, from: u32, frame: Frame<'_>, out: &mut Outbox) {
        match frame {
            Frame::Hello { room, is_answer, name } => self.greeted(now, from, (room, name), is_answer),
            Frame::Bye { name } => {
                if let Some(key) = self.room_keys.get(name).copied() {
                    self.remove_part(now, key, from);
                }
            }
            Frame::Offer { room, offered } => {
                if let Some(key) = self.relays.rooms.get(&(from, room)).copied() {
                    self.offered(now, key, from, &offered);
                }
            }
            Frame::Gone { stream } => {
                if let Some(key) = self.relays.streams.get(&(from, stream)).copied() {
                    self.remove_relayed(now, key);
                }
            }
            Frame::Want { stream, layers } => {
                if let Some(key) = self.relays.offered.get(&stream).copied() {
                    self.wanted_by(now, key, from, relay::layers(layers));
                }
            }
            Frame::Refresh { stream, layer } => {
                let key = self.relays.offered.get(&stream).copied();
                if let Some(key) = key
                    && let Some(layer) = self.layer(key, layer)
                {
                    layer.key_frames.want();
                    self.serve(now, key);
                }
            }
            Frame::Clock { stream, layer, age, timestamp } => {
                let key = self.relays.streams.get(&(from, stream)).copied();
                if let Some(key) = key
                    && self.layer(key, layer).is_some()
                {
                    let ntp = self.clock.ntp(now).wrapping_sub(age.cast_unsigned());
                    self.clock_reported(now, (key, layer.into()), ntp, timestamp, out);
                }
            }
            Frame::Layers { stream, layers } => {
                let key = self.relays.streams.get(&(from, stream)).copied();
                if let Some(key) = key
                    && let Some(stream) = self.streams.get_mut(key)
                {
                    let both = stream.layers.iter_mut().zip(layers);
                    let news =
                        both.filter_map(|(layer, told)| layer.hear(told, now).then_some(())).count() > 0;
                    if news {
                        self.layers_changed(now, key);
                    }
                }
            }
            Frame::Levels { levels, .. } => {
                for (stream, level) in levels {
                    let key = self.relays.streams.get(&(from, stream));
                    if let Some(stream) = key.and_then(|key| self.streams.get_mut(*key)) {
                        stream.sounded(level);
                    }
                }
            }
            Frame::Heard { room, elected, speakers } => {
                if let Some(key) = self.relays.rooms.get(&(from, room)).copied() {
                    self.heard(now, key, from, &elected, &speakers);
                }
            }
            Frame::Packet { stream, mut packet } => {
                let key = self.relays.streams.get(&(from, stream)).copied();
                if let Some(key) = key
                    && self.layer(key, packet.layer).is_some()
                    && self.media(now, key, &mut packet, out)
                {
                    self.serve(now, key);
                }
            }
        }
    }

    fn layer(&mut self, stream: u32, layer: u8) -> Option<&mut Layer> {
        self.streams.get_mut(stream)?.layers.get_mut(usize::from(layer))
    }

    // --- parts that come and go --------------------------------------------------------------------------------------

    /// Says that this part is there, and what it has.
    fn greet(&mut self, key: u32, part: u32, is_answer: bool) {
        let Some(room) = self.rooms.get(key) else { return };
        self.relays.say(part, &Frame::Hello { room: key, is_answer, name: &room.name });
        for peer in &room.peers {
            let Some(peer) = self.peers.get(*peer) else { continue };
            for line in peer.uplink.lines() {
                if let Some(stream) = self.streams.get(line.stream).filter(|it| it.on) {
                    self.relays.say(part, &offer(key, stream));
                }
            }
        }
    }

    fn greeted(&mut self, now: Instant, from: u32, (number, name): (u32, &str), is_answer: bool) {
        let Some(key) = self.room_keys.get(name).copied() else {
            return self.relays.say(from, &Frame::Bye { name });
        };
        if !is_answer {
            self.remove_part(now, key, from); // what was known is of an earlier life
        }
        self.relays.rooms.insert((from, number), key);
        self.add_part(key, from);
        if !is_answer {
            self.greet(key, from, true);
        }
        self.tell_heard(key);
    }

    fn add_part(&mut self, key: u32, part: u32) {
        if let Some(room) = self.rooms.get_mut(key)
            && !room.parts.contains(&part)
        {
            room.parts.push(part);
            room.speech.follows = !room.leads(self.relays.own);
        }
    }

    /// A part has nobody any more: what it sent ends, and it gets nothing.
    fn remove_part(&mut self, now: Instant, key: u32, part: u32) {
        let Some(room) = self.rooms.get_mut(key) else { return };
        room.parts.retain(|it| *it != part);
        room.speech.follows = !room.leads(self.relays.own);
        let relayed: Vec<u32> = room.relayed.values().flatten().copied().collect();
        let own: Vec<u32> = room.peers.clone();
        self.relays.rooms.retain(|(from, _), room| (*from, *room) != (part, key));
        let streams = &self.streams;
        let theirs = relayed.into_iter().filter(|stream| {
            let publisher = streams.get(*stream).map(|it| it.publisher);
            matches!(publisher, Some(Publisher::Part(name)) if name.part == part)
        });
        for stream in theirs.collect::<Vec<_>>() {
            self.remove_relayed(now, stream);
        }
        for peer in own {
            let lines = self.peers.get(peer).map(|peer| peer.uplink.lines()).unwrap_or_default();
            for stream in lines.iter().map(|line| line.stream).collect::<Vec<_>>() {
                self.wanted_by(now, stream, part, [false; MAX_LAYERS]);
            }
        }
    }

    /// The room's last peer here is gone.
    pub(super) fn leave_parts(&mut self, key: u32, room: &crate::room::Room) {
        for part in &room.parts {
            self.relays.say(*part, &Frame::Bye { name: &room.name });
        }
        for stream in room.relayed.values().flatten() {
            if let Some(Publisher::Part(name)) = self.streams.remove(*stream).map(|it| it.publisher) {
                self.relays.streams.remove(&(name.part, name.stream));
            }
        }
        self.relays.rooms.retain(|_, room| *room != key);
    }

    // --- streams of here ---------------------------------------------------------------------------------------------

    /// A stream of a peer was switched on: the other parts are told.
    pub(super) fn offer_stream(&mut self, key: u32) {
        let Some(stream) = self.streams.get_mut(key) else { return };
        stream.number = self.relays.offer(key);
        let parts = self.rooms.get(stream.room).map(|room| room.parts.as_slice()).unwrap_or_default();
        for part in parts {
            self.relays.say(*part, &offer(stream.room, stream));
        }
    }

    /// A stream of a peer was switched off, or is gone with its peer.
    pub(super) fn withdraw(&mut self, key: u32) {
        let Some(stream) = self.streams.get_mut(key) else { return };
        stream.outlets.clear();
        self.relays.offered.remove(&stream.number);
        let parts = self.rooms.get(stream.room).map(|room| room.parts.as_slice()).unwrap_or_default();
        for part in parts {
            self.relays.say(*part, &Frame::Gone { stream: stream.number });
        }
    }

    /// A part wants these layers of a stream, and no others.
    fn wanted_by(&mut self, now: Instant, key: u32, part: u32, layers: [bool; MAX_LAYERS]) {
        let Some(stream) = self.streams.get_mut(key) else { return };
        let before = stream.outlets.iter().find(|it| it.part == part).map(|it| it.layers);
        if before.unwrap_or_default() == layers {
            return;
        }
        stream.outlets.retain(|it| it.part != part);
        if layers.contains(&true) {
            stream.outlets.push(Outlet { part, layers });
        }
        let fresh = (0..stream.layers.len()).filter(|at| layers[*at] && !before.unwrap_or_default()[*at]);
        for at in fresh {
            if let Some((ntp, timestamp)) = stream.layers[at].reference() {
                let frame = clock(stream, at, age(self.clock, now, ntp), timestamp);
                self.relays.say(part, &frame);
            }
        }
        let is_fresh = (0..stream.layers.len()).any(|at| layers[at] && !before.unwrap_or_default()[at]);
        stream.cancel_unwanted();
        self.tell_layers(now, key);
        if is_fresh {
            self.relay_layers(key, Some(part));
        }
    }

    /// Tells a part, or all that get the stream, what becomes of its layers.
    pub(super) fn relay_layers(&mut self, key: u32, only: Option<u32>) {
        let Some(stream) = self.streams.get(key).filter(|it| it.is_simulcast()) else { return };
        for outlet in stream.outlets.iter().filter(|it| only.is_none_or(|only| it.part == only)) {
            let layers = stream.layers.iter().map(Layer::told).collect();
            self.relays.say(outlet.part, &Frame::Layers { stream: stream.number, layers });
        }
    }

    /// A publisher told the time of day of a layer's time stamp: so are those that get the layer.
    pub(super) fn relay_clock(&mut self, now: Instant, key: u32, layer: usize, ntp: u64, timestamp: u32) {
        let Some(stream) = self.streams.get(key) else { return };
        for outlet in stream.outlets.iter().filter(|it| it.layers[layer]) {
            let frame = clock(stream, layer, age(self.clock, now, ntp), timestamp);
            self.relays.say(outlet.part, &frame);
        }
        self.relay_layers(key, None); // at times, what they cost
    }

    // --- streams of other parts --------------------------------------------------------------------------------------

    fn offered(&mut self, now: Instant, room: u32, from: u32, offered: &Offered<'_>) {
        let name = Name { part: from, stream: offered.stream };
        if self.relays.streams.contains_key(&(from, offered.stream)) {
            return;
        }
        let owner: Arc<str> = offered.owner.into();
        let about = About {
            room,
            owner: Arc::clone(&owner),
            source: offered.source,
            names: offered.names.iter().map(|it| Arc::from(*it)).collect(),
            stable_id: offered.stable_id,
        };
        let key = self.streams.insert_with(|_| Stream::new(Publisher::Part(name), about));
        if let Some(stream) = self.streams.get_mut(key) {
            stream.switch(true);
        }
        self.relays.streams.insert((from, offered.stream), key);
        if let Some(room) = self.rooms.get_mut(room) {
            room.relayed.entry(owner).or_default().push(key);
        }
        let mut kinds = Vec::new();
        self.switched(now, room, (offered.source, key), true, &mut kinds);
        self.fill_room(now, room, &kinds);
    }

    fn remove_relayed(&mut self, now: Instant, key: u32) {
        let Some(stream) = self.streams.remove(key) else { return };
        if let Publisher::Part(name) = stream.publisher {
            self.relays.streams.remove(&(name.part, name.stream));
        }
        if let Some(room) = self.rooms.get_mut(stream.room)
            && let Some(streams) = room.relayed.get_mut(&stream.owner)
        {
            streams.retain(|it| *it != key);
            if streams.is_empty() {
                room.relayed.remove(&stream.owner);
            }
        }
        let mut kinds = Vec::new();
        self.switched(now, stream.room, (stream.source, key), false, &mut kinds);
        self.fill_room(now, stream.room, &kinds);
    }

    /// Wakes who brings a stream, when there is something to ask for.
    pub(super) fn serve(&mut self, now: Instant, key: u32) {
        let Some(stream) = self.streams.get(key) else { return };
        match stream.publisher {
            Publisher::Peer(peer) => self.arm(now, peer),
            Publisher::Part(_) => {
                if let Some(at) = stream.next_due(now)
                    && let Some(room) = self.rooms.get_mut(stream.room)
                {
                    let at = at.max(now + upkeep::RESOLUTION);
                    room.relay_alarm.no_later_than(at, Due::Relayed(stream.room), &mut self.timers);
                }
            }
        }
    }

    /// Asks the other parts for what is due.
    pub(super) fn wake_relayed(&mut self, now: Instant, at: Instant, key: u32) {
        let Some(room) = self.rooms.get_mut(key).filter(|room| room.relay_alarm.is_set_for(at)) else {
            return;
        };
        room.relay_alarm.clear();
        let relayed: Vec<u32> = room.relayed.values().flatten().copied().collect();
        for key in relayed {
            let Some(stream) = self.streams.get_mut(key) else { continue };
            let Publisher::Part(name) = stream.publisher else { continue };
            for (at, layer) in stream.layers.iter_mut().enumerate() {
                if layer.key_frames.due(now).is_some_and(|at| at <= now) {
                    layer.key_frames.requested(now);
                    self.relays.say(name.part, &Frame::Refresh { stream: name.stream, layer: at as u8 });
                }
            }
            self.tell_layers(now, key);
            self.serve(now, key);
        }
    }

    // --- who is heard ------------------------------------------------------------------------------------------------

    /// Tells the other parts how loud the microphones of this one were, of which `loud` are (level, stream).
    pub(super) fn tell_levels(&mut self, key: u32, loud: &mut Vec<(u8, u32)>) {
        let Some(room) = self.rooms.get(key).filter(|room| !room.parts.is_empty()) else { return };
        loud.sort_unstable();
        loud.truncate(MAX_LEVELS);
        let number = |(level, stream): &(u8, u32)| Some((self.streams.get(*stream)?.number, *level));
        let levels = loud.iter().filter_map(number).collect();
        let frame = Frame::Levels { room: key, levels };
        for part in &room.parts {
            self.relays.say(*part, &frame);
        }
    }

    /// Tells the other parts who is heard, if it is here that this is decided.
    pub(super) fn tell_heard(&mut self, key: u32) {
        let own = self.relays.own;
        let Some(room) = self.rooms.get(key).filter(|room| room.leads(own) && !room.parts.is_empty()) else {
            return;
        };
        let name = |stream: &u32| {
            let stream = self.streams.get(*stream)?;
            Some(match stream.publisher {
                Publisher::Peer(_) => Name { part: own, stream: stream.number },
                Publisher::Part(name) => name,
            })
        };
        let elected = room.speech.elected().iter().filter_map(name).collect();
        let speakers = room.speech.speakers().iter().filter_map(name).collect();
        let frame = Frame::Heard { room: key, elected, speakers };
        for part in &room.parts {
            self.relays.say(*part, &frame);
        }
    }

    /// Another part has decided who is heard.
    fn heard(&mut self, now: Instant, key: u32, from: u32, elected: &[Name], speakers: &[Name]) {
        let own = self.relays.own;
        let find = |names: &[Name]| names.iter().filter_map(|name| self.relays.find(*name)).collect();
        let (elected, speakers) = (find(elected), find(speakers));
        let Some(room) = self.rooms.get_mut(key) else { return };
        let lowest = room.parts.iter().copied().chain([own]).min();
        if lowest == Some(from) && room.speech.follow(elected, speakers) {
            self.fill_room(now, key, &[SlotKind::Speech]);
        }
    }
}

fn offer(room: u32, stream: &Stream) -> Frame<'_> {
    let names = stream.names.iter().map(|name| &**name).collect();
    let Stream { number, source, stable_id, owner, .. } = stream;
    let offered = Offered { stream: *number, source: *source, stable_id: *stable_id, owner, names };
    Frame::Offer { room, offered }
}

fn clock(stream: &Stream, layer: usize, age: i64, timestamp: u32) -> Frame<'static> {
    Frame::Clock { stream: stream.number, layer: layer as u8, age, timestamp }
}

/// How long ago a moment was: no two engines need to agree on the time of day.
fn age(clock: Clock, now: Instant, ntp: u64) -> i64 {
    clock.ntp(now).wrapping_sub(ntp).cast_signed()
}
