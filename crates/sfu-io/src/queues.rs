//! The queues between the control plane and the workers' threads, each with a pipe that wakes its reader: one of requests for
//! each worker, and one of events for all.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::fd::RawFd;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sfu::{Command, Event, RoomSnapshot};

use crate::sys::Pipe;

/// Room events are never dropped; statistics are, when a control plane that does not drain has left this many waiting.
const STATISTICS_LIMIT: usize = 10_000;

/// Bytes of what another worker says that may wait: a quarter of a second of 100 pictures in full size. A worker that is so
/// late loses packets, as on any way that is full.
const SAID_LIMIT: usize = 8 * 1024 * 1024;

/// The worker's thread is gone: closed, or it has died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// By `close`.
    Closed,
    /// By a panic or a socket that failed; the log on stderr says which.
    Died,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the media engine is closed",
            Self::Died => "the media engine's thread has died",
        })
    }
}

impl std::error::Error for Stopped {}

/// What the control plane asks of the thread.
#[derive(Debug)]
pub(crate) enum Request {
    /// Drive the engine.
    Command(Command),
    /// Look at a room, as of the event of that number.
    Snapshot { room: Arc<str>, reply: SyncSender<(u64, Option<RoomSnapshot>)> },
    /// Refuse a command that cannot be handed over, after what was asked before.
    Refuse { id: u64, message: String },
    /// End the part of a room that is here, of which another worker tells.
    End { room: Arc<str> },
    /// What another worker's engine says to this one's.
    Said { from: u32, said: Vec<u8> },
    /// Another worker's engine is gone, with its parts of all rooms.
    Lost { part: u32 },
    /// End.
    Close,
    /// Meet a fault.
    Panic,
}

/// What one worker's thread is asked to do. The lock is held for a push or a swap only.
#[derive(Debug)]
pub(crate) struct Requests {
    queue: Mutex<Asked>,
    /// Set while requests wait.
    work: Pipe,
}

#[derive(Debug, Default)]
struct Asked {
    waiting: VecDeque<Request>,
    /// Bytes of [`Request::Said`] in it.
    said: usize,
    stopped: Option<Stopped>,
}

impl Requests {
    /// Empty.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { queue: Mutex::default(), work: Pipe::new()? })
    }

    /// For the control plane: hands requests over, all or none.
    pub(crate) fn submit(&self, requests: impl Iterator<Item = Request>) -> Result<(), Stopped> {
        let mut queue = lock(&self.queue);
        if let Some(stopped) = queue.stopped {
            return Err(stopped);
        }
        let idle = queue.waiting.is_empty();
        queue.waiting.extend(requests);
        if idle && !queue.waiting.is_empty() {
            self.work.set();
        }
        Ok(())
    }

    /// For another worker: what its engine says. Packets are left out where too much waits already; returns how many.
    pub(crate) fn say(&self, from: u32, mut said: Vec<u8>) -> usize {
        let mut queue = lock(&self.queue);
        if queue.stopped.is_some() {
            return 0;
        }
        let lost = if queue.said + said.len() > SAID_LIMIT { sfu::without_packets(&mut said) } else { 0 };
        if said.is_empty() {
            return lost;
        }
        if queue.waiting.is_empty() {
            self.work.set();
        }
        queue.said += said.len();
        queue.waiting.push_back(Request::Said { from, said });
        lost
    }

    /// For the thread: readable while requests wait.
    pub(crate) fn work_fd(&self) -> RawFd {
        self.work.fd()
    }

    /// For the thread: everything that waits, behind what is in `taken`.
    pub(crate) fn take(&self, taken: &mut VecDeque<Request>) {
        let mut queue = lock(&self.queue);
        self.work.clear();
        queue.said = 0;
        taken.append(&mut queue.waiting);
    }

    /// For the thread, as its last act. Requests that nobody answers any more are dropped, and with them their replies.
    pub(crate) fn stop(&self, reason: Stopped) {
        let mut queue = lock(&self.queue);
        queue.stopped.get_or_insert(reason);
        queue.waiting.clear();
    }
}

/// Something that happened, and where in its room's story.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Counts a room's events without gaps from 1; 0 where it is no room's.
    pub sequence: u64,
    /// What.
    pub event: Event,
}

/// What the workers tell. The lock is held for a push or a swap only; one worker's events keep their order.
#[derive(Debug)]
pub(crate) struct Events {
    queue: Mutex<Story>,
    /// Set while events wait.
    wake: Pipe,
}

#[derive(Debug, Default)]
struct Story {
    waiting: VecDeque<Told>,
    died: bool,
    /// Whether `wake` is set.
    woken: bool,
}

impl Events {
    /// Empty.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { queue: Mutex::default(), wake: Pipe::new()? })
    }

    /// For the control plane: at most `limit` events, oldest first; [`Stopped::Died`] once, after the last one.
    pub(crate) fn drain(&self, limit: usize) -> Result<Vec<Told>, Stopped> {
        let mut queue = lock(&self.queue);
        if queue.waiting.is_empty() && queue.died {
            return Err(Stopped::Died);
        }
        let count = limit.min(queue.waiting.len());
        let events = queue.waiting.drain(..count).collect();
        if queue.woken && queue.waiting.is_empty() && !queue.died {
            queue.woken = false;
            self.wake.clear();
        }
        Ok(events)
    }

    /// Readable while events wait, or when a thread has died.
    pub(crate) fn wake_fd(&self) -> RawFd {
        self.wake.fd()
    }

    /// For a thread: what has happened.
    pub(crate) fn publish(&self, events: impl Iterator<Item = Told>) {
        let mut queue = lock(&self.queue);
        for told in events {
            if !matches!(told.event, Event::Statistics { .. }) || queue.waiting.len() < STATISTICS_LIMIT {
                queue.waiting.push_back(told);
            }
        }
        if !queue.woken && !queue.waiting.is_empty() {
            queue.woken = true;
            self.wake.set();
        }
    }

    /// For a thread that has died, as its last act.
    pub(crate) fn die(&self) {
        let mut queue = lock(&self.queue);
        queue.died = true;
        queue.woken = true;
        self.wake.set();
    }
}

/// A panic while the lock was held leaves whole values: only pushes and swaps happen under it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use sfu::Event;

    use super::{Events, Requests, Stopped, Told};
    use crate::sys::wait;

    #[test]
    fn the_descriptor_is_readable_exactly_while_events_wait() {
        let events = Events::new().expect("a pipe");
        assert!(!readable(&events));
        events.publish((1..=3).map(accepted));
        events.publish((4..=5).map(accepted));
        assert_eq!(events.drain(4).expect("alive").len(), 4);
        assert!(readable(&events), "one event is left");
        assert_eq!(events.drain(4), Ok(vec![accepted(5)]));
        assert!(!readable(&events));
    }

    #[test]
    fn death_is_told_after_the_last_event() {
        let events = Events::new().expect("a pipe");
        events.publish(std::iter::once(accepted(1)));
        events.die();
        assert_eq!(events.drain(9), Ok(vec![accepted(1)]));
        assert!(readable(&events));
        assert_eq!(events.drain(9), Err(Stopped::Died));
    }

    #[test]
    fn statistics_give_way_to_a_long_queue_and_room_events_never_do() {
        let events = Events::new().expect("a pipe");
        let statistics = || Told {
            sequence: 0,
            event: Event::Statistics { worker: 0, interval_ms: 1, peers: Vec::new(), drops: Vec::new() },
        };
        events.publish((0..20_000).map(|_| statistics()));
        events.publish((0..20_000).map(accepted));
        assert_eq!(events.drain(usize::MAX).expect("alive").len(), 30_000);
    }

    #[test]
    fn a_worker_that_is_late_loses_packets_and_nothing_else() {
        let requests = Requests::new().expect("a pipe");
        let gone = [0, 5, 3, 0, 0, 0, 1];
        let packet = |len: usize| [&(len as u16 + 1).to_be_bytes()[..], &[9], &vec![0; len]].concat();
        let mut lost = 0;
        for _ in 0..300 {
            lost += requests.say(0, [&packet(60_000)[..], &gone].concat());
        }
        assert!((100..200).contains(&lost), "{lost}");
        let mut taken = std::collections::VecDeque::new();
        requests.take(&mut taken);
        assert_eq!(taken.len(), 300, "what is no packet comes");
        assert_eq!(requests.say(0, packet(60_000)), 0, "there is room again");
    }

    #[test]
    fn who_has_stopped_takes_nothing() {
        let requests = Requests::new().expect("a pipe");
        assert_eq!(requests.submit(std::iter::empty()), Ok(()));
        requests.stop(Stopped::Died);
        assert_eq!(requests.submit(std::iter::empty()), Err(Stopped::Died));
    }

    fn accepted(id: u64) -> Told {
        Told { sequence: 0, event: Event::Accepted { id } }
    }

    fn readable(events: &Events) -> bool {
        wait([events.wake_fd()], Some(std::time::Duration::ZERO)).expect("poll")[0]
    }
}
