//! The thread of TURN: connections, their streams and their relayed addresses.

#![allow(clippy::disallowed_methods, reason = "the one place where the server's time comes from")]

use std::collections::{BTreeSet, HashMap};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ServerConnection;
use turn::{Server, Session};
use wire::stun::turn::take_frame;

use super::Shared;
use super::front::{Kind, Verdict, look};
use super::relay::{RECEIVE_BYTES, RelaySocket};
use super::stream::{Ended, Stream};
use crate::addresses::Route;
use crate::sys::{self, Epoll, Ready};

/// Connections that have proved nothing yet; the oldest makes room.
const MAX_STRANGERS: usize = 256;

/// A stranger's time until its first allocation: two handshakes and two requests on a slow path with lost segments.
const STRANGER: Duration = Duration::from_secs(10);

/// Between two looks at who is over.
const SWEEP: Duration = Duration::from_secs(1);

/// Bytes of one frame of a client: a datagram and what a Send indication has around it.
const MAX_FRAME: usize = 2048;

/// Datagrams read from one relayed address before the next: four runs of the largest size.
const RELAY_BATCH: usize = 64;

/// After the system would give no connection (no file left), the next try.
const REST: Duration = Duration::from_millis(500);

/// Tokens of listeners begin here; below are connections, each with its socket's beside it.
const LISTENERS: u64 = 1 << 62;

#[derive(Debug)]
struct Connection {
    stream: Stream,
    /// Not decided yet whose it is, and how much of it was seen.
    undecided: Option<usize>,
    session: Session,
    relay: RelaySocket,
    /// What the client said and is no whole frame yet.
    said: Vec<u8>,
    /// What it is told at the end of this turn.
    words: Vec<u8>,
    stranger_since: Instant,
    /// Epoll waits for room to write.
    watched: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Drops {
    queue_full: u64,
    relay_lost: u64,
    strangers: u64,
    refused: u64,
}

/// What the thread owns.
#[derive(Debug)]
pub(crate) struct Run {
    server: Server,
    listeners: Vec<(TcpListener, Kind)>,
    host: String,
    routes: Arc<[Route]>,
    max_connections: usize,
    shared: Arc<Shared>,
    epoll: Epoll,
    connections: HashMap<u64, Connection>,
    strangers: BTreeSet<u64>,
    next: u64,
    sweep: Option<Instant>,
    rests: Option<Instant>,
    ready: Vec<Ready>,
    buffer: Box<[u8]>,
    drops: Drops,
}

impl Run {
    pub(crate) fn new(
        server: Server,
        listeners: Vec<(TcpListener, Kind)>,
        host: String,
        routes: Vec<Route>,
        allocations: usize,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let epoll = Epoll::new()?;
        for (token, (listener, _)) in (LISTENERS..).zip(&listeners) {
            listener.set_nonblocking(true)?;
            epoll.add(listener.as_raw_fd(), token)?;
        }
        Ok(Self {
            server,
            listeners,
            host,
            routes: routes.into(),
            max_connections: allocations + MAX_STRANGERS,
            shared,
            epoll,
            connections: HashMap::new(),
            strangers: BTreeSet::new(),
            next: 0,
            sweep: None,
            rests: None,
            ready: Vec::new(),
            buffer: vec![0; RECEIVE_BYTES].into_boxed_slice(),
            drops: Drops::default(),
        })
    }

    pub(crate) fn until_closed(mut self) {
        while !self.shared.is_closing() {
            self.turn();
        }
    }

    fn turn(&mut self) {
        let next = self.sweep.into_iter().chain(self.rests).min();
        let timeout = next.map(|at| at.saturating_duration_since(Instant::now()));
        sys::wait([self.shared.work.fd(), self.epoll.fd()], timeout)
            .expect("poll fails on invalid arguments only");
        let mut ready = std::mem::take(&mut self.ready);
        self.epoll.take(&mut ready);
        let now = Instant::now();
        for Ready { token, readable, writable } in ready.drain(..) {
            if token >= LISTENERS {
                self.accept(now, (token - LISTENERS) as usize);
                continue;
            }
            let owner = token & !1;
            let Some(mut connection) = self.connections.remove(&owner) else { continue };
            let result = if token != owner {
                self.hear_workers(now, &mut connection);
                Ok(())
            } else if connection.undecided.is_some() {
                match self.decide(&mut connection) {
                    Verdict::Https => {
                        self.strangers.remove(&owner);
                        let _ = self.epoll.remove(connection.stream.fd());
                        self.shared.hand_over(connection.stream.into_fd());
                        continue;
                    }
                    Verdict::Gone => Err(Ended),
                    Verdict::Turn | Verdict::Wait => Ok(()),
                }
            } else {
                self.serve(now, owner, &mut connection, readable, writable)
            };
            match result.and_then(|()| self.flush(owner, &mut connection)) {
                Ok(()) => drop(self.connections.insert(owner, connection)),
                Err(Ended) => self.end(owner, connection),
            }
        }
        self.ready = ready;
        self.expire(now);
    }

    fn accept(&mut self, now: Instant, place: usize) {
        loop {
            let Some((listener, kind)) = self.listeners.get(place) else { return };
            let kind = *kind;
            match listener.accept() {
                Ok((stream, from)) => {
                    if self.begin(now, stream, from, kind).is_err() {
                        self.drops.refused += 1;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Gone before it was taken.
                Err(error)
                    if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                Err(_) => {
                    // No file or no memory left: the listener stays readable, and asking again at once would spin.
                    self.drops.refused += 1;
                    for (listener, _) in &self.listeners {
                        let _ = self.epoll.remove(listener.as_raw_fd());
                    }
                    self.rests = Some(now + REST);
                    return;
                }
            }
        }
    }

    fn begin(&mut self, now: Instant, tcp: TcpStream, from: SocketAddr, kind: Kind) -> io::Result<()> {
        if self.strangers.len() >= MAX_STRANGERS
            && let Some(&oldest) = self.strangers.first()
            && let Some(connection) = self.connections.remove(&oldest)
        {
            self.end(oldest, connection);
        }
        if self.connections.len() >= self.max_connections {
            return Err(ErrorKind::QuotaExceeded.into());
        }
        tcp.set_nonblocking(true)?;
        tcp.set_nodelay(true)?;
        let tls = if kind == Kind::Tls { Some(self.secured()?) } else { None };
        let token = self.next;
        self.epoll.add(tcp.as_raw_fd(), token)?;
        self.next += 2;
        let client = SocketAddr::new(from.ip().to_canonical(), from.port());
        let connection = Connection {
            stream: Stream::new(tcp, tls)?,
            undecided: (kind == Kind::Shared).then_some(0),
            session: self.server.begin(now, client),
            relay: RelaySocket::new(Arc::clone(&self.routes)),
            said: Vec::new(),
            words: Vec::new(),
            stranger_since: now,
            watched: false,
        };
        self.connections.insert(token, connection);
        self.strangers.insert(token);
        self.sweep.get_or_insert(now + SWEEP);
        Ok(())
    }

    fn secured(&self) -> io::Result<ServerConnection> {
        let config = self.shared.tls().ok_or(ErrorKind::Unsupported)?;
        ServerConnection::new(config).map_err(io::Error::other)
    }

    fn decide(&self, connection: &mut Connection) -> Verdict {
        let seen = connection.undecided.get_or_insert(0);
        let verdict = look(connection.stream.tcp(), &self.host, seen);
        if verdict != Verdict::Turn {
            return verdict;
        }
        // Nothing was taken: the descriptor is readable still, and the next turn reads.
        match self.secured() {
            Ok(tls) => {
                connection.stream.secure(tls);
                connection.undecided = None;
                verdict
            }
            Err(_) => Verdict::Gone,
        }
    }

    /// Takes what a client says.
    fn serve(
        &mut self,
        now: Instant,
        token: u64,
        connection: &mut Connection,
        readable: bool,
        writable: bool,
    ) -> Result<(), Ended> {
        if writable {
            connection.stream.flush()?;
        }
        if !readable {
            return Ok(());
        }
        let result = connection.stream.read(&mut connection.said);
        let Connection { session, relay, said, words, .. } = connection;
        let mut taken = 0;
        while let Some((frame, len)) = take_frame(&said[taken..], MAX_FRAME).map_err(|_| Ended)? {
            self.server.receive(now, session, frame, relay, words);
            taken += len;
        }
        said.drain(..taken);
        if session.is_hopeless() {
            return Err(Ended);
        }
        if let Some(socket) = relay.new_fd() {
            self.epoll.add(socket, token | 1).map_err(|_| Ended)?;
        }
        if session.is_allocated() {
            self.strangers.remove(&token);
        } else if self.strangers.insert(token) {
            connection.stranger_since = now;
        }
        result
    }

    /// Takes what workers send to a client.
    fn hear_workers(&mut self, now: Instant, connection: &mut Connection) {
        let Connection { stream, session, relay, words, .. } = connection;
        let mut left = RELAY_BATCH;
        while left > 0 {
            let count = relay.receive(&mut self.buffer, |peer, datagram| {
                if stream.has_room(words.len() + datagram.len()) {
                    self.server.relay_back(now, session, peer, datagram, words);
                } else {
                    self.drops.queue_full += 1;
                }
            });
            if count == 0 {
                break;
            }
            left = left.saturating_sub(count);
        }
    }

    /// Says what was put together, and watches for room if there is none.
    fn flush(&mut self, token: u64, connection: &mut Connection) -> Result<(), Ended> {
        if !connection.words.is_empty() {
            connection.stream.write(&connection.words)?;
            connection.words.clear();
        }
        let waiting = connection.stream.is_waiting();
        if waiting != connection.watched {
            connection.watched = waiting;
            self.epoll.watch_writing(connection.stream.fd(), token, waiting).map_err(|_| Ended)?;
        }
        Ok(())
    }

    /// Closes who is over, listens again after a rest, and tells the counts.
    fn expire(&mut self, now: Instant) {
        if self.rests.is_some_and(|at| at <= now) {
            self.rests = None;
            for (token, (listener, _)) in (LISTENERS..).zip(&self.listeners) {
                let _ = self.epoll.add(listener.as_raw_fd(), token); // it is in the set at worst
            }
        }
        if self.sweep.is_none_or(|at| at > now) {
            return;
        }
        let over = |(token, connection): (&u64, &Connection)| {
            let stranger =
                self.strangers.contains(token) && now.duration_since(connection.stranger_since) >= STRANGER;
            let expired = connection.session.ends().is_some_and(|ends| ends <= now);
            (stranger || expired).then_some(*token)
        };
        let over: Vec<u64> = self.connections.iter().filter_map(over).collect();
        for token in over {
            if let Some(connection) = self.connections.remove(&token) {
                self.end(token, connection);
            }
        }
        self.publish();
        self.sweep = (!self.connections.is_empty()).then(|| now + SWEEP);
    }

    fn publish(&mut self) {
        let Drops { queue_full, relay_lost, strangers, refused } = self.drops;
        let lost: u64 = self.connections.values().map(|it| it.relay.lost).sum();
        let own = [
            ("turn_queue_full", queue_full),
            ("turn_relay_lost", relay_lost + lost),
            ("turn_strangers", strangers),
            ("turn_refused", refused),
        ];
        let own = own.into_iter().filter(|it| it.1 > 0);
        let allocations = ("turn_allocations", self.server.allocations() as u64);
        self.shared.publish(std::iter::once(allocations).chain(own).chain(self.server.counts()));
    }

    fn end(&mut self, token: u64, mut connection: Connection) {
        if self.strangers.remove(&token) {
            self.drops.strangers += 1;
        }
        self.drops.relay_lost += connection.relay.lost;
        self.server.release(&mut connection.session, &mut connection.relay);
    }
}
