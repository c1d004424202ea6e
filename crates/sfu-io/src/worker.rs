//! One thread that drives one engine: requests, datagrams and timers in, datagrams and events out.
//!
//! A panic inside the work for one peer costs that peer (`sfu::Engine`). One that gets as far as here costs the worker's
//! rooms: everybody in them is told, and a fresh engine goes on with the same port and with what was asked and not done.

#![allow(clippy::disallowed_methods, reason = "the one place where the engine's time comes from")]

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use sfu::{Command, CommandKind, Config, Engine, Event, Limits, Outbox, RejectCode, Remote, RoomSnapshot};

use crate::addresses::{Route, StartError, candidates, cannot_listen, routes};
use crate::places::{Places, Table};
use crate::queues::{Events, Request, Requests, Stopped, Told, lock};
use crate::socket::Socket;
use crate::sys;
use crate::tcp::Tcp;

/// Datagrams read before what they caused is sent. More joins longer runs to one receiver; less keeps the first one
/// from waiting for the last (64 take about 100 µs) and the outgoing burst short.
const RECEIVE_BATCH: usize = 64;

/// What waits in the outbox is sent at the latest when it is so much: a frame of ten packets to a hundred receivers would keep
/// the first of them waiting for as long as encrypting all takes. Less cuts runs to one receiver short.
const SEND_BYTES: usize = 512 << 10;

/// Ports that the system may choose until one is free for both protocols.
const FREE_PORTS: u32 = 16;

/// After a panic the worker rests so long, twice as long after each further one, up to the last: what always fails must not
/// spin, and the worker's rooms are to be back within 3 s.
const FIRST_REST: Duration = Duration::from_millis(5);
const LAST_REST: Duration = Duration::from_secs(1);

/// So long without a panic, and the next one counts as the first again.
const CALM: Duration = Duration::from_secs(60);

/// Poll passes over it.
const NO_FILE: RawFd = -1;

/// What an operator can set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `address:port`; port 0 is any free one.
    pub listen: String,
    /// Whether clients may connect by TCP to the same port number, where a network takes no UDP.
    pub tcp: bool,
    /// `ip` or `ip:port` (of the first worker) of the answers' candidates; empty is every local address.
    pub advertise: Vec<String>,
    /// Between two `Event::Statistics`.
    pub statistics_interval: Duration,
    /// People of one room on a worker, before others of the room are placed on another one.
    pub spread_peers: usize,
    /// People of one room.
    pub peers_per_room: usize,
    /// What clients may take, of one worker.
    pub limits: Limits,
}

/// A running engine. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Worker {
    requests: Arc<Requests>,
    addresses: Vec<SocketAddr>,
    routes: Vec<Route>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A worker's place among others.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    /// From 0.
    pub(crate) number: usize,
    /// Where it tells what happened.
    pub(crate) events: Arc<Events>,
    /// Whom it tells which rooms it has.
    pub(crate) places: Arc<Places>,
    /// What each worker is asked to do, itself included: engines that share a room talk by it.
    pub(crate) workers: Arc<[Arc<Requests>]>,
}

impl Worker {
    /// Opens the sockets on an address of its own and starts the thread.
    pub(crate) fn start(post: Post, listen: SocketAddr, settings: Settings) -> Result<Self, StartError> {
        let (socket, tcp) = open(listen, settings.tcp)?;
        let failed = |source| cannot_listen(listen, "UDP", source);
        let bound = socket.address().map_err(failed)?;
        let addresses = candidates(bound, &settings.advertise, post.number)?;
        let by_tcp = addresses.iter().filter(|_| tcp.is_some()).map(|address| Remote::tcp(*address));
        let requests = Arc::clone(&post.workers[post.number]);
        let config = Config {
            candidates: addresses.iter().map(|address| Remote::from(*address)).chain(by_tcp).collect(),
            seed: [0; 32],
            wall_clock: SystemTime::UNIX_EPOCH,
            statistics_interval: settings.statistics_interval,
            limits: settings.limits,
        };
        let run = Run {
            engine: engine_of(&config, post.number).map_err(failed)?,
            config,
            socket,
            tcp,
            post,
            requests: Arc::clone(&requests),
            outbox: Outbox::new(),
            waiting: VecDeque::new(),
            moves: Vec::new(),
            unheard: 0,
            is_behind: false,
        };
        let thread = std::thread::Builder::new().name("media".into()).spawn(|| run.until_closed());
        let routes = routes(bound, &addresses);
        Ok(Self { requests, addresses, routes, thread: Mutex::new(Some(thread.map_err(failed)?)) })
    }

    /// Hands requests over, all or none.
    pub(crate) fn submit(&self, requests: Vec<Request>) -> Result<(), Stopped> {
        self.requests.submit(requests.into_iter())
    }

    /// The room after every command submitted before, and the number of its last event. Waits for the thread.
    pub(crate) fn snapshot(&self, room: &str) -> Result<(u64, Option<RoomSnapshot>), Stopped> {
        let (reply, answer) = sync_channel(1);
        self.requests.submit(std::iter::once(Request::Snapshot { room: room.into(), reply }))?;
        answer.recv().map_err(|_| Stopped::Died)
    }

    /// Lets the thread meet a fault.
    pub(crate) fn fail(&self) -> Result<(), Stopped> {
        self.requests.submit(std::iter::once(Request::Panic))
    }

    /// Where clients are told to send.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// How those addresses are reached from this machine.
    pub(crate) fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Stops the thread and closes the sockets; events that were not taken yet stay. Doing it again does nothing.
    pub(crate) fn close(&self) {
        let Some(thread) = lock(&self.thread).take() else { return };
        let _ = self.requests.submit(std::iter::once(Request::Close)); // it may have died by itself
        let _ = thread.join(); // a panic was caught and told before
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
    }
}

/// Both sockets on one port number.
fn open(listen: SocketAddr, tcp: bool) -> Result<(Socket, Option<Tcp>), StartError> {
    for _ in 0..FREE_PORTS {
        let udp = Socket::bind(listen).map_err(|source| cannot_listen(listen, "UDP", source))?;
        if !tcp {
            return Ok((udp, None));
        }
        let bound = udp.address().map_err(|source| cannot_listen(listen, "UDP", source))?;
        match Tcp::bind(bound) {
            Ok(tcp) => return Ok((udp, Some(tcp))),
            // The port that the system has chosen is free for UDP only.
            Err(error) if listen.port() == 0 && error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(cannot_listen(bound, "TCP", error)),
        }
    }
    Err(cannot_listen(listen, "TCP", ErrorKind::AddrInUse.into()))
}

/// An engine that begins now, with secrets of its own.
fn engine_of(config: &Config, number: usize) -> io::Result<Engine> {
    let config = Config { seed: sys::seed()?, wall_clock: SystemTime::now(), ..config.clone() };
    Ok(Engine::new(config, Instant::now()).numbered(number as u32))
}

/// What may have changed about who is where.
enum Move {
    /// Somebody was let in or refused.
    Came { room: Arc<str>, peer: Arc<str> },
    /// Somebody is gone.
    Left { room: Arc<str>, peer: Arc<str> },
    /// A room was closed.
    Closed { room: Arc<str> },
}

/// What the thread owns.
struct Run {
    engine: Engine,
    /// Without the secrets and the time of this engine.
    config: Config,
    socket: Socket,
    tcp: Option<Tcp>,
    post: Post,
    requests: Arc<Requests>,
    outbox: Outbox,
    /// Taken and not done yet.
    waiting: VecDeque<Request>,
    /// What the table of places is to be told.
    moves: Vec<Move>,
    /// Packets that another worker was too late to take.
    unheard: u64,
    /// Datagrams were left that had come.
    is_behind: bool,
}

impl Move {
    /// Tells it, as it has turned out.
    fn enter(self, worker: usize, engine: &Engine, table: &mut Table) {
        match self {
            Self::Came { room, peer } => {
                table.came(worker, &room, &peer);
                if !engine.has_peer(&room, &peer) {
                    table.left(worker, &room, &peer);
                }
            }
            Self::Left { room, peer } => {
                if !engine.has_peer(&room, &peer) {
                    table.left(worker, &room, &peer);
                }
            }
            Self::Closed { room } => {
                if !engine.has_room(&room) {
                    table.ended(worker, &room);
                }
            }
        }
    }
}

impl Run {
    fn until_closed(mut self) {
        let (requests, events) = (Arc::clone(&self.requests), Arc::clone(&self.post.events));
        let mut rest = FIRST_REST;
        loop {
            let begun = Instant::now();
            let end = catch_unwind(AssertUnwindSafe(|| while self.turn() {}));
            if end.is_ok() {
                drop(self); // the port is free before anybody learns of the end
                return requests.stop(Stopped::Closed);
            }
            let Some(next) = self.begin_anew() else {
                requests.stop(Stopped::Died);
                return events.die();
            };
            self = next;
            rest = if begun.elapsed() > CALM { FIRST_REST } else { LAST_REST.min(2 * rest) };
            std::thread::sleep(rest);
        }
    }

    /// After a panic: gives everybody up, and goes on with another engine on the same sockets. Nothing is kept that may be
    /// half done. `None` if even that fails.
    fn begin_anew(self) -> Option<Self> {
        let Self { mut engine, socket, tcp, post, requests, waiting, config, .. } = self;
        let last = catch_unwind(AssertUnwindSafe(|| {
            engine.give_up();
            std::iter::from_fn(|| engine.poll_event()).collect()
        }));
        let last: Vec<Event> = last.ok()?;
        let mut next = Self {
            engine: engine_of(&config, post.number).ok()?,
            socket: socket.renew(),
            tcp: tcp.map(Tcp::renew),
            post,
            requests,
            config,
            outbox: Outbox::new(),
            waiting,
            moves: Vec::new(),
            unheard: 0,
            is_behind: false,
        };
        for worker in next.post.workers.iter().filter(|it| !Arc::ptr_eq(it, &next.requests)) {
            // One that is closed has nobody to tell.
            let _ = worker.submit(std::iter::once(Request::Lost { part: next.post.number as u32 }));
        }
        next.post.places.with(|table| table.has_streams(next.post.number, 0));
        next.tell(last);
        Some(next)
    }

    /// Sleeps, then does everything that is due. `false` ends.
    fn turn(&mut self) -> bool {
        let next =
            self.engine.next_timeout().into_iter().chain(self.tcp.as_ref().and_then(Tcp::next_timeout)).min();
        let ended = Instant::now();
        let timeout = next.map(|at| at.saturating_duration_since(ended));
        // Left over where a turn was cut short by a panic.
        let timeout = if self.waiting.is_empty() { timeout } else { Some(Duration::ZERO) };
        let tcp = self.tcp.as_ref().map_or(NO_FILE, Tcp::fd);
        let [work, datagrams, streams] = sys::wait([self.requests.work_fd(), self.socket.fd(), tcp], timeout)
            .expect("poll fails on invalid arguments only");
        let now = Instant::now();
        self.engine.turned(now, if self.is_behind { Duration::ZERO } else { now - ended }, !self.is_behind);
        self.is_behind = false;
        if (work || !self.waiting.is_empty()) && !self.serve_requests() {
            return false;
        }
        if datagrams {
            self.receive();
        }
        if let Some(tcp) = &mut self.tcp
            && streams
        {
            let (now, engine, outbox) = (Instant::now(), &mut self.engine, &mut self.outbox);
            tcp.serve(now, |from, datagram| engine.receive(now, from, datagram, outbox));
        }
        let now = Instant::now();
        if self.engine.next_timeout().is_some_and(|at| at <= now) {
            self.engine.timeout(now, &mut self.outbox);
        }
        if let Some(tcp) = &mut self.tcp {
            tcp.expire(now);
        }
        self.flush();
        self.talk();
        self.publish();
        true
    }

    fn serve_requests(&mut self) -> bool {
        self.requests.take(&mut self.waiting);
        while let Some(request) = self.waiting.pop_front() {
            match request {
                Request::Command(command) => self.carry_out(command),
                Request::Snapshot { room, reply } => {
                    self.publish(); // and with that, number what the snapshot includes
                    let sequence = self.post.places.with(|table| table.counted(&room));
                    let _ = reply.send((sequence, self.engine.snapshot(&room))); // who asked may be gone
                }
                Request::Refuse { id, message } => {
                    self.publish();
                    self.tell(vec![Event::Rejected { id, code: RejectCode::LimitReached, message }]);
                }
                Request::End { room } => {
                    self.engine.close(Instant::now(), &room, &mut self.outbox);
                    self.moves.push(Move::Closed { room });
                    self.tell(Vec::new());
                }
                Request::Said { from, said } => {
                    self.engine.hear(Instant::now(), from, &said, &mut self.outbox);
                }
                Request::Lost { part } => self.engine.lose(Instant::now(), part, &mut self.outbox),
                Request::Close => {
                    self.flush();
                    self.publish();
                    return false;
                }
                Request::Panic => panic!("a bug, made for a test"),
            }
        }
        true
    }

    fn carry_out(&mut self, command: Command) {
        let room = Arc::clone(&command.room);
        self.moves.extend(match &command.kind {
            CommandKind::AddPeer { peer, .. } => Some(Move::Came { room, peer: Arc::clone(peer) }),
            CommandKind::RemovePeer { peer } => Some(Move::Left { room, peer: Arc::clone(peer) }),
            CommandKind::CloseRoom => Some(Move::Closed { room }),
            _ => None,
        });
        let (now, name, begins) =
            (Instant::now(), Arc::clone(&command.room), !self.engine.has_room(&command.room));
        self.engine.submit(now, command, &mut self.outbox);
        if begins && self.engine.has_room(&name) {
            let parts: Vec<usize> = self.post.places.with(|table| table.parts(&name).collect());
            for part in parts.into_iter().filter(|part| *part != self.post.number) {
                self.engine.link(now, &name, part as u32, &mut self.outbox);
            }
        }
    }

    /// Carries what the engine says to the others.
    fn talk(&mut self) {
        while let Some((part, said)) = self.engine.take_said() {
            self.unheard += self.post.workers[part as usize].say(self.post.number as u32, said) as u64;
        }
    }

    fn receive(&mut self) {
        let Self { engine, socket, tcp, outbox, is_behind, .. } = self;
        let mut left = RECEIVE_BATCH;
        *is_behind = true;
        while left > 0 {
            let now = Instant::now();
            let count = socket.receive(|from, datagram| engine.receive(now, from, datagram, outbox));
            if count == 0 {
                *is_behind = false;
                break;
            }
            left = left.saturating_sub(count);
            if socket.is_urgent() || outbox.bytes().len() >= SEND_BYTES {
                send(socket, tcp, outbox);
            }
        }
    }

    fn flush(&mut self) {
        send(&mut self.socket, &mut self.tcp, &mut self.outbox);
    }

    fn publish(&mut self) {
        let Some(first) = self.engine.poll_event() else { return };
        let rest = std::iter::from_fn(|| self.engine.poll_event());
        let events = std::iter::once(first).chain(rest).collect();
        self.tell(events);
    }

    /// Tells what happened, numbered, and at the same moment who is gone: whoever hears of it finds them placed anew.
    fn tell(&mut self, mut events: Vec<Event>) {
        let Self { engine, socket, tcp, post, moves, unheard, .. } = self;
        let mut streams = None;
        for event in &mut events {
            match event {
                Event::Statistics { worker, peers, drops, .. } => {
                    *worker = post.number as u32;
                    streams = Some(peers.iter().map(|peer| peer.down.len()).sum());
                    drops.extend(socket.drops().named());
                    drops.extend(tcp.iter().flat_map(Tcp::drops));
                    drops.extend((*unheard > 0).then_some(("relay_full", *unheard)));
                }
                Event::PeerFailed { room, peer, .. } => {
                    moves.push(Move::Left { room: Arc::clone(room), peer: Arc::clone(peer) });
                }
                _ => {}
            }
        }
        post.places.with(|table| {
            table.has_peers(post.number, engine.peers());
            if let Some(streams) = streams {
                table.has_streams(post.number, streams);
            }
            let number =
                |event| Told { sequence: Event::room(&event).map_or(0, |room| table.count(room)), event };
            let told: Vec<Told> = events.into_iter().map(number).collect();
            for it in moves.drain(..) {
                it.enter(post.number, engine, table);
            }
            post.events.publish(told.into_iter());
        });
    }
}

fn send(socket: &mut Socket, tcp: &mut Option<Tcp>, outbox: &mut Outbox) {
    socket.send(outbox, |run| {
        if let Some(tcp) = tcp {
            tcp.queue(run, outbox);
        }
    });
    if let Some(tcp) = tcp {
        tcp.flush();
    }
    outbox.clear();
}
