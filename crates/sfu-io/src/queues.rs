//! The two queues between the control plane and the worker's thread, each with a pipe that wakes its reader.

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
    /// Look at a room.
    Snapshot { room: Arc<str>, reply: SyncSender<Option<RoomSnapshot>> },
    /// End.
    Close,
}

/// Both queues. Either lock is held for a push or a swap only.
#[derive(Debug)]
pub(crate) struct Queues {
    requests: Mutex<Requests>,
    events: Mutex<Events>,
    /// Set while requests wait.
    work: Pipe,
    /// Set while events wait.
    wake: Pipe,
}

#[derive(Debug, Default)]
struct Requests {
    waiting: Vec<Request>,
    stopped: Option<Stopped>,
}

#[derive(Debug, Default)]
struct Events {
    waiting: VecDeque<Event>,
    died: bool,
    /// Whether `wake` is set.
    woken: bool,
}

impl Queues {
    /// Both empty.
    pub(crate) fn new() -> io::Result<Self> {
        let (requests, events) = (Mutex::default(), Mutex::default());
        Ok(Self { requests, events, work: Pipe::new()?, wake: Pipe::new()? })
    }

    /// For the control plane: hands requests over, all or none.
    pub(crate) fn submit(&self, requests: impl Iterator<Item = Request>) -> Result<(), Stopped> {
        let mut queue = lock(&self.requests);
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

    /// For the control plane: at most `limit` events, oldest first; [`Stopped::Died`] once, after the last one.
    pub(crate) fn drain(&self, limit: usize) -> Result<Vec<Event>, Stopped> {
        let mut queue = lock(&self.events);
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

    /// Readable while events wait, or when the thread has died.
    pub(crate) fn wake_fd(&self) -> RawFd {
        self.wake.fd()
    }

    /// For the thread: readable while requests wait.
    pub(crate) fn work_fd(&self) -> RawFd {
        self.work.fd()
    }

    /// For the thread: everything that waits, into `taken`, which is empty and lends its memory.
    pub(crate) fn take(&self, taken: &mut Vec<Request>) {
        let mut queue = lock(&self.requests);
        self.work.clear();
        std::mem::swap(&mut queue.waiting, taken);
    }

    /// For the thread: what has happened.
    pub(crate) fn publish(&self, events: impl Iterator<Item = Event>) {
        let mut queue = lock(&self.events);
        for event in events {
            if !matches!(event, Event::Statistics { .. }) || queue.waiting.len() < STATISTICS_LIMIT {
                queue.waiting.push_back(event);
            }
        }
        if !queue.woken && !queue.waiting.is_empty() {
            queue.woken = true;
            self.wake.set();
        }
    }

    /// For the thread, as its last act. Requests that nobody answers any more are dropped, and with them their replies.
    pub(crate) fn stop(&self, reason: Stopped) {
        let mut requests = lock(&self.requests);
        requests.stopped.get_or_insert(reason);
        requests.waiting.clear();
        drop(requests);
        if reason == Stopped::Died {
            let mut events = lock(&self.events);
            events.died = true;
            events.woken = true;
            self.wake.set();
        }
    }
}

/// A panic while the lock was held leaves whole values: only pushes and swaps happen under it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use sfu::Event;

    use super::{Queues, Stopped};
    use crate::sys::wait;

    #[test]
    fn the_descriptor_is_readable_exactly_while_events_wait() {
        let queues = Queues::new().expect("pipes");
        assert!(!readable(&queues));
        queues.publish((1..=3).map(|id| Event::Accepted { id }));
        queues.publish((4..=5).map(|id| Event::Accepted { id }));
        assert_eq!(queues.drain(4).expect("alive").len(), 4);
        assert!(readable(&queues), "one event is left");
        assert_eq!(queues.drain(4), Ok(vec![Event::Accepted { id: 5 }]));
        assert!(!readable(&queues));
    }

    #[test]
    fn death_is_told_after_the_last_event() {
        let queues = Queues::new().expect("pipes");
        queues.publish(std::iter::once(Event::Accepted { id: 1 }));
        queues.stop(Stopped::Died);
        assert_eq!(queues.drain(9), Ok(vec![Event::Accepted { id: 1 }]));
        assert!(readable(&queues));
        assert_eq!(queues.drain(9), Err(Stopped::Died));
        assert_eq!(queues.submit(std::iter::empty()), Err(Stopped::Died));
    }

    #[test]
    fn statistics_give_way_to_a_long_queue_and_room_events_never_do() {
        let queues = Queues::new().expect("pipes");
        let statistics = || Event::Statistics { interval_ms: 1, peers: Vec::new(), drops: Vec::new() };
        queues.publish((0..20_000).map(|_| statistics()));
        queues.publish((0..20_000).map(|id| Event::Accepted { id }));
        let events = queues.drain(usize::MAX).expect("alive");
        assert_eq!(events.len(), 30_000);
    }

    fn readable(queues: &Queues) -> bool {
        wait([queues.wake_fd(), queues.work_fd()], Some(std::time::Duration::ZERO)).expect("poll")[0]
    }
}
