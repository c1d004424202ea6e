//! One thread that drives one engine: requests, datagrams and timers in, datagrams and events out.

#![allow(clippy::disallowed_methods, reason = "the one place where the engine's time comes from")]

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use sfu::{Command, Config, Engine, Event, Limits, Outbox, RoomSnapshot};

use crate::addresses::{StartError, candidates, cannot_listen, parse_listen};
use crate::queues::{Queues, Request, Stopped};
use crate::socket::Socket;
use crate::sys;

/// Datagrams read before what they caused is sent. More joins longer runs to one receiver; less keeps the first one
/// from waiting for the last (64 take about 100 µs) and the outgoing burst short.
const RECEIVE_BATCH: usize = 64;

/// What an operator can set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `address:port`; port 0 is any free one.
    pub listen: String,
    /// `ip` or `ip:port` of the answers' candidates; empty is every local address.
    pub advertise: Vec<String>,
    /// Between two `Event::Statistics`.
    pub statistics_interval: Duration,
    /// What clients may take.
    pub limits: Limits,
}

/// A running engine. Dropping it closes it.
#[derive(Debug)]
pub struct Worker {
    queues: Arc<Queues>,
    addresses: Vec<SocketAddr>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Opens the socket and starts the thread.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        let listen = parse_listen(&settings.listen)?;
        let failed = |source| cannot_listen(listen, source);
        let socket = Socket::bind(listen).map_err(failed)?;
        let addresses = candidates(socket.address().map_err(failed)?, &settings.advertise)?;
        let queues = Arc::new(Queues::new().map_err(failed)?);
        let config = Config {
            candidates: addresses.clone(),
            seed: sys::seed().map_err(failed)?,
            wall_clock: SystemTime::now(),
            statistics_interval: settings.statistics_interval,
            limits: settings.limits,
        };
        let run = Run {
            engine: Engine::new(config, Instant::now()),
            socket,
            queues: Arc::clone(&queues),
            outbox: Outbox::new(),
            requests: Vec::new(),
        };
        let thread = std::thread::Builder::new().name("media".into()).spawn(|| run.until_closed());
        Ok(Self { queues, addresses, thread: Mutex::new(Some(thread.map_err(failed)?)) })
    }

    /// Hands commands over, all or none.
    pub fn submit(&self, commands: impl IntoIterator<Item = Command>) -> Result<(), Stopped> {
        self.queues.submit(commands.into_iter().map(Request::Command))
    }

    /// At most `limit` events, oldest first; [`Stopped::Died`] once the thread has died and all were taken.
    pub fn drain(&self, limit: usize) -> Result<Vec<Event>, Stopped> {
        self.queues.drain(limit)
    }

    /// Readable while events wait. Owned by the worker.
    pub fn wake_fd(&self) -> i32 {
        self.queues.wake_fd()
    }

    /// The room after every command submitted before. Waits for the thread.
    pub fn snapshot(&self, room: &str) -> Result<Option<RoomSnapshot>, Stopped> {
        let (reply, answer) = sync_channel(1);
        self.queues.submit(std::iter::once(Request::Snapshot { room: room.into(), reply }))?;
        answer.recv().map_err(|_| Stopped::Died)
    }

    /// Where clients are told to send.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops the thread and closes the socket; events that were not taken yet stay. Doing it again does nothing.
    pub fn close(&self) {
        let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let _ = self.queues.submit(std::iter::once(Request::Close)); // it may have died by itself
        let _ = thread.join(); // a panic was caught and told before
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
    }
}

/// What the thread owns.
struct Run {
    engine: Engine,
    socket: Socket,
    queues: Arc<Queues>,
    outbox: Outbox,
    requests: Vec<Request>,
}

impl Run {
    fn until_closed(mut self) {
        let queues = Arc::clone(&self.queues);
        let end = catch_unwind(AssertUnwindSafe(|| while self.turn() {}));
        drop(self); // the port is free before anybody learns of the end
        queues.stop(if end.is_ok() { Stopped::Closed } else { Stopped::Died });
    }

    /// Sleeps, then does everything that is due. `false` ends.
    fn turn(&mut self) -> bool {
        let timeout = self.engine.next_timeout().map(|at| at.saturating_duration_since(Instant::now()));
        let [work, datagrams] = sys::wait([self.queues.work_fd(), self.socket.fd()], timeout)
            .expect("poll fails on invalid arguments only");
        if work && !self.serve_requests() {
            return false;
        }
        if datagrams {
            self.receive();
        }
        let now = Instant::now();
        if self.engine.next_timeout().is_some_and(|at| at <= now) {
            self.engine.timeout(now, &mut self.outbox);
        }
        self.flush();
        self.publish();
        true
    }

    fn serve_requests(&mut self) -> bool {
        let mut requests = std::mem::take(&mut self.requests);
        self.queues.take(&mut requests);
        for request in requests.drain(..) {
            match request {
                Request::Command(command) => {
                    self.engine.submit(Instant::now(), command, &mut self.outbox);
                }
                Request::Snapshot { room, reply } => {
                    let _ = reply.send(self.engine.snapshot(&room)); // who asked may be gone
                }
                Request::Close => {
                    self.flush();
                    self.publish();
                    return false;
                }
            }
        }
        self.requests = requests;
        true
    }

    fn receive(&mut self) {
        let Self { engine, socket, outbox, .. } = self;
        let mut left = RECEIVE_BATCH;
        while left > 0 {
            let now = Instant::now();
            let count = socket.receive(|from, datagram| engine.receive(now, from, datagram, outbox));
            if count == 0 {
                break;
            }
            left = left.saturating_sub(count);
            if socket.is_urgent() {
                socket.send(outbox);
                outbox.clear();
            }
        }
    }

    fn flush(&mut self) {
        self.socket.send(&self.outbox);
        self.outbox.clear();
    }

    fn publish(&mut self) {
        let Self { engine, socket, queues, .. } = self;
        let Some(first) = engine.poll_event() else { return };
        let rest = std::iter::from_fn(|| engine.poll_event());
        queues.publish(std::iter::once(first).chain(rest).map(|mut event| {
            if let Event::Statistics { drops, .. } = &mut event {
                drops.extend(socket.drops().named());
            }
            event
        }));
    }
}
