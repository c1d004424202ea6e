//! Which room is on which worker, and where the next one goes.
//!
//! Somebody keeps a worker from the command that brings them in until they are gone, and a room is where its people are: on
//! one worker, or where that has enough of it, on several.
//! The control plane asks when it hands commands over; the workers tell what became of them. Neither waits for the other.

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
    bounds: Bounds,
}

/// How large rooms get.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// People of a room on one worker, before others are placed elsewhere.
    pub(crate) spread: usize,
    /// People of a room.
    pub(crate) people: usize,
}

/// What becomes of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It is for this worker.
    On(usize),
    /// The room has so many people that nobody comes in; this worker is to say so.
    Full(usize, usize),
}

/// Where the people of a room are, those included who are on the way.
#[derive(Debug, Default)]
struct Place {
    people: HashMap<Arc<str>, Person>,
    /// In the order in which they began; each has somebody.
    parts: Vec<Part>,
    /// Of the room's last event.
    sequence: u64,
}

#[derive(Debug)]
struct Person {
    worker: usize,
    /// How often the worker is still to be asked to let them in.
    coming: usize,
}

/// The people of a room on one worker.
#[derive(Debug)]
struct Part {
    worker: usize,
    people: usize,
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
    pub(crate) fn new(workers: usize, bounds: Bounds) -> Self {
        let workers = vec![Load::default(); workers];
        Self { table: Mutex::new(Table { rooms: HashMap::new(), workers, bounds }) }
    }

    /// Uses the table; commands that are placed in it are handed over before it is let go, so that who hands over in
    /// between finds them, and events that are numbered in it are told before.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Table) -> T) -> T {
        act(&mut lock(&self.table))
    }
}

impl Table {
    /// The workers that have people of a room.
    pub(crate) fn parts(&self, room: &str) -> impl Iterator<Item = usize> {
        self.rooms.get(room).into_iter().flat_map(|place| &place.parts).map(|part| part.worker)
    }

    /// The worker that a command is for: its person's, else any that can say that there is nobody.
    pub(crate) fn place(&mut self, command: &Command) -> Placed {
        let peer = match &command.kind {
            CommandKind::AddPeer { peer, .. } => return self.admit(&command.room, peer),
            CommandKind::Renegotiate { peer, .. }
            | CommandKind::RemovePeer { peer }
            | CommandKind::SetView { peer, .. }
            | CommandKind::SetSources { peer, .. } => Some(peer),
            CommandKind::CloseRoom => None,
        };
        let person = peer.and_then(|peer| self.rooms.get(&command.room)?.people.get(peer));
        Placed::On(person.map(|it| it.worker).or_else(|| self.parts(&command.room).next()).unwrap_or(ANY))
    }

    /// Somebody comes: where they are already, else where the room is and has not enough people yet, else where there is
    /// least to do.
    fn admit(&mut self, room: &Arc<str>, peer: &Arc<str>) -> Placed {
        let idlest = (0..self.workers.len()).min_by_key(|at| self.workers[*at].sum()).unwrap_or(ANY);
        let place = self.rooms.entry(Arc::clone(room)).or_default();
        let with_room = place.parts.iter().find(|part| part.people < self.bounds.spread);
        let worker = with_room.map_or(idlest, |part| part.worker);
        if place.people.len() >= self.bounds.people && !place.people.contains_key(peer) {
            return Placed::Full(place.parts.first().map_or(worker, |part| part.worker), place.people.len());
        }
        let person = place.people.entry(Arc::clone(peer)).or_insert_with(|| {
            match place.parts.iter_mut().find(|part| part.worker == worker) {
                Some(part) => part.people += 1,
                None => place.parts.push(Part { worker, people: 1 }),
            }
            Person { worker, coming: 0 }
        });
        person.coming += 1;
        self.workers[person.worker].coming += 1;
        Placed::On(person.worker)
    }

    /// A worker was asked to let somebody in, and has answered.
    pub(crate) fn came(&mut self, worker: usize, room: &str, peer: &str) {
        if let Some(person) = self.rooms.get_mut(room).and_then(|place| place.people.get_mut(peer)) {
            person.coming = person.coming.saturating_sub(1);
        }
        self.workers[worker].coming = self.workers[worker].coming.saturating_sub(1);
    }

    /// A worker does not have this person of a room; they are nowhere, unless they are on the way again.
    pub(crate) fn left(&mut self, worker: usize, room: &str, peer: &str) {
        let Some(place) = self.rooms.get_mut(room) else { return };
        if place.people.get(peer).is_some_and(|it| it.worker == worker && it.coming == 0) {
            place.people.remove(peer);
            place.parts.iter_mut().filter(|part| part.worker == worker).for_each(|part| part.people -= 1);
            place.parts.retain(|part| part.people > 0);
        }
        if place.people.is_empty() {
            self.rooms.remove(room);
        }
    }

    /// A worker has nobody of a room.
    pub(crate) fn ended(&mut self, worker: usize, room: &str) {
        let people = self.rooms.get(room).into_iter().flat_map(|place| &place.people);
        let here = people.filter(|(_, person)| person.worker == worker);
        let here: Vec<Arc<str>> = here.map(|(peer, _)| Arc::clone(peer)).collect();
        for peer in here {
            self.left(worker, room, &peer);
        }
    }

    /// A worker has this many peers.
    pub(crate) fn has_peers(&mut self, worker: usize, peers: usize) {
        self.workers[worker].peers = peers;
    }

    /// A worker sends this many streams.
    pub(crate) fn has_streams(&mut self, worker: usize, streams: usize) {
        self.workers[worker].streams = streams;
    }

    /// The number of a room's next event.
    pub(crate) fn count(&mut self, room: &str) -> u64 {
        self.rooms.get_mut(room).map_or(0, |place| {
            place.sequence += 1;
            place.sequence
        })
    }

    /// The number of a room's last event; 0 before the first.
    pub(crate) fn counted(&self, room: &str) -> u64 {
        self.rooms.get(room).map_or(0, |place| place.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(room: &str, peer: &str) -> Command {
        let kind = CommandKind::AddPeer {
            peer: peer.into(),
            offer: String::new(),
            publish: true,
            subscribe: true,
            one_way: false,
        };
        Command { id: 1, room: room.into(), kind }
    }

    const BOUNDS: Bounds = Bounds { spread: 100, people: 1000 };

    fn on(table: &mut Table, room: &str, peer: &str) -> usize {
        match table.place(&add(room, peer)) {
            Placed::On(worker) => worker,
            Placed::Full(..) => panic!("full"),
        }
    }

    fn only(table: &Table, room: &str) -> Option<usize> {
        let mut parts = table.parts(room);
        let first = parts.next();
        assert_eq!(parts.next(), None);
        first
    }

    #[test]
    fn rooms_go_where_there_is_least_to_do_and_stay() {
        let places = Places::new(3, BOUNDS);
        places.with(|table| {
            let people = [("a", "p"), ("a", "q"), ("b", "p"), ("c", "p"), ("d", "p"), ("a", "r"), ("e", "p")];
            let placed: Vec<usize> = people.map(|(room, peer)| on(table, room, peer)).into();
            assert_eq!(placed, [0, 0, 1, 2, 1, 0, 2], "the first of those with least");
            table.has_streams(2, 10);
            table.has_streams(1, 3);
            assert_eq!(on(table, "f", "p"), 0);
            let leave = Command { id: 2, room: "d".into(), kind: CommandKind::CloseRoom };
            assert_eq!(table.place(&leave), Placed::On(1));
        });
    }

    #[test]
    fn a_room_moves_only_once_it_is_empty_and_nobody_is_on_the_way() {
        Places::new(2, BOUNDS).with(|table| {
            assert_eq!(on(table, "a", "p"), 0);
            table.came(0, "a", "p");
            table.has_peers(0, 1);
            assert_eq!(on(table, "a", "q"), 0, "one is there, one on the way");
            table.left(0, "a", "p");
            assert_eq!(only(table, "a"), Some(0), "the first left before the second came");
            assert_eq!((table.count("a"), table.count("a"), table.counted("a")), (1, 2, 2));
            table.came(0, "a", "q");
            table.left(1, "a", "q");
            assert_eq!(table.rooms.len(), 1, "only its own worker says so");
            table.has_peers(0, 2);
            table.ended(0, "a");
            assert_eq!((only(table, "a"), table.counted("a")), (None, 0));
            assert_eq!(on(table, "a", "p"), 1);
        });
    }

    #[test]
    fn a_room_with_enough_people_goes_on_elsewhere_and_fills_up_where_it_is() {
        Places::new(3, Bounds { spread: 2, people: 5 }).with(|table| {
            let placed = ["p", "q", "r", "s"].map(|peer| on(table, "a", peer));
            assert_eq!(placed, [0, 0, 1, 1]);
            assert_eq!(table.parts("a").collect::<Vec<_>>(), [0, 1]);
            table.came(0, "a", "q");
            table.left(0, "a", "q");
            assert_eq!(on(table, "a", "t"), 0, "there is room again");
            assert_eq!(on(table, "a", "u"), 2);
            let view = CommandKind::SetView { peer: "r".into(), tiles: Vec::new() };
            let command = |kind| Command { id: 1, room: "a".into(), kind };
            assert_eq!(table.place(&command(view)), Placed::On(1), "where its person is");
            assert_eq!(table.place(&add("a", "v")), Placed::Full(0, 5));
            assert_eq!(on(table, "a", "u"), 2, "who is there is told so");
            table.came(1, "a", "r");
            table.came(1, "a", "s");
            table.ended(1, "a");
            assert_eq!(table.parts("a").collect::<Vec<_>>(), [0, 2]);
            assert_eq!((table.count("a"), table.count("a")), (1, 2), "of all parts together");
        });
    }

    #[test]
    fn who_comes_back_before_the_worker_has_said_goodbye_stays() {
        Places::new(2, BOUNDS).with(|table| {
            on(table, "a", "p");
            table.came(0, "a", "p");
            on(table, "a", "p");
            table.left(0, "a", "p");
            assert_eq!(only(table, "a"), Some(0));
            table.came(0, "a", "p");
            table.left(0, "a", "p");
            assert_eq!(only(table, "a"), None);
        });
    }
}
