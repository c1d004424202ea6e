//! A worker that meets a fault, with real clients on real sockets.

#![allow(clippy::disallowed_methods, reason = "real sockets need real time, as the limit of what never ends")]

use std::thread::yield_now;
use std::time::{Duration, Instant};

use sfu::{CommandKind, Event, Limits, Source, Tile};

use super::*;
use crate::client::Client;

const PATIENCE: Duration = Duration::from_secs(30);

/// How long people may be without a meeting.
const REJOIN: Duration = Duration::from_secs(3);

struct House {
    pool: Pool,
    events: Vec<Told>,
    next: u64,
}

impl House {
    fn new(workers: usize, tcp: bool) -> Self {
        Self::spread(workers, tcp, usize::MAX)
    }

    fn spread(workers: usize, tcp: bool, spread_peers: usize) -> Self {
        let settings = Settings {
            listen: "127.0.0.1:0".to_owned(),
            tcp,
            advertise: Vec::new(),
            statistics_interval: Duration::from_secs(3600),
            spread_peers,
            peers_per_room: usize::MAX,
            limits: Limits::default(),
        };
        Self { pool: Pool::start(&settings, workers).expect("workers"), events: Vec::new(), next: 0 }
    }

    fn command(&mut self, room: &str, kind: CommandKind) -> u64 {
        self.next += 1;
        self.pool.submit([Command { id: self.next, room: room.into(), kind }]).expect("running");
        self.next
    }

    /// The first event from here on that is wanted.
    fn event<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            for event in self.pool.drain(1).expect("running") {
                let found = wanted(&event.event);
                self.events.push(event);
                if let Some(found) = found {
                    return found;
                }
            }
            yield_now();
        }
        panic!("the event does not come");
    }

    /// Comes in and connects.
    fn enter(&mut self, room: &str, name: &str, mut client: Client) -> Client {
        let offer = client.offer(1);
        let peer = name.into();
        self.command(
            room,
            CommandKind::AddPeer { peer, offer, publish: true, subscribe: true, one_way: false },
        );
        let answer = self.event(|event| match event {
            Event::Answered { sdp, .. } => Some(sdp.clone()),
            _ => None,
        });
        client.connect(&answer).expect("connected");
        self.event(|event| matches!(event, Event::PeerConnected { .. }).then_some(()));
        client
    }

    fn room(&mut self, room: &str, number: u32) -> (Client, Client) {
        let client = |number| Client::new(number).expect("a client");
        let ana = self.enter(room, "ana", client(number));
        let bo = self.enter(room, "bo", client(number + 1));
        self.show(room);
        (ana, bo)
    }

    /// Bo watches Ana.
    fn show(&mut self, room: &str) {
        let tile =
            Tile { peer: "ana".into(), source: Source::Camera, width: 640, height: 360, pinned: false };
        self.command(room, CommandKind::SetView { peer: "bo".into(), tiles: vec![tile] });
        self.command(room, CommandKind::SetSources { peer: "ana".into(), sources: vec![Source::Camera] });
    }

    /// Ana sends until this many more packets have come to Bo.
    fn pass(&self, room: &str, (ana, bo): &mut (Client, Client), enough: u64) {
        let (end, mut received) = (Instant::now() + PATIENCE, 0);
        while received < enough {
            assert!(Instant::now() < end, "media stands still");
            ana.send_frame(4, 1100, true);
            self.pool.snapshot(room).expect("running");
            received += bo.count_received();
        }
    }
}

#[test]
fn a_fault_costs_one_workers_rooms_a_rejoin_and_the_others_nothing() {
    let mut house = House::new(2, false);
    let ports: Vec<u16> = house.pool.addresses().iter().map(SocketAddr::port).collect();
    let mut broken = house.room("broken", 1);
    let mut whole = house.room("whole", 3);
    let parts = |house: &House, room| house.pool.places.with(|table| table.parts(room).collect::<Vec<_>>());
    assert_eq!((parts(&house, "broken"), parts(&house, "whole")), (vec![0], vec![1]));
    house.pass("broken", &mut broken, 8);
    house.pass("whole", &mut whole, 8);

    let begun = Instant::now();
    house.pool.fail(0).expect("running");
    for name in ["ana", "bo"] {
        house.event(|event| match event {
            Event::PeerFailed { room, peer, reason: "worker", .. } => {
                assert_eq!((&**room, &**peer), ("broken", name));
                Some(())
            }
            _ => None,
        });
        // Nobody else notices, while the worker rests and after it.
        house.pass("whole", &mut whole, 8);
    }
    assert_eq!(house.pool.snapshot("broken"), Ok(None));
    let mut again = house.room("broken", 5);
    house.pass("broken", &mut again, 8);
    assert!(begun.elapsed() < REJOIN, "{:?}", begun.elapsed());
    house.pass("whole", &mut whole, 8);

    assert_eq!(parts(&house, "broken"), [0], "the idlest, on its old port");
    assert_eq!(house.pool.addresses().iter().map(SocketAddr::port).collect::<Vec<_>>(), ports);
    let failed = |told: &&Told| matches!(told.event, Event::PeerFailed { .. });
    assert_eq!(house.events.iter().filter(failed).count(), 2);
}

#[test]
fn a_room_on_two_workers_is_one_room_and_a_fault_of_either_costs_its_own_people_a_rejoin() {
    let mut house = House::spread(2, false, 1);
    let (ana, bo) = house.room("r", 1);
    assert_eq!(house.pool.places.with(|table| table.parts("r").collect::<Vec<_>>()), [0, 1]);
    let mut pair = (ana, bo);
    house.pass("r", &mut pair, 8);
    let (_, snapshot) = house.pool.snapshot("r").expect("running").expect("a room");
    assert_eq!(snapshot.peers.iter().map(|peer| &*peer.peer).collect::<Vec<_>>(), ["ana", "bo"]);

    for (worker, failed) in [(0, "ana"), (1, "bo")] {
        let begun = Instant::now();
        house.pool.fail(worker).expect("running");
        house.event(|event| match event {
            Event::PeerFailed { peer, reason: "worker", .. } => {
                assert_eq!(&**peer, failed, "nobody else");
                Some(())
            }
            _ => None,
        });
        let (_, snapshot) = house.pool.snapshot("r").expect("running").expect("whoever is left");
        assert_eq!(snapshot.peers.len(), 1);
        let again = house.enter("r", failed, Client::new(3 + worker as u32).expect("a client"));
        pair = if worker == 0 { (again, pair.1) } else { (pair.0, again) };
        house.show("r");
        pair.1.count_received(); // what was under way
        house.pass("r", &mut pair, 8);
        assert!(begun.elapsed() < REJOIN, "{:?}", begun.elapsed());
    }
    let sequences = house.events.iter().map(|told| told.sequence).filter(|sequence| *sequence > 0);
    assert!(sequences.zip(1..).all(|(told, counted)| told == counted), "all parts count together");

    // Both parts end by one command, with one verdict.
    let id = house.command("r", CommandKind::CloseRoom);
    house.event(|event| matches!(event, Event::Accepted { id: it } if *it == id).then_some(()));
    assert_eq!(house.pool.snapshot("r"), Ok(None));
    let verdicts =
        house.events.iter().filter(|told| matches!(told.event, Event::Accepted { id: it } if it == id));
    assert_eq!(verdicts.count(), 1);
}

#[test]
fn what_was_asked_before_and_after_a_fault_is_answered_once_each_and_in_order() {
    let mut house = House::new(1, false);
    let mut asked = Vec::new();
    for round in 0..5 {
        let offer = Client::new(round).expect("a client").offer(1);
        let kind = CommandKind::AddPeer {
            peer: "ana".into(),
            offer,
            publish: true,
            subscribe: true,
            one_way: false,
        };
        asked.push(house.command("r", kind));
        house.pool.fail(0).expect("running");
        asked.push(house.command("r", CommandKind::CloseRoom));
    }
    let last = *asked.last().expect("some");
    house.event(|event| matches!(event, Event::Rejected { id, .. } if *id == last).then_some(()));
    let verdicts: Vec<u64> = house
        .events
        .iter()
        .filter_map(|told| match &told.event {
            Event::Accepted { id } | Event::Rejected { id, .. } => Some(*id),
            _ => None,
        })
        .collect();
    assert_eq!(verdicts, asked);
}

#[test]
fn each_life_of_a_room_counts_its_events_without_gaps_to_the_last() {
    let mut house = House::new(2, false);
    let _clients = house.room("r", 1);
    house.pool.fail(0).expect("running");
    house.event(|event| matches!(event, Event::PeerFailed { peer, .. } if &**peer == "bo").then_some(()));
    let _clients = house.room("r", 3);
    let mut count = 0;
    for told in &house.events {
        let Some(room) = told.event.room() else { continue };
        assert_eq!(&**room, "r");
        count = if told.sequence == 1 { 1 } else { count + 1 };
        assert_eq!(told.sequence, count, "{told:?}");
    }
    let lives = house.events.iter().filter(|told| told.sequence == 1).count();
    assert_eq!(lives, 2);
}

#[test]
fn connections_by_tcp_are_closed_and_the_port_takes_new_ones() {
    let mut house = House::new(1, true);
    let server = house.pool.addresses()[0];
    let _ana = house.enter("r", "ana", Client::by_tcp(1, server).expect("a client"));
    house.pool.fail(0).expect("running");
    house.event(|event| matches!(event, Event::PeerFailed { .. }).then_some(()));
    let ana = house.enter("r", "ana", Client::by_tcp(2, server).expect("a client"));
    let bo = house.enter("r", "bo", Client::by_tcp(3, server).expect("a client"));
    house.show("r");
    house.pass("r", &mut (ana, bo), 8);
}

#[test]
fn who_closes_a_worker_that_rests_waits_for_it() {
    let house = House::new(1, false);
    house.pool.fail(0).expect("running");
    house.pool.close();
    assert_eq!(house.pool.submit([]), Err(Stopped::Closed));
}
