//! What a crowd costs: who only watches comes and goes without work for the others, and the end of a large meeting is told
//! to those who are left once a tick and not once a leave. Events and allocations are counted, which no machine changes.

mod common;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use common::{OFFER, some_moment};
use sfu::{Command, CommandKind, Config, Engine, Event, Limits, Outbox, Source, Tile};

struct Crowd {
    engine: Engine,
    now: Instant,
    out: Outbox,
    commands: u64,
    offer: String,
}

impl Crowd {
    /// Ana, whom so many watch; none of them is connected, as when all join at once.
    fn new(watchers: usize) -> Self {
        let now = some_moment();
        let config = Config {
            candidates: Vec::new(),
            seed: [7; 32],
            wall_clock: SystemTime::UNIX_EPOCH,
            statistics_interval: Duration::from_secs(3600),
            limits: Limits::default(),
        };
        let offer = OFFER.lines().map(|line| line.to_owned() + "\r\n").collect();
        let engine = Engine::new(config, now);
        let mut crowd = Self { engine, now, out: Outbox::new(), commands: 0, offer };
        crowd.enter("ana");
        crowd.switch("ana", &[Source::Microphone, Source::Camera]);
        for number in 0..watchers {
            crowd.enter(&format!("w{number}"));
            crowd.watch(&format!("w{number}"));
        }
        crowd.events();
        crowd
    }

    fn submit(&mut self, kind: CommandKind) {
        self.commands += 1;
        let command = Command { id: self.commands, room: Arc::from("room"), kind };
        self.engine.submit(self.now, command, &mut self.out);
    }

    fn enter(&mut self, peer: &str) {
        let (peer, offer) = (peer.into(), self.offer.clone());
        self.submit(CommandKind::AddPeer { peer, offer, publish: true, subscribe: true, one_way: false });
    }

    fn leave(&mut self, peer: &str) {
        self.submit(CommandKind::RemovePeer { peer: peer.into() });
    }

    fn switch(&mut self, peer: &str, sources: &[Source]) {
        self.submit(CommandKind::SetSources { peer: peer.into(), sources: sources.to_vec() });
    }

    fn watch(&mut self, peer: &str) {
        let tile =
            Tile { peer: "ana".into(), source: Source::Camera, width: 640, height: 360, pinned: false };
        self.submit(CommandKind::SetView { peer: peer.into(), tiles: vec![tile] });
    }

    /// How many events of each kind there were.
    fn events(&mut self) -> HashMap<&'static str, usize> {
        let mut counts = HashMap::new();
        for event in std::iter::from_fn(|| self.engine.poll_event()) {
            let kind = match event {
                Event::SlotsChanged { .. } => "slots",
                Event::SpeakersChanged { .. } => "speakers",
                Event::Rejected { .. } => "rejected",
                _ => "other",
            };
            *counts.entry(kind).or_default() += 1;
        }
        counts
    }
}

#[test]
fn who_only_watches_goes_without_work_for_the_others() {
    let cost = |watchers| {
        let mut crowd = Crowd::new(watchers);
        let counted = allocation_counter::measure(|| crowd.leave("w7"));
        assert_eq!(crowd.events(), HashMap::from([("other", 1)]), "its own verdict alone");
        counted.count_total
    };
    assert_eq!(cost(20), cost(200));
}

#[test]
fn who_switches_a_microphone_on_where_four_are_heard_changes_nothing_for_the_others() {
    let cost = |watchers| {
        let mut crowd = Crowd::new(watchers);
        for number in 0..5 {
            crowd.switch(&format!("w{number}"), &[Source::Microphone]);
        }
        crowd.events();
        let counted = allocation_counter::measure(|| crowd.switch("w7", &[Source::Microphone]));
        assert_eq!(crowd.events(), HashMap::from([("other", 1)]), "its own verdict alone");
        counted.count_total
    };
    assert_eq!(cost(20), cost(200));
}

#[test]
fn a_speaker_is_told_to_each_watcher_once() {
    let mut crowd = Crowd::new(200);
    crowd.switch("ana", &[]);
    assert_eq!(crowd.events()["slots"], 200);
    crowd.switch("ana", &[Source::Microphone, Source::Camera]);
    assert_eq!(crowd.events()["slots"], 200);
}

#[test]
fn when_all_leave_at_once_the_elected_alone_are_told_and_no_silent_one_takes_their_place() {
    let mut crowd = Crowd::new(200);
    for number in 0..200 {
        crowd.switch(&format!("w{number}"), &[Source::Microphone]);
    }
    crowd.events();
    for number in 0..100 {
        crowd.leave(&format!("w{number}"));
    }
    let told = crowd.events();
    assert!(told["slots"] <= 4 * 200, "{told:?}");
    // The places are given away together.
    crowd.now += Duration::from_secs(1);
    crowd.engine.timeout(crowd.now, &mut crowd.out);
    let told = crowd.events();
    assert!((100..=2 * 101).contains(&told["slots"]), "{told:?}");
}
