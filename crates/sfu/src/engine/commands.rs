//! From the control plane: each command is checked first, then done.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::Engine;
use crate::dtls::DtlsServer;
use crate::ice::IceLite;
use crate::peer::{NewPeer, Peer, Transport};
use crate::receive::Uplink;
use crate::room::Room;
use crate::sdp::{self, Answer, Offer, Role, SdpError, Shape, SlotKind, SlotStream};
use crate::send::Downlink;
use crate::stream::{About, Publisher, Stream};
use crate::timers::Due;
use crate::{Command, CommandKind, Event, Outbox, RejectCode, Source, Tile, speech};

/// Bytes of a room's or peer's id.
const MAX_ID: usize = 64;

/// Every kind of slot, in the order in which they are filled.
const ALL_SLOTS: [SlotKind; 3] = [SlotKind::Speech, SlotKind::ScreenAudio, SlotKind::Video];

/// Why a command changed nothing.
struct Refusal {
    code: RejectCode,
    message: String,
}

fn refuse(code: RejectCode, message: impl fmt::Display) -> Refusal {
    Refusal { code, message: message.to_string() }
}

impl From<SdpError> for Refusal {
    fn from(error: SdpError) -> Self {
        refuse(if error.limit { RejectCode::LimitReached } else { RejectCode::BadOffer }, error)
    }
}

impl Engine {
    /// Carries a command out, or refuses it.
    pub(super) fn carry_out(&mut self, now: Instant, command: Command, out: &mut Outbox) {
        let Command { id, room, kind } = command;
        let result = match kind {
            CommandKind::AddPeer { peer, offer, publish, subscribe, one_way } => {
                let shape = match (one_way, publish) {
                    (false, _) => Shape::Meeting,
                    (true, true) => Shape::Publisher,
                    (true, false) => Shape::Watcher,
                };
                self.check_add(&room, &peer, &offer, shape).map(|offer| {
                    self.accept(id);
                    self.add_peer(now, room, peer, offer, publish, subscribe);
                })
            }
            CommandKind::Renegotiate { peer, offer } => {
                self.check_renegotiation(&room, &peer, &offer).map(|(key, offer)| {
                    self.accept(id);
                    self.renegotiate(now, key, offer);
                })
            }
            CommandKind::RemovePeer { peer } => self.find(&room, &peer).map(|key| {
                self.accept(id);
                self.take_leave(now, key, out);
                self.remove_peer(now, key);
            }),
            CommandKind::SetView { peer, tiles } => self.check_view(&room, &peer, &tiles).map(|key| {
                self.accept(id);
                self.set_view(now, key, tiles);
            }),
            CommandKind::SetSources { peer, sources } => self.find(&room, &peer).map(|key| {
                self.accept(id);
                self.set_sources(now, key, &sources);
            }),
            CommandKind::CloseRoom => self.find_room(&room).map(|key| {
                self.accept(id);
                self.close_room(now, key, out);
            }),
        };
        if let Err(Refusal { code, message }) = result {
            self.events.push_back(Event::Rejected { id, code, message });
        }
    }

    fn accept(&mut self, id: u64) {
        self.events.push_back(Event::Accepted { id });
    }

    fn find_room(&self, room: &str) -> Result<u32, Refusal> {
        self.room_keys
            .get(room)
            .copied()
            .ok_or_else(|| refuse(RejectCode::UnknownRoom, "there is no such room"))
    }

    fn find(&self, room: &str, peer: &str) -> Result<u32, Refusal> {
        let room = self.find_room(room)?;
        let found = self.rooms.get(room).and_then(|room| room.by_id.get(peer));
        found.copied().ok_or_else(|| refuse(RejectCode::UnknownPeer, "the room has no such peer"))
    }

    fn check_add(&self, room: &str, peer: &str, offer: &str, shape: Shape) -> Result<Offer, Refusal> {
        let limits = &self.config.limits;
        if room.len() > MAX_ID || peer.len() > MAX_ID {
            return Err(refuse(RejectCode::LimitReached, format_args!("an id has at most {MAX_ID} bytes")));
        }
        if self.find(room, peer).is_ok() {
            return Err(refuse(RejectCode::DuplicatePeer, "the room has this peer already"));
        }
        if self.peers.len() >= limits.peers {
            return Err(refuse(
                RejectCode::LimitReached,
                format_args!("the worker has {} peers", limits.peers),
            ));
        }
        Ok(sdp::parse(offer, limits, shape)?)
    }

    fn add_peer(
        &mut self,
        now: Instant,
        name: Arc<str>,
        id: Arc<str>,
        offer: Offer,
        publish: bool,
        subscribe: bool,
    ) {
        let (room, moment) = (self.room(name), self.clock.moment(now));
        let Self { random, identity, streams, peers, .. } = self;
        let ice = IceLite::new(random);
        let dtls = DtlsServer::new(identity, offer.fingerprint, now);
        let own_ssrc = random.u32();
        let downlink = Downlink::new(if subscribe { &offer.lines } else { &[] }, random, moment);
        let session_id = u64::from(random.u32()) << 32 | u64::from(random.u32());
        let key = peers.insert_with(|key| {
            let lines = if publish { offer.lines.as_slice() } else { &[] };
            let uplink = Uplink::new(lines, own_ssrc, now, |source, names| {
                let (owner, names) = (Arc::clone(&id), names.to_vec());
                let about = About { room, owner, source, names, stable_id: random.u32() };
                streams.insert_with(|_| Stream::new(Publisher::Peer(key), about))
            });
            let transport = Transport::new(ice, dtls, now);
            let id = Arc::clone(&id);
            Peer::new(
                NewPeer { id, room, publish, subscribe, transport, uplink, downlink, offer, session_id },
                now,
            )
        });
        self.blamed = Some(key);
        if let Some(room) = self.rooms.get_mut(room) {
            room.add(id, key);
        }
        self.answer(key);
        self.fill(now, key, &ALL_SLOTS);
        self.arm(now, key);
    }

    /// The room of that name, made if there is none.
    fn room(&mut self, name: Arc<str>) -> u32 {
        if let Some(key) = self.room_keys.get(&name) {
            return *key;
        }
        let key = self.rooms.insert_with(|_| Room::new(Arc::clone(&name)));
        self.room_keys.insert(name, key);
        key
    }

    /// Tells the answer to the peer's last offer.
    fn answer(&mut self, key: u32) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.session.1 += 1;
        for ufrag in peer.transport.ice.ufrags() {
            self.demux.expect(ufrag, key);
        }
        let slots: Vec<SlotStream> = peer
            .downlink
            .slots
            .iter()
            .map(|slot| SlotStream { ssrc: slot.ssrc, rtx_ssrc: slot.rtx_ssrc })
            .collect();
        let credentials = peer.transport.ice.credentials();
        let answer = Answer {
            session_id: peer.session.0,
            session_version: peer.session.1,
            ice_ufrag: &credentials.ufrag,
            ice_pwd: &credentials.password,
            fingerprint: &self.identity.fingerprint(),
            candidates: &self.config.candidates,
            slots: &slots,
            publish: peer.publish,
            subscribe: peer.subscribe,
        };
        let sdp = sdp::write(&peer.offer, &answer);
        let (id, room) = (Arc::clone(&peer.id), peer.room);
        self.tell(room, |room| Event::Answered { room, peer: id, sdp });
    }

    fn check_renegotiation(&self, room: &str, peer: &str, offer: &str) -> Result<(u32, Offer), Refusal> {
        let key = self.find(room, peer)?;
        let Some(peer) = self.peers.get(key) else {
            return Err(refuse(RejectCode::UnknownPeer, "the room has no such peer"));
        };
        let offer = sdp::parse(offer, &self.config.limits, peer.offer.shape)?;
        let bad = |message: &str| Err(refuse(RejectCode::BadOffer, message));
        if offer.fingerprint != peer.offer.fingerprint {
            return bad("another certificate needs another connection");
        }
        if offer.lines.len() < peer.offer.lines.len() {
            return bad("a later offer keeps all m-lines");
        }
        let (kept, added) = offer.lines.split_at(peer.offer.lines.len());
        if kept.iter().zip(&peer.offer.lines).any(|(new, old)| new.mid != old.mid || new.role != old.role) {
            return bad("a later offer keeps the order and the direction of its m-lines");
        }
        if added.iter().any(|line| matches!(line.role, Role::Send(_))) {
            return bad("a later offer adds slots only");
        }
        Ok((key, offer))
    }

    fn renegotiate(&mut self, now: Instant, key: u32, offer: Offer) {
        let Self { random, demux, peers, .. } = self;
        let Some(peer) = peers.get_mut(key) else { return };
        self.blamed = Some(key);
        if offer.ice_ufrag != peer.offer.ice_ufrag
            && let Some(retired) = peer.transport.ice.restart(random)
        {
            demux.retire(&retired);
        }
        if peer.subscribe {
            peer.downlink.add(&offer.lines[peer.offer.lines.len()..], random, now);
        }
        peer.offer = offer;
        self.answer(key);
        self.fill(now, key, &ALL_SLOTS);
    }

    fn check_view(&self, room: &str, peer: &str, tiles: &[Tile]) -> Result<u32, Refusal> {
        let key = self.find(room, peer)?;
        let limit = self.config.limits.tiles;
        if tiles.len() > limit {
            return Err(refuse(RejectCode::LimitReached, format_args!("a view has at most {limit} tiles")));
        }
        Ok(key)
    }

    fn set_view(&mut self, now: Instant, key: u32, tiles: Vec<Tile>) {
        self.blamed = Some(key);
        if let Some(peer) = self.peers.get_mut(key) {
            peer.view = tiles;
        }
        self.fill(now, key, &[SlotKind::Speech, SlotKind::Video]);
        self.aim_view(now, key);
    }

    fn set_sources(&mut self, now: Instant, key: u32, sources: &[Source]) {
        self.blamed = Some(key);
        let Some(peer) = self.peers.get(key) else { return };
        let room = peer.room;
        let lines: Vec<(Source, u32)> =
            peer.uplink.lines().iter().map(|line| (line.source, line.stream)).collect();
        let mut kinds = Vec::new();
        for (source, stream_key) in lines {
            let on = sources.contains(&source);
            let Some(stream) = self.streams.get_mut(stream_key).filter(|it| it.on != on) else { continue };
            stream.switch(on);
            if on {
                self.offer_stream(stream_key);
            } else {
                self.withdraw(stream_key);
            }
            self.switched(now, room, (source, stream_key), on, &mut kinds);
        }
        self.fill_room(now, room, &kinds);
    }

    /// A stream of the room was switched on or off: adds the kinds of slots that this may change for everybody, and fills
    /// those of the few whose speech does not follow the election.
    pub(super) fn switched(
        &mut self,
        now: Instant,
        key: u32,
        (source, stream): (Source, u32),
        on: bool,
        kinds: &mut Vec<SlotKind>,
    ) {
        let kind = match source {
            Source::Microphone => {
                let elected = self.switch_microphone(now, key, stream, on);
                self.fill_named(now, key);
                elected.then_some(SlotKind::Speech)
            }
            Source::ScreenAudio => {
                if let Some(room) = self.rooms.get_mut(key) {
                    room.screen_sounds.retain(|it| *it != stream);
                    room.screen_sounds.extend(on.then_some(stream));
                }
                self.fill_named(now, key);
                Some(SlotKind::ScreenAudio)
            }
            Source::Camera | Source::Screen => Some(SlotKind::Video),
        };
        if let Some(kind) = kind.filter(|kind| !kinds.contains(kind)) {
            kinds.push(kind);
        }
    }

    /// Returns whether somebody else is heard now.
    fn switch_microphone(&mut self, now: Instant, key: u32, stream: u32, on: bool) -> bool {
        let Some(room) = self.rooms.get_mut(key) else { return false };
        let changes = if on { room.speech.add(stream) } else { room.speech.remove(stream) };
        room.alarm.no_later_than(now + speech::TICK, Due::Room(key), &mut self.timers);
        if changes.speakers {
            self.tell_speakers(key);
        }
        if changes.speakers || changes.elected {
            self.tell_heard(key);
        }
        changes.elected
    }

    /// Forgets a peer, its streams and its addresses; an empty room goes with its last peer.
    pub(super) fn remove_peer(&mut self, now: Instant, key: u32) {
        let lines = self.peers.get(key).map(|peer| peer.uplink.lines()).unwrap_or_default();
        let is_on = |stream: u32| self.streams.get(stream).is_some_and(|it| it.on);
        let on: Vec<(Source, u32)> =
            lines.iter().filter(|line| is_on(line.stream)).map(|line| (line.source, line.stream)).collect();
        let Some(peer) = self.forget_peer(key) else { return };
        let Some(room) = self.rooms.get_mut(peer.room) else { return };
        room.remove(&peer.id, key);
        if room.peers.is_empty() {
            if let Some(last) = self.rooms.remove(peer.room) {
                self.room_keys.remove(&last.name);
                self.leave_parts(peer.room, &last);
            }
            return;
        }
        // Who sent nothing was in nobody's slot: a thousand who watch come and go without a word to the others.
        let mut kinds = Vec::new();
        for stream in on {
            self.switched(now, peer.room, stream, false, &mut kinds);
        }
        self.fill_room(now, peer.room, &kinds);
    }

    /// Ends the session of a standard client, who has no signalling that would tell (RFC 9725 §4.2). Our own client has,
    /// and would take a closed session for a broken one.
    fn take_leave(&mut self, now: Instant, key: u32, out: &mut Outbox) {
        if let Some(peer) = self.peers.get_mut(key).filter(|peer| peer.offer.shape != Shape::Meeting) {
            peer.transport.close(now, out);
        }
    }

    /// Ends the part of a room that is here, without a verdict: for those parts that were not asked.
    pub fn close(&mut self, now: Instant, room: &str, out: &mut Outbox) {
        if let Some(key) = self.room_keys.get(room).copied() {
            self.guarded(now, out, |engine, out| engine.close_room(now, key, out));
        }
    }

    fn close_room(&mut self, now: Instant, key: u32, out: &mut Outbox) {
        let Some(room) = self.rooms.remove(key) else { return };
        self.room_keys.remove(&room.name);
        for peer in &room.peers {
            self.take_leave(now, *peer, out);
            self.forget_peer(*peer);
        }
        self.leave_parts(key, &room);
    }

    /// Takes a peer out of every table but its room's.
    fn forget_peer(&mut self, key: u32) -> Option<Peer> {
        let peer = self.peers.remove(key)?;
        for ufrag in peer.transport.ice.ufrags() {
            self.demux.retire(ufrag);
        }
        for address in peer.transport.ice.addresses() {
            self.demux.forget(*address, key);
        }
        for slot in &peer.downlink.slots {
            if let Some(stream) = slot.content.as_ref().and_then(|it| self.streams.get_mut(it.stream)) {
                stream.remove_routes(|route| route.peer == key);
            }
        }
        for line in peer.uplink.lines() {
            if self.streams.get(line.stream).is_some_and(|it| it.on) {
                self.withdraw(line.stream);
            }
            self.streams.remove(line.stream);
        }
        Some(peer)
    }
}
