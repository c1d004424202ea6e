//! Which room is on which worker, and where the next one goes.
//!
//! A room keeps its worker from the command that makes it until its last peer is gone and nobody else is on the way. The
//! control plane asks when it hands commands over; the workers tell what became of them. Neither waits for the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use sfu::{Command, CommandKind};

use crate::queues::lock;

/// The worker that answers for rooms which are nowhere.
const ANY: usize = 0;

#[derive(Debug)]
pub(crate) struct Places {
    table: Mutex<Table>,
}

/// Rooms and workers at one moment.
#[derive(Debug)]
pub(crate) struct Table {
    rooms: HashMap<Arc<str>, Place>,
    workers: Vec<Load>,
}

#[derive(Debug)]
struct Place {
    worker: usize,
    /// Newcomers that the worker was not asked about yet.
    coming: usize,
}

/// What a worker has to do.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    coming: usize,
    peers: usize,
    /// Streams sent, as of its last statistics: what costs most once media flows.
    streams: usize,
}

impl Load {
    fn sum(self) -> usize {
        self.coming + self.peers + self.streams
    }
}

impl Places {
    /// No rooms on this many workers.
    pub(crate) fn new(workers: usize) -> Self {
        let workers = vec![Load::default(); workers];
        Self { table: Mutex::new(Table { rooms: HashMap::new(), workers }) }
    }

    /// Uses the table; commands that are placed in it are handed over before it is let go, so that who hands over in
    /// between finds them.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Table) -> T) -> T {
        act(&mut lock(&self.table))
    }
}

impl Table {
    /// The worker of a room, or any that can say that there is none.
    pub(crate) fn of(&self, room: &str) -> usize {
        self.rooms.get(room).map_or(ANY, |place| place.worker)
    }

    /// The worker that a command is for. A newcomer to a room that is nowhere makes it where there is least to do.
    pub(crate) fn place(&mut self, command: &Command) -> usize {
        if !matches!(command.kind, CommandKind::AddPeer { .. }) {
            return self.of(&command.room);
        }
        let idlest = (0..self.workers.len()).min_by_key(|at| self.workers[*at].sum()).unwrap_or(ANY);
        let new = || Place { worker: idlest, coming: 0 };
        let place = self.rooms.entry(Arc::clone(&command.room)).or_insert_with(new);
        place.coming += 1;
        self.workers[place.worker].coming += 1;
        place.worker
    }

    /// A worker was asked about a newcomer to `room`, who came or was refused.
    pub(crate) fn came(&mut self, worker: usize, room: &str) {
        if let Some(place) = self.rooms.get_mut(room) {
            place.coming = place.coming.saturating_sub(1);
        }
        self.workers[worker].coming = self.workers[worker].coming.saturating_sub(1);
    }

    /// A worker has this many peers.
    pub(crate) fn has_peers(&mut self, worker: usize, peers: usize) {
        self.workers[worker].peers = peers;
    }

    /// A worker sends this many streams.
    pub(crate) fn has_streams(&mut self, worker: usize, streams: usize) {
        self.workers[worker].streams = streams;
    }

    /// A worker has no such room any more; it is nowhere, unless somebody is on the way to it.
    pub(crate) fn ended(&mut self, worker: usize, room: &str) {
        if self.rooms.get(room).is_some_and(|place| place.worker == worker && place.coming == 0) {
            self.rooms.remove(room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(room: &str) -> Command {
        let kind = CommandKind::AddPeer {
            peer: "p".into(),
            offer: String::new(),
            publish: true,
            subscribe: true,
            one_way: false,
        };
        Command { id: 1, room: room.into(), kind }
    }

    #[test]
    fn rooms_go_where_there_is_least_to_do_and_stay() {
        let places = Places::new(3);
        places.with(|table| {
            let placed: Vec<usize> =
                ["a", "a", "b", "c", "d", "a", "e"].map(|room| table.place(&add(room))).into();
            assert_eq!(placed, [0, 0, 1, 2, 1, 0, 2], "the first of those with least");
            table.has_streams(2, 10);
            table.has_streams(1, 3);
            assert_eq!(table.place(&add("f")), 0);
            let leave = Command { id: 2, room: "d".into(), kind: CommandKind::CloseRoom };
            assert_eq!(table.place(&leave), 1);
        });
    }

    #[test]
    fn a_room_moves_only_once_it_is_empty_and_nobody_is_on_the_way() {
        Places::new(2).with(|table| {
            assert_eq!(table.place(&add("a")), 0);
            table.came(0, "a");
            table.has_peers(0, 1);
            assert_eq!(table.place(&add("a")), 0, "one is there, one on the way");
            table.ended(0, "a");
            assert_eq!(table.of("a"), 0, "the first left before the second came");
            table.came(0, "a");
            table.ended(1, "a");
            assert_eq!(table.rooms.len(), 1, "only its own worker says so");
            table.has_peers(0, 2);
            table.ended(0, "a");
            assert_eq!(table.place(&add("a")), 1);
        });
    }
}
