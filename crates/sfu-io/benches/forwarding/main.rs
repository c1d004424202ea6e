//! What one forwarded packet costs: CPU time of the engine's thread, from the socket it came in by to the socket it
//! left by, on loopback. `cargo bench -p sfu-io --bench forwarding [-- --json] [--seconds N] [--rounds N]`.
//!
//! Clients run in threads of their own and are not counted. Delivered packets are counted, not sent ones. The first
//! round warms up; of the others the least and the median are told, since everything else on the machine only adds.
//!
//! What is not delivered is traced: the kernel counts for each socket what it dropped because nobody had read yet. The
//! clients' sockets hold about 90 packets each, as much as nine others send in a thirtieth of a second; a machine that
//! is busy with other things lets the reading threads wait longer than that.

#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

mod client;
mod line;
mod sdp;

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use client::Client;
use sfu::{Command, CommandKind, Event, Limits, Source, Tile};
use sfu_io::{Pool, Settings, Told};

/// Frames a second of each publisher.
const FRAME_INTERVAL: Duration = Duration::from_micros(33_333);
/// Bytes of payload: what Chromium puts into a packet of a large frame.
const PAYLOAD: usize = 1100;
/// A new subscriber waits at most this many frames for a key frame, since these clients do not answer requests.
const KEY_FRAME_EVERY: u32 = 30;
/// Half the time after which the engine would take a silent client for gone.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// Who publishes to whom.
struct Scenario {
    name: &'static str,
    publishers: usize,
    peers: usize,
    /// Datagrams of a frame: 2 are 0.5 Mbit/s, 10 are 2.6 Mbit/s.
    packets: usize,
}

const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "1 to 100, 0.5 Mbit/s", publishers: 1, peers: 101, packets: 2 },
    Scenario { name: "1 to 100, 2.6 Mbit/s", publishers: 1, peers: 101, packets: 10 },
    Scenario { name: "meeting of 10, 0.5 Mbit/s each", publishers: 10, peers: 10, packets: 2 },
    Scenario { name: "meeting of 10, 2.6 Mbit/s each", publishers: 10, peers: 10, packets: 10 },
];

/// What one scenario gave.
struct Outcome {
    /// Per round, µs of the engine's thread for one delivered packet.
    costs: Vec<f64>,
    delivered_per_second: f64,
    share_lost: f64,
    /// Of those sent, what the kernel dropped because a client had not read yet: the benchmark's own limit.
    share_unread_by_clients: f64,
    /// Of those sent, what the kernel dropped before the engine's socket was read, times who would have got it.
    share_unread_by_engine: f64,
    share_of_core: f64,
    /// What the process grew by for a participant, its own client with it.
    kb_per_person: f64,
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, default: u64| {
        let value =
            arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
        value.and_then(|value| value.parse().ok()).unwrap_or(default)
    };
    let (seconds, rounds) = (number("--seconds", 2), number("--rounds", 6));
    let json = arguments.iter().any(|argument| argument == "--json");
    let mut rows = Vec::new();
    for scenario in &SCENARIOS {
        let outcome = run(scenario, Duration::from_secs(seconds), rounds)?;
        rows.push(report(scenario, outcome, json));
    }
    if json {
        println!("[{}]", rows.join(", "));
    } else {
        println!(
            "{rounds} rounds of {seconds} s; engine, clients and the rest of the machine share its cores"
        );
        for row in &rows {
            println!("{row}");
        }
    }
    Ok(())
}

fn report(scenario: &Scenario, mut outcome: Outcome, json: bool) -> String {
    outcome.costs.sort_by(f64::total_cmp);
    let (least, median) = (outcome.costs[0], outcome.costs[outcome.costs.len() / 2]);
    let Outcome { delivered_per_second: pps, share_lost, share_of_core, kb_per_person, .. } = outcome;
    let (clients, engine) = (outcome.share_unread_by_clients, outcome.share_unread_by_engine);
    let name = scenario.name;
    if json {
        return format!(
            r#"{{"scenario": "{name}", "us_per_packet_median": {median:.3}, "us_per_packet_least": {least:.3}, "packets_per_second": {pps:.0}, "share_lost": {share_lost:.5}, "share_unread_by_clients": {clients:.5}, "share_unread_by_engine": {engine:.5}, "kb_per_person": {kb_per_person:.0}, "share_of_core": {share_of_core:.3}}}"#
        );
    }
    format!(
        "{name:32} {median:6.2} µs median, {least:6.2} µs least, {pps:8.0} packets/s, {:.2} % lost ({:.2} % unread by clients, {:.2} % by the engine), {kb_per_person:.0} kB a person, {:.0} % of a core",
        100.0 * share_lost,
        100.0 * clients,
        100.0 * engine,
        100.0 * share_of_core
    )
}

fn run(scenario: &Scenario, round: Duration, rounds: u64) -> io::Result<Outcome> {
    let before = resident_kb()?;
    let settings = Settings {
        listen: "127.0.0.1:0".to_owned(),
        tcp: false,
        advertise: Vec::new(),
        statistics_interval: Duration::from_secs(3600),
        spread_peers: usize::MAX,
        peers_per_room: usize::MAX,
        limits: Limits::default(),
    };
    let worker = Pool::start(&settings, 1).map_err(io::Error::other)?;
    let mut clients = join(&worker, scenario)?;
    let thread = engine_thread()?;
    let sockets = Sockets {
        engine: worker.addresses().iter().map(SocketAddr::port).collect(),
        clients: clients.iter().map(Client::port).collect::<io::Result<_>>()?,
    };
    let (stop, sent, received) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let publishing = clients.split_off(clients.len() - scenario.publishers);
    thread::scope(|scope| {
        let (stop, sent, received) = (&stop, &sent, &received);
        scope.spawn(move || publish(publishing, scenario.packets, stop, sent, received));
        scope.spawn(move || watch(&mut clients, stop, received));
        let outcome = measure(&thread, &sockets, scenario, (round, rounds), sent, received);
        let grown = resident_kb().map(|after| after.saturating_sub(before));
        stop.store(true, Ordering::Relaxed);
        Ok(Outcome { kb_per_person: grown? as f64 / scenario.peers as f64, ..outcome? })
    })
}

/// Everybody comes in, watchers first, publishers last, and wants to see every publisher.
fn join(worker: &Pool, scenario: &Scenario) -> io::Result<Vec<Client>> {
    let name = |number: usize| format!("p{number}");
    let publishers = scenario.peers - scenario.publishers..scenario.peers;
    let mut clients = Vec::new();
    for number in 0..scenario.peers {
        let mut client = Client::new(number as u32)?;
        let offer = client.offer(scenario.publishers);
        let kind = CommandKind::AddPeer {
            peer: name(number).into(),
            offer,
            publish: true,
            subscribe: true,
            one_way: false,
        };
        command(worker, kind)?;
        let mut answers = events(worker, |event| matches!(event, Event::Answered { .. }))?;
        let Some(Event::Answered { sdp, .. }) = answers.pop() else {
            return Err(io::Error::other("no answer"));
        };
        client.connect(&sdp)?;
        events(worker, |event| matches!(event, Event::PeerConnected { .. }))?;
        let others = publishers.clone().filter(|publisher| *publisher != number);
        let tiles = others
            .map(|peer| {
                let peer = name(peer).into();
                Tile { peer, source: Source::Camera, width: 640, height: 360, pinned: false }
            })
            .collect();
        command(worker, CommandKind::SetView { peer: name(number).into(), tiles })?;
        if publishers.contains(&number) {
            let sources = vec![Source::Camera];
            command(worker, CommandKind::SetSources { peer: name(number).into(), sources })?;
        }
        clients.push(client);
    }
    Ok(clients)
}

fn command(worker: &Pool, kind: CommandKind) -> io::Result<()> {
    worker.submit([Command { id: 1, room: "bench".into(), kind }]).map_err(io::Error::other)
}

/// Takes events until one is wanted; the last one is that.
fn events(worker: &Pool, wanted: impl Fn(&Event) -> bool) -> io::Result<Vec<Event>> {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        for Told { event, .. } in worker.drain(1).map_err(io::Error::other)? {
            if let Event::Rejected { message, .. } = &event {
                return Err(io::Error::other(message.clone()));
            }
            if wanted(&event) {
                return Ok(vec![event]);
            }
        }
        thread::sleep(Duration::from_micros(200));
    }
    Err(io::Error::other("the engine does not answer"))
}

fn publish(
    mut clients: Vec<Client>,
    packets: usize,
    stop: &AtomicBool,
    sent: &AtomicU64,
    received: &AtomicU64,
) {
    let (mut next, mut next_check, mut frame) = (Instant::now(), Instant::now(), 0_u32);
    while !stop.load(Ordering::Relaxed) {
        let spacing = FRAME_INTERVAL / clients.len() as u32;
        for number in 0..clients.len() {
            clients[number].send_frame(packets, PAYLOAD, frame.is_multiple_of(KEY_FRAME_EVERY));
            sent.fetch_add(packets as u64, Ordering::Relaxed);
            // Everybody's at each step: the kernel holds 200 kB for each, which is one frame of nine others.
            let count = clients.iter_mut().map(Client::count_received).sum();
            received.fetch_add(count, Ordering::Relaxed);
            next += spacing; // cameras are not in step
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        frame += 1;
        check(&mut clients, &mut next_check);
    }
}

fn watch(clients: &mut [Client], stop: &AtomicBool, received: &AtomicU64) {
    let mut next_check = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let count = clients.iter_mut().map(Client::count_received).sum();
        received.fetch_add(count, Ordering::Relaxed);
        check(clients, &mut next_check);
        thread::sleep(Duration::from_millis(3));
    }
}

fn check(clients: &mut [Client], next: &mut Instant) {
    if Instant::now() < *next {
        return;
    }
    *next += CHECK_INTERVAL;
    for client in clients {
        let _ = client.send_check(); // the next one comes in time
    }
}

fn measure(
    thread: &str,
    sockets: &Sockets,
    scenario: &Scenario,
    (round, rounds): (Duration, u64),
    sent: &AtomicU64,
    received: &AtomicU64,
) -> io::Result<Outcome> {
    thread::sleep(round); // warms up: everybody has had a key frame
    let mut costs = Vec::new();
    let first_unread = sockets.unread()?;
    let (begin, first_cpu) = (Instant::now(), cpu_time(thread)?);
    let (first_sent, first_received) = (sent.load(Ordering::Relaxed), received.load(Ordering::Relaxed));
    for _ in 0..rounds {
        let (cpu, count) = (cpu_time(thread)?, received.load(Ordering::Relaxed));
        thread::sleep(round);
        let delivered = received.load(Ordering::Relaxed) - count;
        if delivered == 0 {
            return Err(io::Error::other(format!("{}: nothing was forwarded", scenario.name)));
        }
        costs.push((cpu_time(thread)? - cpu) * 1e6 / delivered as f64);
    }
    let seconds = begin.elapsed().as_secs_f64();
    let delivered = (received.load(Ordering::Relaxed) - first_received) as f64;
    let watchers = scenario.peers - 1;
    let expected = ((sent.load(Ordering::Relaxed) - first_sent) as usize * watchers) as f64;
    let unread = sockets.unread()?;
    Ok(Outcome {
        costs,
        delivered_per_second: delivered / seconds,
        share_lost: (1.0 - delivered / expected).max(0.0),
        share_unread_by_clients: (unread.0 - first_unread.0) as f64 / expected,
        share_unread_by_engine: (unread.1 - first_unread.1) as f64 * watchers as f64 / expected,
        kb_per_person: 0.0,
        share_of_core: (cpu_time(thread)? - first_cpu) / seconds,
    })
}

/// The ports whose sockets packets may be lost in.
struct Sockets {
    clients: HashSet<u16>,
    engine: HashSet<u16>,
}

impl Sockets {
    /// Datagrams that the kernel dropped before they were read so far: clients' and the engine's (proc(5), `net/udp`).
    fn unread(&self) -> io::Result<(u64, u64)> {
        let (mut clients, mut engine) = (0, 0);
        for line in std::fs::read_to_string("/proc/self/net/udp")?.lines().skip(1) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let port = words.get(1).and_then(|local| u16::from_str_radix(local.rsplit(':').next()?, 16).ok());
            let drops: Option<u64> = words.last().and_then(|word| word.parse().ok());
            let (Some(port), Some(drops)) = (port, drops) else { continue };
            if self.clients.contains(&port) {
                clients += drops;
            } else if self.engine.contains(&port) {
                engine += drops;
            }
        }
        Ok((clients, engine))
    }
}

/// What this process holds in memory.
fn resident_kb() -> io::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other("no VmRSS in status"))
}

/// Where the kernel tells about the engine's thread, the newest of that name.
fn engine_thread() -> io::Result<String> {
    let mut named = HashMap::new();
    for entry in std::fs::read_dir("/proc/self/task")? {
        let path = entry?.path();
        if std::fs::read_to_string(path.join("comm"))?.trim() == "media" {
            let id: u64 = path.file_name().and_then(|name| name.to_str()?.parse().ok()).unwrap_or(0);
            named.insert(id, path.join("schedstat").to_string_lossy().into_owned());
        }
    }
    let newest = named.into_iter().max().map(|(_, path)| path);
    newest.ok_or_else(|| io::Error::other("no thread named media"))
}

/// Seconds on a core, in user and kernel mode (proc(5), `schedstat`).
fn cpu_time(thread: &str) -> io::Result<f64> {
    let text = std::fs::read_to_string(thread)?;
    let nanoseconds: Option<f64> = text.split(' ').next().and_then(|word| word.parse().ok());
    nanoseconds.map(|time| time * 1e-9).ok_or_else(|| io::Error::other("no time in schedstat"))
}
