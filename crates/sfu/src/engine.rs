//! One worker: rooms, their peers, and every call from outside.
//!
//! ```text
//! submit  → commands.rs                      receive → datagrams.rs → demux.rs, peer.rs
//!             └→ slots.rs (who gets what)                └→ receive.rs → deliver → forward/ → send.rs
//!             └→ parts.rs (rooms of which other engines have a part)
//! timeout → upkeep.rs (reports, requests, speakers, statistics)
//! ```

mod commands;
mod datagrams;
mod parts;
mod slots;
mod upkeep;

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::allocate::Ask;
use crate::clock::Clock;
use crate::demux::Demux;
use crate::drops::Drops;
use crate::dtls::Identity;
use crate::peer::{Failure, HANDSHAKE_TIMEOUT, Peer};
use crate::random::Random;
use crate::relay::Relays;
use crate::room::Room;
use crate::shedding::Shedding;
use crate::slab::Slab;
use crate::stream::Stream;
use crate::timers::{Due, Timers};
use crate::{Command, Config, Event, Outbox, PeerSnapshot, RejectCode, Remote, RoomSnapshot};

/// One worker's media engine; see the crate's description for how it is driven.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    clock: Clock,
    random: Random,
    identity: Identity,
    rooms: Slab<Room>,
    room_keys: HashMap<Arc<str>, u32>,
    peers: Slab<Peer>,
    streams: Slab<Stream>,
    demux: Demux,
    timers: Timers,
    events: VecDeque<Event>,
    /// Datagrams that belong to no peer.
    drops: Drops,
    /// For whom work is being done: dropped if it panics.
    blamed: Option<u32>,
    statistics: upkeep::StatisticsState,
    /// The payload at hand, copied once for all who get it; kept for its memory.
    plain: Vec<u8>,
    /// What the peer at hand asks for; kept for its memory.
    asks: Vec<Ask>,
    /// Streams whose receivers may get another layer, once all of these are allocated to.
    to_aim: Vec<u32>,
    relays: Relays,
    shedding: Shedding,
}

impl Engine {
    /// An engine without rooms. `config.wall_clock` is the time of day at `now`.
    pub fn new(config: Config, now: Instant) -> Self {
        let mut timers = Timers::default();
        timers.arm(now + config.statistics_interval, Due::Statistics);
        Self {
            clock: Clock::new(now, config.wall_clock),
            random: Random::new(&config.seed),
            identity: Identity::generate(HANDSHAKE_TIMEOUT),
            config,
            rooms: Slab::new(),
            room_keys: HashMap::new(),
            peers: Slab::new(),
            streams: Slab::new(),
            demux: Demux::default(),
            timers,
            events: VecDeque::new(),
            drops: Drops::new(),
            blamed: None,
            statistics: upkeep::StatisticsState::new(now),
            plain: Vec::new(),
            asks: Vec::new(),
            to_aim: Vec::new(),
            relays: Relays::default(),
            shedding: Shedding::new(now),
        }
    }

    /// Carries a command out, or refuses it; exactly one `Accepted` or `Rejected` follows.
    pub fn submit(&mut self, now: Instant, command: Command, out: &mut Outbox) {
        let id = command.id;
        let before = self.events.len();
        if self.guarded(now, out, |engine, out| engine.carry_out(now, command, out)) {
            return;
        }
        let answered = self.events.iter().skip(before).any(|event| match event {
            Event::Accepted { id: it } | Event::Rejected { id: it, .. } => *it == id,
            _ => false,
        });
        if !answered {
            let message = "the engine failed at this command".to_owned();
            self.events.push_back(Event::Rejected { id, code: RejectCode::BadOffer, message });
        }
    }

    /// Takes one datagram, which is decrypted in place.
    pub fn receive(&mut self, now: Instant, from: impl Into<Remote>, datagram: &mut [u8], out: &mut Outbox) {
        let from = from.into();
        self.guarded(now, out, |engine, out| engine.take(now, from, datagram, out));
    }

    /// Does everything that is due at `now`.
    pub fn timeout(&mut self, now: Instant, out: &mut Outbox) {
        while let Some((at, due)) = self.timers.pop(now) {
            self.guarded(now, out, |engine, out| engine.wake(now, at, due, out));
        }
    }

    /// Hears how the caller's turn went that ended at `now`: for how long it slept before, and whether it was done then with
    /// everything that had come. Who is not, for long, has too much to do: fewer pictures are sent, and sound as before.
    pub fn turned(&mut self, now: Instant, slept: Duration, caught_up: bool) {
        if let Some(load) = self.shedding.turn(now, slept, caught_up) {
            self.shed(now, load);
        }
    }

    /// Tells that everybody is given up: the last call, of who ends this engine for a fault and begins with another one.
    pub fn give_up(&mut self) {
        let rooms: Vec<u32> = self.rooms.iter().map(|(key, _)| key).collect();
        for key in rooms {
            let Some(room) = self.rooms.get(key) else { continue };
            let peers = room.peers.iter().filter_map(|peer| self.peers.get(*peer));
            let peers: Vec<Arc<str>> = peers.map(|peer| Arc::clone(&peer.id)).collect();
            for peer in peers {
                let reason = Failure::Worker.name();
                self.tell(key, |room| Event::PeerFailed { room, peer, reason });
            }
        }
    }

    /// When [`Engine::timeout`] is next to be called.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The next thing the control plane has to know.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// How many peers there are.
    pub fn peers(&self) -> usize {
        self.peers.len()
    }

    /// Whether there is such a room.
    pub fn has_room(&self, room: &str) -> bool {
        self.room_keys.contains_key(room)
    }

    /// Whether a room has this peer.
    pub fn has_peer(&self, room: &str, peer: &str) -> bool {
        let room = self.room_keys.get(room).and_then(|key| self.rooms.get(*key));
        room.is_some_and(|room| room.by_id.contains_key(peer))
    }

    /// The room as it is now; `None` when there is no such room.
    pub fn snapshot(&self, room: &str) -> Option<RoomSnapshot> {
        let room = self.rooms.get(*self.room_keys.get(room)?)?;
        let peers = room
            .peers
            .iter()
            .filter_map(|key| self.peers.get(*key))
            .map(|peer| self.describe(peer))
            .collect();
        Some(RoomSnapshot { room: Arc::clone(&room.name), peers })
    }

    fn describe(&self, peer: &Peer) -> PeerSnapshot {
        let lines = peer.uplink.lines().iter();
        PeerSnapshot {
            peer: Arc::clone(&peer.id),
            connected: peer.transport.is_connected(),
            publish: peer.publish,
            subscribe: peer.subscribe,
            sources: lines
                .filter(|it| self.streams.get(it.stream).is_some_and(|it| it.on))
                .map(|it| it.source)
                .collect(),
            slots: peer.downlink.slots.iter().map(crate::send::DownSlot::describe).collect(),
        }
    }

    /// Runs `act`. A panic costs the peer it happened for, and nobody else; returns whether there was none.
    fn guarded(&mut self, now: Instant, out: &mut Outbox, act: impl FnOnce(&mut Self, &mut Outbox)) -> bool {
        self.blamed = None;
        let calm = catch_unwind(AssertUnwindSafe(|| act(self, out))).is_ok();
        if !calm && let Some(peer) = self.blamed.take() {
            self.fail(now, peer, Failure::Panic);
        }
        calm
    }

    /// Tells an event of a room.
    fn tell(&mut self, room: u32, event: impl FnOnce(Arc<str>) -> Event) {
        if let Some(room) = self.rooms.get(room) {
            self.events.push_back(event(Arc::clone(&room.name)));
        }
    }

    /// Gives a peer up and says why.
    fn fail(&mut self, now: Instant, peer: u32, failure: Failure) {
        let Some((id, room)) = self.peers.get(peer).map(|peer| (Arc::clone(&peer.id), peer.room)) else {
            return;
        };
        let reason = failure.name();
        self.tell(room, |room| Event::PeerFailed { room, peer: id, reason });
        self.remove_peer(now, peer);
    }

    /// Wakes the engine for a peer no later than the next thing that is due there.
    fn arm(&mut self, now: Instant, key: u32) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        if let Some(at) = peer.next_due(now, &self.streams) {
            // What is overdue waits for the next turn, so that a turn always ends.
            let at = at.max(now + upkeep::RESOLUTION);
            peer.alarm.no_later_than(at, Due::Peer(key), &mut self.timers);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::testing::some_moment;
    use crate::{CommandKind, Limits};

    fn engine(now: Instant) -> Engine {
        let config = Config {
            candidates: Vec::new(),
            seed: [1; 32],
            wall_clock: UNIX_EPOCH,
            statistics_interval: Duration::from_secs(3600),
            limits: Limits::default(),
        };
        Engine::new(config, now)
    }

    fn add(engine: &mut Engine, now: Instant, peer: &str) {
        let kind = CommandKind::AddPeer {
            peer: Arc::from(peer),
            offer: include_str!("../tests/fixtures/chromium.sdp").to_owned(),
            publish: true,
            subscribe: true,
            one_way: false,
        };
        engine.submit(now, Command { id: 1, room: Arc::from("room"), kind }, &mut Outbox::new());
    }

    #[test]
    fn a_panic_costs_the_peer_that_it_happened_for() {
        let now = some_moment();
        let mut engine = engine(now);
        add(&mut engine, now, "ana");
        add(&mut engine, now, "bo");
        while engine.poll_event().is_some() {}
        let bo = engine.rooms.get(0).unwrap().by_id["bo"];
        let calm = engine.guarded(now, &mut Outbox::new(), |engine, _| {
            engine.blamed = Some(bo);
            panic!("a bug, made for this test");
        });
        assert!(!calm);
        let event = engine.poll_event();
        assert!(
            matches!(&event, Some(Event::PeerFailed { peer, reason: "panic", .. }) if &**peer == "bo"),
            "{event:?}"
        );
        let room = engine.snapshot("room").unwrap();
        assert_eq!(room.peers.iter().map(|peer| &*peer.peer).collect::<Vec<_>>(), ["ana"]);
    }

    #[test]
    fn every_table_is_empty_after_the_last_peer() {
        let now = some_moment();
        let mut engine = engine(now);
        for peer in ["ana", "bo"] {
            add(&mut engine, now, peer);
        }
        for peer in ["ana", "bo"] {
            let kind = CommandKind::RemovePeer { peer: Arc::from(peer) };
            engine.submit(now, Command { id: 2, room: Arc::from("room"), kind }, &mut Outbox::new());
        }
        assert_eq!((engine.peers.len(), engine.streams.len(), engine.rooms.len()), (0, 0, 0));
        assert!(engine.room_keys.is_empty() && engine.demux.is_empty());
        assert!(engine.snapshot("room").is_none());
    }
}
