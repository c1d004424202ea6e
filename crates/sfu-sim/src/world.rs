//! Virtual time: one engine or several that share the room, their clients, and the networks between.

mod acts;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use sfu::{Config, Engine, Event, Limits, Outbox, PeerStatistics, RoomSnapshot};

use crate::download::Download;
use crate::network::LinkState;
use crate::processor::Processor;
use crate::{Client, Link, Network};

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
    /// The engines', by their numbers.
    processors: Vec<Processor>,
    room: Arc<str>,
    network: Network,
    clients: Vec<Client>,
    downloads: Vec<Download>,
    paths: Vec<Path>,
    down_states: Vec<LinkState>,
    received: u64,
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
            processors: (0..workers).map(|_| Processor::new(now)).collect(),
            recorded: Vec::new(),
            said: 0,
            record: false,
            room: Arc::from("room"),
            network: Network::new(seed),
            clients: Vec::new(),
            downloads: Vec::new(),
            paths: Vec::new(),
            down_states: Vec::new(),
            received: 0,
            sent: BTreeMap::new(),
            outbox: Outbox::new(),
            commands: 0,
        }
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

    /// From now on an engine takes so long for each datagram that comes in or goes out.
    pub fn set_cost(&mut self, part: usize, cost: Duration) {
        self.processors[part].cost = cost;
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

    /// Datagrams that came to the engines and left them.
    pub fn datagrams(&self) -> u64 {
        self.received + self.datagrams_sent()
    }

    fn datagrams_sent(&self) -> u64 {
        self.sent.values().map(|(datagrams, _)| datagrams).sum()
    }

    fn bytes_sent(&self) -> u64 {
        self.sent.values().map(|(_, bytes)| bytes).sum()
    }

    /// Goes to the next moment at which something happens, and lets it happen; false when that is past `end`.
    fn step(&mut self, end: Instant) -> bool {
        let clients = self.clients.iter().map(Client::next_timeout).min();
        let engines = (0..self.engines.len()).filter_map(|part| self.next_turn(part)).min();
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
            if self.next_turn(part).is_some_and(|at| at <= self.now) {
                self.turn(part);
            }
        }
        let now = self.now;
        for client in self.clients.iter_mut().filter(|client| client.next_timeout() <= now) {
            client.timeout(now);
        }
        self.settle();
        true
    }

    /// When an engine has something to do, and can.
    fn next_turn(&self, part: usize) -> Option<Instant> {
        let (engine, processor) = (&self.engines[part], &self.processors[part]);
        engine.next_timeout().map(|at| processor.no_earlier(at)).into_iter().chain(processor.next()).min()
    }

    /// An engine does what is due, and takes one of the datagrams that wait.
    fn turn(&mut self, part: usize) {
        let (now, before) = (self.now, self.datagrams_sent());
        let slept = self.processors[part].begin(now);
        self.engines[part].turned(now, slept, !slept.is_zero());
        let mut taken = 0;
        if let Some((from, mut bytes)) = self.processors[part].pop() {
            self.engines[part].receive(now, from, &mut bytes, &mut self.outbox);
            taken = 1;
        }
        if self.engines[part].next_timeout().is_some_and(|at| at <= now) {
            self.engines[part].timeout(now, &mut self.outbox);
            let again = self.engines[part].next_timeout();
            assert!(again.is_none_or(|at| at > now), "after a timeout the next one must lie ahead");
        }
        self.settle();
        let sent = self.datagrams_sent() - before;
        self.processors[part].end(now, taken + sent);
    }

    fn deliver(&mut self, from: SocketAddr, to: SocketAddr, mut bytes: Vec<u8>) {
        if let Some(part) = (0..self.engines.len()).find(|part| server(*part) == to) {
            self.received += 1;
            if self.processors[part].is_slow() {
                return self.processors[part].push(from, bytes);
            }
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
