//! Workers with a port each behind one door: a room is on one of them ([decision 10]), and one that is too large on several,
//! whose engines talk to each other ([decision 12]).
//!
//! A command goes to its person's worker ([`Places`]); what the workers tell comes out of one queue, in which a room's events
//! are numbered. What is promised for a person holds as with one worker; between people on two workers no order is promised.
//!
//! [decision 10]: ../../../docs/decisions/0010-workers.md
//! [decision 12]: ../../../docs/decisions/0012-relays.md

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;

use sfu::{Command, CommandKind, RoomSnapshot};

use crate::addresses::{Route, StartError, cannot_listen, parse_listen};
use crate::places::{Bounds, Placed, Places};
use crate::queues::{Events, Request, Requests, Stopped, Told};
use crate::worker::{Post, Settings, Worker};

/// Beyond it the kernel's network stack and the memory are the limit, and every worker is a port to open.
const MAX_WORKERS: usize = 64;

/// Running workers. Dropping it closes them.
#[derive(Debug)]
pub struct Pool {
    workers: Vec<Worker>,
    places: Arc<Places>,
    events: Arc<Events>,
    /// Written while the places are held.
    closed: AtomicBool,
}

impl Pool {
    /// Starts `workers` of them, 0 is [`default_workers`], on consecutive ports from the one in
    /// `settings.listen`; or none of them.
    pub fn start(settings: &Settings, workers: usize) -> Result<Self, StartError> {
        let first = parse_listen(&settings.listen)?;
        let count = if workers == 0 { default_workers() } else { workers.min(MAX_WORKERS) };
        let events = Arc::new(Events::new().map_err(|source| cannot_listen(first, "UDP", source))?);
        let bounds = Bounds { spread: settings.spread_peers.max(1), people: settings.peers_per_room };
        let places = Arc::new(Places::new(count, bounds));
        let requests = (0..count).map(|_| Requests::new().map(Arc::new)).collect::<Result<Arc<[_]>, _>>();
        let requests = requests.map_err(|source| cannot_listen(first, "UDP", source))?;
        let start = |number| {
            let (events, places, workers) = (Arc::clone(&events), Arc::clone(&places), Arc::clone(&requests));
            let post = Post { number, events, places, workers };
            Worker::start(post, nth(first, number, count)?, settings.clone())
                .map_err(|error| named(error, first, count))
        };
        let workers = (0..count).map(start).collect::<Result<_, _>>()?;
        Ok(Self { workers, places, events, closed: AtomicBool::new(false) })
    }

    /// Hands commands over, all or none. Those for one person are carried out in this order.
    pub fn submit(&self, commands: impl IntoIterator<Item = Command>) -> Result<(), Stopped> {
        let mut sorted: Vec<Vec<Request>> = self.workers.iter().map(|_| Vec::new()).collect();
        self.places.with(|table| {
            self.check_open()?;
            for command in commands {
                match table.place(&command) {
                    Placed::On(worker) => {
                        if matches!(command.kind, CommandKind::CloseRoom) {
                            for other in table.parts(&command.room).filter(|part| *part != worker) {
                                sorted[other].push(Request::End { room: Arc::clone(&command.room) });
                            }
                        }
                        sorted[worker].push(Request::Command(command));
                    }
                    Placed::Full(worker, people) => {
                        let message = format!("the room has {people} peers");
                        sorted[worker].push(Request::Refuse { id: command.id, message });
                    }
                }
            }
            for (worker, requests) in self.workers.iter().zip(sorted) {
                worker.submit(requests)?;
            }
            Ok(())
        })
    }

    /// At most `limit` events, oldest first; [`Stopped::Died`] once a thread has died and all were taken.
    pub fn drain(&self, limit: usize) -> Result<Vec<Told>, Stopped> {
        self.events.drain(limit)
    }

    /// Readable while events wait. Owned by the pool.
    pub fn wake_fd(&self) -> i32 {
        self.events.wake_fd()
    }

    /// The room after every command submitted before, and the number of an event up to which all are in it: of several
    /// parts those that were asked last may know more. Waits for its workers.
    pub fn snapshot(&self, room: &str) -> Result<Option<(u64, RoomSnapshot)>, Stopped> {
        let parts: Vec<usize> =
            self.places.with(|table| self.check_open().map(|()| table.parts(room).collect()))?;
        let mut whole: Option<(u64, RoomSnapshot)> = None;
        for part in parts {
            let (sequence, Some(snapshot)) = self.workers[part].snapshot(room)? else { continue };
            match &mut whole {
                Some((_, whole)) => whole.peers.extend(snapshot.peers),
                None => whole = Some((sequence, snapshot)),
            }
        }
        Ok(whole)
    }

    /// Where clients are told to send, worker after worker.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.workers.iter().flat_map(Worker::addresses).copied().collect()
    }

    /// How those addresses are reached from this machine.
    pub fn routes(&self) -> Vec<Route> {
        self.workers.iter().flat_map(Worker::routes).copied().collect()
    }

    /// For tests: lets a worker meet a fault, as a bug would. A number that no worker has does nothing.
    pub fn fail(&self, worker: usize) -> Result<(), Stopped> {
        self.workers.get(worker).map_or(Ok(()), Worker::fail)
    }

    /// Stops the threads and closes the sockets; events that were not taken yet stay. Doing it again does nothing.
    pub fn close(&self) {
        self.places.with(|_| self.closed.store(true, Ordering::Relaxed));
        self.workers.iter().for_each(Worker::close);
    }

    fn check_open(&self) -> Result<(), Stopped> {
        if self.closed.load(Ordering::Relaxed) { Err(Stopped::Closed) } else { Ok(()) }
    }
}

/// One for each core that this process may use, by its affinity and its share (cgroups).
#[must_use]
pub fn default_workers() -> usize {
    available_parallelism().map_or(1, Into::into).min(MAX_WORKERS)
}

/// The address of one worker: each has the port after the one before, or any free one.
fn nth(first: SocketAddr, number: usize, count: usize) -> Result<SocketAddr, StartError> {
    if first.port() == 0 {
        return Ok(first);
    }
    let port = u16::try_from(usize::from(first.port()) + number).map_err(|_| {
        let port = first.port();
        let sentence = "there are no ports after 65535: choose a lower one, or fewer workers (media.workers)";
        StartError::Address(format!("{count} workers do not fit from port {port} on; {sentence}"))
    })?;
    Ok(SocketAddr::new(first.ip(), port))
}

/// Says why it is that port, which the operator did not write.
fn named(error: StartError, first: SocketAddr, count: usize) -> StartError {
    match error {
        StartError::Listen { source, message } if count > 1 && first.port() != 0 => {
            let last = usize::from(first.port()) + count - 1;
            let why =
                format!("{count} workers listen on the ports {} to {last} (media.workers)", first.port());
            let message = match source.kind() {
                ErrorKind::AddrInUse => format!("{message}; {why}, fewer need fewer"),
                _ => format!("{message}; {why}"),
            };
            StartError::Listen { source, message }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
