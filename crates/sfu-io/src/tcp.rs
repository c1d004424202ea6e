//! ICE over TCP, passive (RFC 6544): clients whose network takes no UDP connect here, and their datagrams come and go in a
//! stream, each behind its length (RFC 4571).
//!
//! A connection is a way like an address is: the engine believes it after an authenticated check, and until then it gets
//! nothing but answers. What the kernel does not take at once waits here, within bounds; beyond them datagrams are lost
//! as on any full path, for a late picture is worth nothing.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use sfu::{Outbox, Remote};

use crate::runs::Run;
use crate::sys::{self, Epoll, Ready};

/// Connections of one worker: every peer that it serves (4000), without files for more than that.
const MAX_CONNECTIONS: usize = 4096;

/// Connections that have proved nothing yet; the oldest makes room. A client's first check follows its connection by a
/// round trip, so that this many begin at once only in a storm.
const MAX_STRANGERS: usize = 256;

/// A stranger's time until its first answered check: a slow path's handshake and three lost segments.
const STRANGER: Duration = Duration::from_secs(10);

/// Nothing was read for so long: the peer itself is given up after it (`CONSENT_FAILURE`).
const SILENCE: Duration = Duration::from_secs(30);

/// Bytes of a datagram that a client sends: all keep below an Ethernet's 1500. The first bytes of HTTP and TLS, read as a
/// length, are more.
const MAX_FRAME: usize = 2048;

/// Bytes before a datagram.
const LENGTH: usize = 2;

/// Bytes that wait for the kernel: half a second of 1 Mbit/s. Beyond that a picture is old when it arrives.
const MAX_WAITING: usize = 64 << 10;

/// Unsent bytes in the kernel at which it takes no more (`TCP_NOTSENT_LOWAT`): the queue is here, where it is bounded.
const UNSENT: i32 = 16 << 10;

/// Read before what that caused is sent. Each turn begins with another connection, so that nobody who always has
/// something to read keeps others from being served.
const TURN_BYTES: usize = 64 << 10;

/// Read from one connection before the next.
const PIECE_BYTES: usize = 16 << 10;

/// After the system would give no connection (no file left), the next try.
const REST: Duration = Duration::from_millis(500);

/// The listener's place among the tokens.
const LISTENER: u64 = u64::MAX;

/// Connections turned away and datagrams lost, by reason.
#[derive(Debug, Default, Clone, Copy)]
struct Drops {
    /// The path is slower than what is sent to it.
    queue_full: u64,
    /// Its connection is gone.
    gone: u64,
    /// Closed for a frame that no client sends, or that nobody proved to be.
    strangers: u64,
    /// Not taken: as many as there may be, or no file left.
    refused: u64,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    remote: SocketAddr,
    since: Instant,
    heard: Instant,
    /// The engine has answered: somebody there knows a peer's password.
    proved: bool,
    /// What was read and is no whole frame yet.
    read: Vec<u8>,
    /// What the kernel has not taken yet; whole frames behind the first, which may have begun.
    waiting: Vec<u8>,
    /// A descriptor's interest in writing.
    watched: bool,
}

/// The listener and its connections.
#[derive(Debug)]
pub(crate) struct Tcp {
    listener: TcpListener,
    epoll: Epoll,
    connections: HashMap<u64, Connection>,
    by_remote: HashMap<SocketAddr, u64>,
    /// Those that proved nothing yet, oldest first.
    strangers: BTreeSet<u64>,
    next: u64,
    /// No connection is taken before.
    rests: Option<Instant>,
    /// Connections are looked at for silence.
    sweep: Option<Instant>,
    ready: Vec<Ready>,
    turns: usize,
    /// Connections with something to write at the end of a turn.
    touched: Vec<u64>,
    drops: Drops,
}

impl Tcp {
    /// Listens.
    pub(crate) fn bind(listen: SocketAddr) -> io::Result<Self> {
        let (listener, epoll) = (sys::tcp_listener(listen)?, Epoll::new()?);
        epoll.add(listener.as_raw_fd(), LISTENER)?;
        Ok(Self::with(listener, epoll, Drops::default()))
    }

    /// The same port for another engine: every connection is closed.
    pub(crate) fn renew(self) -> Self {
        let Self { listener, epoll, drops, .. } = self;
        let _ = epoll.add(listener.as_raw_fd(), LISTENER); // it is in the set, unless it rested
        Self::with(listener, epoll, drops)
    }

    fn with(listener: TcpListener, epoll: Epoll, drops: Drops) -> Self {
        Self {
            listener,
            epoll,
            connections: HashMap::new(),
            by_remote: HashMap::new(),
            strangers: BTreeSet::new(),
            next: 0,
            rests: None,
            sweep: None,
            ready: Vec::new(),
            turns: 0,
            touched: Vec::new(),
            drops,
        }
    }

    /// For waiting.
    pub(crate) fn fd(&self) -> RawFd {
        self.epoll.fd()
    }

    /// When [`Tcp::expire`] is next to be called.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.rests.into_iter().chain(self.sweep).min()
    }

    /// Takes connections, reads and hands every datagram on, and writes where there is room again.
    pub(crate) fn serve(&mut self, now: Instant, mut handle: impl FnMut(Remote, &mut [u8])) {
        let mut ready = std::mem::take(&mut self.ready);
        self.epoll.take(&mut ready);
        self.turns = self.turns.wrapping_add(1);
        let first = self.turns % ready.len().max(1);
        ready.rotate_left(first);
        let mut left = TURN_BYTES;
        for Ready { token, readable, writable } in ready.drain(..) {
            if token == LISTENER {
                self.accept(now);
                continue;
            }
            if writable {
                self.write(token);
            }
            if readable && left > 0 {
                left = left.saturating_sub(self.read(now, token, &mut handle));
            }
        }
        self.ready = ready;
    }

    /// Puts a run's datagrams into its connection's stream; [`Tcp::flush`] sends them.
    pub(crate) fn queue(&mut self, run: &Run, outbox: &Outbox) {
        let token = self.by_remote.get(&run.to.address).copied();
        let Some((token, connection)) =
            token.and_then(|token| Some((token, self.connections.get_mut(&token)?)))
        else {
            self.drops.gone += run.datagrams() as u64;
            return;
        };
        if !connection.proved {
            // The engine sends to nobody else: this answers an authenticated check.
            connection.proved = true;
            self.strangers.remove(&token);
        }
        for datagram in run.parts(outbox).flat_map(|part| part.chunks(run.segment)) {
            if connection.waiting.len() + LENGTH + datagram.len() > MAX_WAITING {
                self.drops.queue_full += 1;
                continue;
            }
            connection.waiting.extend_from_slice(&(datagram.len() as u16).to_be_bytes());
            connection.waiting.extend_from_slice(datagram);
        }
        self.touched.push(token);
    }

    /// Sends what was queued.
    pub(crate) fn flush(&mut self) {
        let mut touched = std::mem::take(&mut self.touched);
        for token in touched.drain(..) {
            self.write(token);
        }
        self.touched = touched;
    }

    /// Closes what is silent or has proved nothing, and listens again after a rest.
    pub(crate) fn expire(&mut self, now: Instant) {
        if self.rests.is_some_and(|at| at <= now) {
            self.rests = None;
            let _ = self.epoll.add(self.listener.as_raw_fd(), LISTENER); // it is in the set at worst
        }
        if self.sweep.is_none_or(|at| at > now) {
            return;
        }
        let over = |connection: &Connection| {
            let stranger = !connection.proved && now.duration_since(connection.since) >= STRANGER;
            stranger || now.duration_since(connection.heard) >= SILENCE
        };
        let over: Vec<u64> =
            self.connections.iter().filter(|(_, it)| over(it)).map(|(token, _)| *token).collect();
        for token in over {
            self.close(token);
        }
        self.sweep = (!self.connections.is_empty()).then(|| now + STRANGER / 2);
    }

    /// Counts with their names in statistics, without zeros.
    pub(crate) fn drops(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let Drops { queue_full, gone, strangers, refused } = self.drops;
        [
            ("tcp_queue_full", queue_full),
            ("tcp_gone", gone),
            ("tcp_strangers", strangers),
            ("tcp_refused", refused),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
    }

    fn accept(&mut self, now: Instant) {
        loop {
            match self.listener.accept() {
                Ok((stream, from)) => self.begin(now, stream, canonical(from)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Gone before it was taken.
                Err(error)
                    if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                Err(_) => {
                    // No file or no memory left: the listener stays readable, and asking again at once would spin.
                    self.drops.refused += 1;
                    let _ = self.epoll.remove(self.listener.as_raw_fd());
                    self.rests = Some(now + REST);
                    return;
                }
            }
        }
    }

    fn begin(&mut self, now: Instant, stream: TcpStream, remote: SocketAddr) {
        if self.connections.len() >= MAX_CONNECTIONS {
            self.drops.refused += 1;
            return;
        }
        if self.strangers.len() >= MAX_STRANGERS
            && let Some(&oldest) = self.strangers.first()
        {
            self.close(oldest);
        }
        let token = self.next;
        let prepared = stream
            .set_nonblocking(true)
            .and_then(|()| stream.set_nodelay(true))
            .and_then(|()| sys::set_option(&stream, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, UNSENT))
            .and_then(|()| self.epoll.add(stream.as_raw_fd(), token));
        if prepared.is_err() {
            self.drops.refused += 1;
            return;
        }
        self.next += 1;
        // From one address and port to another of ours: the newer one is the living one.
        if let Some(older) = self.by_remote.insert(remote, token) {
            self.close(older);
            self.by_remote.insert(remote, token);
        }
        let connection = Connection {
            stream,
            remote,
            since: now,
            heard: now,
            proved: false,
            read: Vec::new(),
            waiting: Vec::new(),
            watched: false,
        };
        self.connections.insert(token, connection);
        self.strangers.insert(token);
        self.sweep.get_or_insert(now + STRANGER / 2);
    }

    /// Reads once; the bytes that came.
    fn read(&mut self, now: Instant, token: u64, handle: &mut impl FnMut(Remote, &mut [u8])) -> usize {
        let Some(connection) = self.connections.get_mut(&token) else { return 0 };
        let mut piece = [0; PIECE_BYTES];
        let count = match connection.stream.read(&mut piece) {
            Ok(count) if count > 0 => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return 0,
            _ => {
                self.close(token);
                return 0;
            }
        };
        connection.heard = now;
        connection.read.extend_from_slice(&piece[..count]);
        let remote = Remote::tcp(connection.remote);
        if !take_frames(&mut connection.read, |datagram| handle(remote, datagram)) {
            self.drops.strangers += 1;
            self.close(token);
        }
        count
    }

    fn write(&mut self, token: u64) {
        let Some(connection) = self.connections.get_mut(&token) else { return };
        let mut written = 0;
        while written < connection.waiting.len() {
            match connection.stream.write(&connection.waiting[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return self.close(token),
            }
        }
        connection.waiting.drain(..written);
        let writing = !connection.waiting.is_empty();
        if writing != connection.watched {
            connection.watched = writing;
            if self.epoll.watch_writing(connection.stream.as_raw_fd(), token, writing).is_err() {
                self.close(token);
            }
        }
    }

    fn close(&mut self, token: u64) {
        let Some(connection) = self.connections.remove(&token) else { return };
        if self.strangers.remove(&token) {
            self.drops.strangers += 1;
        }
        if self.by_remote.get(&connection.remote) == Some(&token) {
            self.by_remote.remove(&connection.remote);
        }
    }
}

/// Hands on every whole datagram and keeps the rest. `false`: this is no client.
fn take_frames(read: &mut Vec<u8>, mut handle: impl FnMut(&mut [u8])) -> bool {
    let mut start = 0;
    while let Some(head) = read.get(start..start + LENGTH) {
        let len = usize::from(u16::from_be_bytes([head[0], head[1]]));
        if len > MAX_FRAME {
            return false;
        }
        let Some(datagram) = read.get_mut(start + LENGTH..start + LENGTH + len) else { break };
        if len > 0 {
            handle(datagram);
        }
        start += LENGTH + len;
    }
    read.drain(..start);
    true
}

/// IPv4-mapped IPv6 becomes IPv4, so that one client has one address.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpStream;
    use std::time::Instant;

    use super::{LENGTH, MAX_FRAME, PIECE_BYTES, Tcp, take_frames};

    #[test]
    fn frames_come_out_whole_however_they_are_cut() {
        let sent: Vec<Vec<u8>> = vec![vec![1; 3], vec![2; 1500], vec![3; 1]];
        let stream: Vec<u8> = sent
            .iter()
            .flat_map(|frame| [&(frame.len() as u16).to_be_bytes(), &frame[..]].concat())
            .collect();
        for piece in [1, 2, 3, 7, 1000, stream.len()] {
            let (mut read, mut taken) = (Vec::new(), Vec::new());
            for part in stream.chunks(piece) {
                read.extend_from_slice(part);
                assert!(take_frames(&mut read, |datagram| taken.push(datagram.to_vec())));
                assert!(read.len() <= LENGTH + MAX_FRAME);
            }
            assert_eq!((&taken, read.len()), (&sent, 0), "in pieces of {piece}");
        }
    }

    #[test]
    fn an_empty_frame_is_nothing_and_a_huge_one_is_no_client() {
        let mut read = vec![0, 0, 0, 1, 9];
        let mut taken = Vec::new();
        assert!(take_frames(&mut read, |datagram| taken.push(datagram.to_vec())));
        assert_eq!(taken, [[9]]);
        assert!(!take_frames(&mut b"GET / HTTP/1.1\r\n".to_vec(), |_| panic!("no datagram")));
    }

    /// Six connections have more to read than any number of turns takes here; the seventh has one datagram.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "a real socket's connections begin at a real time")]
    fn who_always_has_something_to_read_keeps_nobody_from_being_served() {
        let mut tcp = Tcp::bind("127.0.0.1:0".parse().expect("an address")).expect("a listener");
        let server = tcp.listener.local_addr().expect("bound");
        let frame = |byte| [&1000_u16.to_be_bytes()[..], &[byte; 1000]].concat();
        let connect = || TcpStream::connect(server).expect("a connection");
        let mut floods: Vec<TcpStream> = (0..6).map(|_| connect()).collect();
        let mut quiet = connect();
        let now = Instant::now();
        while tcp.connections.len() < 7 {
            tcp.serve(now, |_, _| panic!("nothing was sent"));
        }
        for flood in &mut floods {
            flood.set_nonblocking(true).expect("a socket");
            let all = frame(1).repeat(400);
            let mut sent = 0;
            while sent < all.len()
                && let Ok(count) = flood.write(&all[sent..])
            {
                sent += count;
            }
            assert!(sent > 16 * PIECE_BYTES, "{sent}");
        }
        quiet.write_all(&frame(2)).expect("sent");
        let mut is_heard = false;
        for _ in 0..12 {
            tcp.serve(now, |_, datagram| is_heard |= datagram[0] == 2);
        }
        assert!(is_heard);
    }

    #[test]
    fn whatever_comes_is_bounded() {
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for _ in 0..5_000 {
            let mut read = Vec::new();
            for _ in 0..8 {
                // Half of the lengths are such as clients send, so that the stream goes on behind them.
                if random(2) == 0 {
                    read.extend_from_slice(&(random(1500) as u16).to_be_bytes());
                }
                read.extend((0..random(2000)).map(|_| random(256) as u8));
                if !take_frames(&mut read, |datagram| assert!((1..=MAX_FRAME).contains(&datagram.len()))) {
                    break;
                }
                assert!(read.len() < LENGTH + MAX_FRAME, "a whole frame was left");
            }
        }
    }
}
