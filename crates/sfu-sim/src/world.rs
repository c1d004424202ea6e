//! Virtual time: one engine or several that share the room, their clients, and the networks between.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use sfu::{
    Command, CommandKind, Config, Engine, Event, Limits, Outbox, PeerStatistics, RoomSnapshot, Source, Tile,
};

use crate::download::Download;
use crate::network::LinkState;
use crate::{Client, ClientOptions, Link, Network};

/// Calls of one component at one moment before the world calls it stuck.
const MAX_CALLS_PER_MOMENT: u32 = 100_000;

/// Which client; an index that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(usize);

#[derive(Debug)]
struct Path {
    up: Link,
    down: Link,
    up_state: LinkState,
    /// Among the states of all ways down: several may share one.
    down_state: usize,
}

/// The room and everybody around it.
pub struct World {
    /// The present.
    pub now: Instant,
    /// Everything that the engine said, in order.
    pub events: Vec<(Instant, Event)>,
    /// Every datagram that a client sent, while [`World::record`] is on: (client's address, bytes).
    pub recorded: Vec<(SocketAddr, Vec<u8>)>,
    /// Bytes that the engines said to each other.
    pub said: usize,
    /// Whether clients' datagrams are kept.
    pub record: bool,
    /// The engines under test, each with a part of the room: people come to them by turns.
    engines: Vec<Engine>,
    room: Arc<str>,
    network: Network,
    clients: Vec<Client>,
    downloads: Vec<Download>,
    paths: Vec<Path>,
    down_states: Vec<LinkState>,
    sent: BTreeMap<SocketAddr, (u64, u64)>,
    outbox: Outbox,
    commands: u64,
}

/// How many engines share the room: everything that holds with one holds with several.
fn workers() -> usize {
    std::env::var("MEETINGHOUSE_WORKERS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn server(part: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, part as u8 + 1], 5000))
}

impl World {
    /// An empty meeting; `seed` decides the networks and the engine.
    pub fn new(seed: u64) -> Self {
        Self::build(seed, Duration::from_secs(1), workers())
    }

    /// An empty meeting on so many engines.
    pub fn spread(seed: u64, workers: usize) -> Self {
        Self::build(seed, Duration::from_secs(1), workers)
    }

    /// An empty meeting whose engine tells statistics so often, and which runs the same twice.
    pub fn watched(seed: u64, interval: Duration) -> Self {
        fastrand::seed(seed); // of this thread: str0m takes its SSRCs and names from there
        Self::build(seed, interval, workers())
    }

    #[expect(clippy::disallowed_methods, reason = "the origin of virtual time; its value does not matter")]
    fn build(seed: u64, statistics_interval: Duration, workers: usize) -> Self {
        let now = Instant::now();
        let engine = |part: usize| {
            let mut engine_seed = [0; 32];
            engine_seed[..8].copy_from_slice(&seed.to_le_bytes());
            engine_seed[31] = part as u8;
            let config = Config {
                candidates: vec![server(part).into()],
                seed: engine_seed,
                // No two clocks of a day agree.
                wall_clock: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + 1000 * part as u64),
                statistics_interval,
                limits: Limits::default(),
            };
            Engine::new(config, now).numbered(part as u32)
        };
        Self {
            now,
            events: Vec::new(),
            engines: (0..workers).map(engine).collect(),
            recorded: Vec::new(),
            said: 0,
            record: false,
            room: Arc::from("room"),
            network: Network::new(seed),
            clients: Vec::new(),
            downloads: Vec::new(),
            paths: Vec::new(),
            down_states: Vec::new(),
            sent: BTreeMap::new(),
            outbox: Outbox::new(),
            commands: 0,
        }
    }

    /// Somebody joins over good links.
    pub fn join(&mut self, name: &str) -> ClientId {
        self.join_with(name, ClientOptions::default(), Link::GOOD, Link::GOOD)
    }

    /// Somebody joins.
    pub fn join_with(&mut self, name: &str, options: ClientOptions, up: Link, down: Link) -> ClientId {
        self.join_through(name, options, up, down, |offer| offer)
    }

    fn join_through(
        &mut self,
        name: &str,
        options: ClientOptions,
        up: Link,
        down: Link,
        change: impl FnOnce(String) -> String,
    ) -> ClientId {
        let number = self.clients.len();
        let address = SocketAddr::from(([10, 1, (number / 200) as u8, (number % 200 + 1) as u8], 4000));
        let (client, offer) = Client::new(self.now, name, number as u32, address, options);
        self.clients.push(client);
        self.paths.push(Path { up, down, up_state: LinkState::default(), down_state: number });
        self.down_states.push(LinkState::default());
        let peer = Arc::from(name);
        let ClientOptions { publish, subscribe, one_way, .. } = options;
        self.submit(CommandKind::AddPeer { peer, offer: change(offer), publish, subscribe, one_way });
        ClientId(number)
    }

    /// Somebody joins over good links with an offer that was changed on its way.
    pub fn join_as(&mut self, name: &str, change: impl FnOnce(String) -> String) -> ClientId {
        self.join_through(name, ClientOptions::default(), Link::GOOD, Link::GOOD, change)
    }

    /// Joins everybody, lets them connect, and turns microphones and cameras on.
    pub fn meet<const N: usize>(&mut self, names: [&str; N]) -> [ClientId; N] {
        let ids = names.map(|name| self.join(name));
        self.run_until(Duration::from_secs(10), |world| {
            ids.iter().all(|id| world.client(*id).is_connected())
        });
        for id in ids {
            self.set_sources(id, &[Source::Microphone, Source::Camera]);
        }
        for viewer in ids {
            let others: Vec<_> =
                ids.iter().filter(|id| **id != viewer).map(|id| (*id, Source::Camera)).collect();
            self.set_view(viewer, &others);
        }
        ids
    }

    /// One of the clients.
    pub fn client(&self, id: ClientId) -> &Client {
        &self.clients[id.0]
    }

    /// One of the clients.
    pub fn client_mut(&mut self, id: ClientId) -> &mut Client {
        &mut self.clients[id.0]
    }

    /// The client of this name; the latest, when several had it.
    pub fn find(&self, name: &str) -> Option<ClientId> {
        self.clients.iter().rposition(|client| *client.name == *name).map(ClientId)
    }

    /// The number in the tags of a client's media.
    pub fn number(&self, id: ClientId) -> u32 {
        id.0 as u32
    }

    /// Changes what the network does between a client and the engine.
    pub fn set_links(&mut self, id: ClientId, up: Link, down: Link) {
        let path = &mut self.paths[id.0];
        path.up = up;
        path.down = down;
    }

    /// A client's way down.
    pub fn down(&self, id: ClientId) -> Link {
        self.paths[id.0].down
    }

    /// Lets these clients share one way down.
    pub fn share_down(&mut self, ids: &[ClientId], down: Link) {
        for id in ids {
            self.paths[id.0].down = down;
            self.paths[id.0].down_state = ids[0].0;
        }
    }

    /// Begins a TCP transfer of so many bytes, or without an end, over a client's way down as it is now; returns its number.
    pub fn download(&mut self, beside: ClientId, bytes: Option<u64>) -> usize {
        let number = self.downloads.len();
        let address = SocketAddr::from(([10, 2, (number / 200) as u8, (number % 200 + 1) as u8], 80));
        let delay = self.paths[beside.0].up.delay;
        self.downloads.push(Download::new(address, beside.0, delay, bytes));
        self.settle();
        number
    }

    /// Bytes of a TCP transfer that came, and whether all of them did.
    pub fn downloaded(&self, number: usize) -> (u64, bool) {
        (self.downloads[number].received(), self.downloads[number].is_done())
    }

    /// The longest that a datagram waited for the rate of a client's way down from `since` on.
    pub fn longest_queue(&self, id: ClientId, since: Instant) -> Duration {
        self.down_states[self.paths[id.0].down_state].longest_wait(since)
    }

    /// What the last statistics say of a client.
    pub fn statistics(&self, id: ClientId) -> Option<&PeerStatistics> {
        let name = &self.client(id).name;
        self.events.iter().rev().find_map(|(_, event)| match event {
            Event::Statistics { peers, .. } => peers.iter().find(|peer| peer.peer == *name),
            _ => None,
        })
    }

    /// Turns exactly these streams of a client on: in the client and by command.
    pub fn set_sources(&mut self, id: ClientId, sources: &[Source]) {
        let now = self.now;
        for source in [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio] {
            self.client_mut(id).publish(now, source, sources.contains(&source));
        }
        let peer = self.client(id).name.clone();
        self.submit(CommandKind::SetSources { peer, sources: sources.to_vec() });
    }

    /// Says what a client's layout shows, each 640×360.
    pub fn set_view(&mut self, id: ClientId, tiles: &[(ClientId, Source)]) {
        let tiles: Vec<_> = tiles.iter().map(|(whose, source)| (*whose, *source, (640, 360))).collect();
        self.set_sized_view(id, &tiles);
    }

    /// Says what a client's layout shows, and how large.
    pub fn set_sized_view(&mut self, id: ClientId, tiles: &[(ClientId, Source, (u16, u16))]) {
        let tiles = tiles
            .iter()
            .map(|(whose, source, (width, height))| Tile {
                peer: self.client(*whose).name.clone(),
                source: *source,
                width: *width,
                height: *height,
                pinned: false,
            })
            .collect();
        let peer = self.client(id).name.clone();
        self.submit(CommandKind::SetView { peer, tiles });
    }

    /// Takes a client out of the room; the client itself learns nothing.
    pub fn remove(&mut self, id: ClientId) {
        let peer = self.client(id).name.clone();
        self.submit(CommandKind::RemovePeer { peer });
    }

    /// A client renegotiates with new ICE credentials.
    pub fn restart_ice(&mut self, id: ClientId) {
        let now = self.now;
        let offer = self.client_mut(id).restart_ice(now);
        let peer = self.client(id).name.clone();
        self.submit(CommandKind::Renegotiate { peer, offer });
    }

    /// Submits a command to the room and returns its id.
    pub fn submit(&mut self, kind: CommandKind) -> u64 {
        self.commands += 1;
        let id = self.commands;
        let part = match &kind {
            CommandKind::AddPeer { peer, .. }
            | CommandKind::Renegotiate { peer, .. }
            | CommandKind::RemovePeer { peer }
            | CommandKind::SetView { peer, .. }
            | CommandKind::SetSources { peer, .. } => self.find(peer).map_or(0, |id| self.part(id)),
            CommandKind::CloseRoom => {
                let (now, room) = (self.now, self.room.clone());
                self.engines[1..].iter_mut().for_each(|engine| engine.close(now, &room, &mut self.outbox));
                0
            }
        };
        let (now, room) = (self.now, self.room.clone());
        let begins = !self.engines[part].has_room(&room);
        self.engines[part].submit(now, Command { id, room: room.clone(), kind }, &mut self.outbox);
        if begins {
            for other in 0..self.engines.len() {
                if other != part && self.engines[other].has_room(&room) {
                    self.engines[part].link(now, &room, other as u32, &mut self.outbox);
                }
            }
        }
        self.settle();
        id
    }

    /// The room as all parts have it; `None` when it is nowhere.
    pub fn snapshot(&self) -> Option<RoomSnapshot> {
        let parts = self.engines.iter().filter_map(|engine| engine.snapshot(&self.room));
        parts.reduce(|mut room, part| {
            room.peers.extend(part.peers);
            room
        })
    }

    /// The engine of one of the clients.
    fn part(&self, id: ClientId) -> usize {
        id.0 % self.engines.len()
    }

    /// An engine meets a fault: everybody is told, and another one takes its place.
    pub fn fail(&mut self, part: usize) {
        self.engines[part].give_up();
        self.settle();
        let config = Config {
            candidates: vec![server(part).into()],
            seed: [part as u8 + 100; 32],
            wall_clock: SystemTime::UNIX_EPOCH,
            statistics_interval: Duration::from_secs(1),
            limits: Limits::default(),
        };
        self.engines[part] = Engine::new(config, self.now).numbered(part as u32);
        let now = self.now;
        for engine in &mut self.engines {
            engine.lose(now, part as u32, &mut self.outbox);
        }
        self.settle();
    }

    /// Hands a datagram to the engine as if it came from `from`; returns the bytes that it answered at once, to anybody.
    pub fn inject(&mut self, from: SocketAddr, datagram: &[u8]) -> u64 {
        let before = self.bytes_sent();
        let mut bytes = datagram.to_vec();
        self.engines[0].receive(self.now, from, &mut bytes, &mut self.outbox);
        self.settle();
        self.bytes_sent() - before
    }

    /// Lets time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.step(end) {}
        self.now = end;
    }

    /// Lets time pass until `done`; panics after `limit` of virtual time.
    #[track_caller]
    pub fn run_until(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) {
        let end = self.now + limit;
        while !done(self) {
            assert!(self.step(end), "not reached within {limit:?} of virtual time");
        }
    }

    /// (datagrams, bytes) that the engine sent to an address.
    pub fn sent_to(&self, address: SocketAddr) -> (u64, u64) {
        self.sent.get(&address).copied().unwrap_or_default()
    }

    /// The last batch of statistics' count of a drop reason: of the whole engine and of all peers.
    pub fn drops(&self, reason: &str) -> u64 {
        let last = |part: usize| {
            self.events.iter().rev().find_map(move |(_, event)| match event {
                Event::Statistics { worker, peers, drops, .. } if *worker == part as u32 => {
                    Some((peers, drops))
                }
                _ => None,
            })
        };
        let batches = (0..self.engines.len()).filter_map(last);
        let all =
            batches.flat_map(|(peers, drops)| drops.iter().chain(peers.iter().flat_map(|peer| &peer.drops)));
        all.filter(|(name, _)| *name == reason).map(|(_, count)| count).sum()
    }

    fn bytes_sent(&self) -> u64 {
        self.sent.values().map(|(_, bytes)| bytes).sum()
    }

    /// Goes to the next moment at which something happens, and lets it happen; false when that is past `end`.
    fn step(&mut self, end: Instant) -> bool {
        let clients = self.clients.iter().map(Client::next_timeout).min();
        let engines = self.engines.iter().filter_map(Engine::next_timeout).min();
        let downloads = self.downloads.iter().filter_map(Download::next_timeout).min();
        let next = [clients, downloads, engines, self.network.next_arrival()];
        let Some(next) = next.into_iter().flatten().min() else { return false };
        if next > end {
            return false;
        }
        self.now = self.now.max(next);
        let mut calls = 0;
        while let Some(datagram) = self.network.arrived(self.now) {
            self.deliver(datagram.from, datagram.to, datagram.bytes);
            calls += 1;
            assert!(calls < MAX_CALLS_PER_MOMENT, "datagrams without end at one moment");
        }
        for part in 0..self.engines.len() {
            if self.engines[part].next_timeout().is_some_and(|at| at <= self.now) {
                self.engines[part].timeout(self.now, &mut self.outbox);
                self.settle();
                let again = self.engines[part].next_timeout();
                assert!(again.is_none_or(|at| at > self.now), "after a timeout the next one must lie ahead");
            }
        }
        let now = self.now;
        for client in self.clients.iter_mut().filter(|client| client.next_timeout() <= now) {
            client.timeout(now);
        }
        self.settle();
        true
    }

    fn deliver(&mut self, from: SocketAddr, to: SocketAddr, mut bytes: Vec<u8>) {
        if let Some(part) = (0..self.engines.len()).find(|part| server(*part) == to) {
            self.engines[part].receive(self.now, from, &mut bytes, &mut self.outbox);
        } else if let Some(client) = self.clients.iter_mut().find(|client| client.address == to) {
            client.receive(self.now, from, &bytes);
        } else if let Some(download) = self.downloads.iter_mut().find(|download| download.address == to) {
            download.receive(self.now, &bytes);
        }
        self.settle();
    }

    /// Carries everything that was said or sent to where it goes.
    fn settle(&mut self) {
        self.exchange();
        self.send_outbox();
        let parts = 0..self.engines.len();
        while let Some((part, mut event)) =
            parts.clone().find_map(|part| Some((part, self.engines[part].poll_event()?)))
        {
            if let Event::Statistics { worker, .. } = &mut event {
                *worker = part as u32;
            }
            if let Event::Answered { peer, sdp, .. } = &event
                && let Some(client) = self.clients.iter_mut().rev().find(|client| client.name == *peer)
            {
                client.answer(self.now, sdp);
            }
            self.events.push((self.now, event));
        }
        for (client, path) in self.clients.iter_mut().zip(&mut self.paths) {
            while let Some((to, bytes)) = client.outgoing() {
                if self.record {
                    self.recorded.push((client.address, bytes.clone()));
                }
                self.network.send(self.now, &path.up, &mut path.up_state, client.address, to, &bytes);
            }
        }
        for download in &mut self.downloads {
            let path = &self.paths[download.beside];
            for segment in download.work(self.now) {
                let state = &mut self.down_states[path.down_state];
                self.network.send(self.now, &path.down, state, server(0), download.address, &segment);
            }
        }
    }

    /// Lets the engines hear what they say to each other.
    fn exchange(&mut self) {
        let mut calls = 0;
        while let Some((from, (to, said))) =
            (0..self.engines.len()).find_map(|from| Some((from, self.engines[from].take_said()?)))
        {
            self.engines[to as usize].hear(self.now, from as u32, &said, &mut self.outbox);
            self.said += said.len();
            calls += 1;
            assert!(calls < MAX_CALLS_PER_MOMENT, "engines that talk without end");
        }
    }

    fn send_outbox(&mut self) {
        for (batch, bytes) in self.outbox.batches() {
            for datagram in bytes.chunks(batch.segment) {
                let (count, total) = self.sent.entry(batch.to.address).or_default();
                *count += 1;
                *total += datagram.len() as u64;
                let reached = self.clients.iter().position(|client| client.address == batch.to.address);
                if let Some(index) = reached {
                    let path = &self.paths[index];
                    let state = &mut self.down_states[path.down_state];
                    let from = server(index % self.engines.len());
                    self.network.send(self.now, &path.down, state, from, batch.to.address, datagram);
                }
            }
        }
        self.outbox.clear();
    }
}
