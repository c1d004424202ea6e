//! Large rooms and many rooms, with everybody really connected: ICE, DTLS and SRTP done, in virtual time.
//!
//! `MEETINGHOUSE_CROWD=1000 cargo test --release --locked -p sfu --test connected -- --nocapture` is the benchmark that
//! docs/operate/performance.md quotes: so many watchers of one speaker, and half as many rooms of four.

mod common;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Client, Stage};
use sfu::{CommandKind, Event, Source, Tile};
use wire::vp8::{OutgoingFrame, write_payload_head};

/// Enough to see what grows with the crowd.
const SMALL: usize = 40;

/// What a participant with 25 slots may take, beyond the caches for repair (issue 4).
const MOST_BYTES: i64 = 150_000;

fn size() -> usize {
    std::env::var("MEETINGHOUSE_CROWD").ok().and_then(|text| text.parse().ok()).unwrap_or(SMALL)
}

/// Pictures of 1100 bytes, each of one packet.
fn picture(number: u16) -> Vec<u8> {
    let mut payload = Vec::new();
    let frame = OutgoingFrame {
        picture_id: number & 0x7fff,
        tl0_picture_index: number as u8,
        begins: true,
        key_frame: number == 0,
        size: (640, 360),
    };
    write_payload_head(&mut payload, &frame);
    payload.resize(1100, 0);
    payload
}

/// What the engine did, and what it took.
struct Cost {
    begun: Instant,
    /// Bytes that it has asked for and not given back; the C library of cryptography is not counted.
    bytes: i64,
}

impl Cost {
    fn begin() -> Self {
        Self { begun: common::some_moment(), bytes: 0 }
    }

    fn took(&self) -> Duration {
        self.begun.elapsed()
    }

    fn count<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let mut result = None;
        self.bytes += allocation_counter::measure(|| result = Some(act())).bytes_current;
        result.expect("done")
    }
}

/// Datagrams that the engine sent since the last look.
fn sent(stage: &mut Stage) -> usize {
    let count = stage.out.batches().map(|(batch, _)| batch.len.div_ceil(batch.segment)).sum();
    stage.out.clear();
    count
}

fn watch(stage: &mut Stage, viewer: &str, whom: &[String]) {
    let tile = |peer: &String| Tile {
        peer: peer.as_str().into(),
        source: Source::Camera,
        width: 640,
        height: 360,
        pinned: false,
    };
    let tiles = whom.iter().map(tile).collect();
    stage.submit(CommandKind::SetView { peer: viewer.into(), tiles });
}

fn publish(stage: &mut Stage, peer: &str) {
    let sources = vec![Source::Microphone, Source::Camera];
    stage.submit(CommandKind::SetSources { peer: Arc::from(peer), sources });
}

fn events(stage: &mut Stage) -> Vec<Event> {
    std::iter::from_fn(|| stage.engine.poll_event()).collect()
}

/// A second of a camera and a microphone of each of these; returns how many packets left, and after how long.
fn speak(stage: &mut Stage, speakers: &mut [Client], first: u16) -> (usize, Duration) {
    let begun = common::some_moment();
    let mut count = 0;
    for number in first..first + 50 {
        for client in &mut *speakers {
            let from = client.address();
            for mut datagram in [
                client.packet("1", 96, number, &picture(number)),
                client.packet("0", 111, number, &[0x78; 90]),
            ] {
                stage.engine.receive(stage.now, from, &mut datagram, &mut stage.out);
                count += sent(stage);
            }
        }
        stage.pass(Duration::from_millis(20));
        count += sent(stage);
    }
    (count, begun.elapsed())
}

#[test]
fn a_crowd_that_watches_one_speaker_is_served() {
    let watchers = size();
    let mut stage = Stage::new();
    let mut cost = Cost::begin();
    let mut ana = [stage.join("p0", 1000)];
    publish(&mut stage, "p0");
    for number in 1..=watchers {
        cost.count(|| {
            let name = format!("p{number}");
            stage.join(&name, 1000 + number as u16);
            watch(&mut stage, &name, &["p0".to_owned()]);
            events(&mut stage);
            stage.out.clear();
        });
    }
    let (joined, bytes) = (cost.took(), cost.bytes / watchers as i64);
    let (count, took) = speak(&mut stage, &mut ana, 0);
    assert!(count >= 95 * watchers, "{count} packets left for {watchers} watchers");
    assert!(bytes < MOST_BYTES, "{bytes} bytes a watcher");

    // Everybody leaves: nothing of them stays.
    let begun = common::some_moment();
    for number in 1..=watchers {
        stage.submit(CommandKind::RemovePeer { peer: format!("p{number}").into() });
    }
    assert_eq!(stage.engine.peers(), 1);
    let mut line = String::new();
    let _ = write!(
        line,
        "{watchers} watchers of one: {bytes} bytes each, {:.2} ms to join (both ends), ",
        ms(joined, watchers)
    );
    let _ = write!(
        line,
        "{:.2} µs a packet out, {:.3} ms to leave",
        us(took, count),
        ms(begun.elapsed(), watchers)
    );
    println!("{line}");
}

#[test]
fn many_rooms_of_four_are_served() {
    let rooms = size() / 2;
    let mut stage = Stage::new();
    let mut cost = Cost::begin();
    let mut everybody: Vec<Client> = Vec::with_capacity(4 * rooms);
    for room in 0..rooms {
        stage.room = format!("r{room}").into();
        let names: Vec<String> = (0..4).map(|it| format!("p{}", 4 * room + it)).collect();
        cost.count(|| {
            let port = |it: usize| 1000 + (4 * room + it) as u16;
            everybody.extend(names.iter().enumerate().map(|(it, name)| stage.join(name, port(it))));
            for name in &names {
                publish(&mut stage, name);
                let others: Vec<String> = names.iter().filter(|it| *it != name).cloned().collect();
                watch(&mut stage, name, &others);
            }
            events(&mut stage);
            stage.out.clear();
        });
    }
    let joined = cost.took();
    let (count, took) = speak(&mut stage, &mut everybody, 0);
    cost.count(|| drop(everybody)); // their own memory
    let bytes = cost.bytes / (4 * rooms) as i64;
    // Three others, a picture and a sound each, 50 a second.
    assert!(count >= 4 * rooms * 3 * 95, "{count} packets left in {rooms} rooms");
    assert!(bytes < MOST_BYTES, "{bytes} bytes a participant");
    println!(
        "{rooms} rooms of four: {bytes} bytes a participant, {:.2} ms to join (both ends), {:.2} µs a packet out",
        ms(joined, 4 * rooms),
        us(took, count)
    );
}

fn ms(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e3 / count as f64
}

fn us(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / count.max(1) as f64
}
