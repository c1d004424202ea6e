//! A worker through its public calls only: starting, refusing to start, answering, ending.

#![allow(clippy::disallowed_methods, reason = "real sockets need real time, as the limit of what never ends")]

#[path = "../benches/forwarding/client.rs"]
mod client;
#[path = "../benches/forwarding/line.rs"]
mod line;
#[path = "../benches/forwarding/sdp.rs"]
mod sdp;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread::yield_now;
use std::time::{Duration, Instant};

use client::Client;
use sfu::{Command, CommandKind, Event, Limits, Source, Tile};
use sfu_io::{Pool, Settings, StartError, Stopped, Told};

const PATIENCE: Duration = Duration::from_secs(30);

fn settings(listen: &str) -> Settings {
    Settings {
        listen: listen.to_owned(),
        tcp: false,
        advertise: Vec::new(),
        statistics_interval: Duration::from_secs(3600),
        spread_peers: usize::MAX,
        peers_per_room: usize::MAX,
        limits: Limits::default(),
    }
}

fn start(settings: &Settings) -> Result<Pool, StartError> {
    Pool::start(settings, 1)
}

fn close_room(id: u64) -> Command {
    Command { id, room: "r".into(), kind: CommandKind::CloseRoom }
}

#[test]
fn a_taken_port_is_named_with_what_to_do() {
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = taken.local_addr().expect("bound").to_string();
    let error = start(&settings(&address)).expect_err("the port is taken");
    assert!(matches!(error, StartError::Listen { .. }));
    let sentence = error.to_string();
    assert!(sentence.contains(&address) && sentence.contains("another port"), "{sentence}");
}

#[test]
fn closing_answers_what_was_asked_before_and_frees_the_port() {
    let worker = start(&settings("127.0.0.1:0")).expect("a worker");
    let address = worker.addresses()[0];
    worker.submit((1..=3).map(close_room)).expect("running");
    worker.close();
    worker.close();
    let ids: Vec<u64> = worker
        .drain(10)
        .expect("closed, not dead")
        .into_iter()
        .filter_map(|told| match told.event {
            Event::Accepted { id } | Event::Rejected { id, .. } => Some(id),
            _ => None,
        })
        .collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(worker.submit([close_room(4)]), Err(Stopped::Closed));
    assert_eq!(worker.snapshot("r"), Err(Stopped::Closed));
    start(&settings(&address.to_string())).expect("the port is free again");
}

#[test]
fn noise_from_the_network_gets_no_answer() {
    let worker = start(&settings("127.0.0.1:0")).expect("a worker");
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    stranger.connect(worker.addresses()[0]).expect("an address");
    for first in 0..=255_u8 {
        stranger.send(&[first; 200]).expect("sent");
    }
    worker.snapshot("r").expect("the worker lives"); // everything sent before was read, or is read now
    stranger.set_nonblocking(true).expect("a socket");
    worker.close();
    assert!(stranger.recv(&mut [0; 2000]).is_err(), "an answer to noise");
}

/// Whoever joins through the answer's first candidate.
fn join(worker: &Pool, name: &str, number: u32) -> Client {
    enter(worker, name, Client::new(number).expect("a client"))
}

fn enter(worker: &Pool, name: &str, mut client: Client) -> Client {
    let offer = client.offer(1);
    command(
        worker,
        CommandKind::AddPeer { peer: name.into(), offer, publish: true, subscribe: true, one_way: false },
    );
    let answer = event(worker, |event| match event {
        Event::Answered { sdp, .. } => Some(sdp),
        _ => None,
    });
    client.connect(&answer).expect("connected");
    event(worker, |event| matches!(event, Event::PeerConnected { .. }).then_some(()));
    client
}

fn command(worker: &Pool, kind: CommandKind) {
    worker.submit([Command { id: 1, room: "r".into(), kind }]).expect("running");
}

/// The first event that is wanted.
fn event<T>(worker: &Pool, wanted: impl Fn(Event) -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(found) =
            worker.drain(1).expect("running").into_iter().map(|told| told.event).find_map(&wanted)
        {
            return found;
        }
        yield_now();
    }
    panic!("the event does not come");
}

/// The clients' sockets are connected to the second address of loopback: they see nothing that leaves from the first,
/// which is the kernel's choice.
#[test]
fn handshake_and_media_leave_from_the_address_that_was_asked() {
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let advertise = vec!["127.0.0.2".to_owned()];
        let Ok(worker) = start(&Settings { advertise, ..settings(listen) }) else {
            assert!(listen.starts_with('['), "a machine without IPv6 at most");
            continue;
        };
        let (mut ana, mut bo) = (join(&worker, "ana", 1), join(&worker, "bo", 2));
        assert!(received(&worker, &mut ana, &mut bo, 20) >= 20, "{listen}");
    }
}

/// Ana sends frames until `enough` packets have come to Bo, or it takes too long.
fn received(worker: &Pool, ana: &mut Client, bo: &mut Client, enough: u64) -> u64 {
    let tile = Tile { peer: "ana".into(), source: Source::Camera, width: 640, height: 360, pinned: false };
    command(worker, CommandKind::SetView { peer: "bo".into(), tiles: vec![tile] });
    command(worker, CommandKind::SetSources { peer: "ana".into(), sources: vec![Source::Camera] });
    worker.snapshot("r").expect("both are done");
    let (end, mut received) = (Instant::now() + PATIENCE, 0);
    while received < enough && Instant::now() < end {
        ana.send_frame(4, 1100, true);
        worker.snapshot("r").expect("running");
        received += bo.count_received();
    }
    received
}

fn with_tcp() -> Pool {
    start(&Settings { tcp: true, ..settings("127.0.0.1:0") }).expect("a worker")
}

#[test]
fn media_flows_by_tcp_and_between_tcp_and_udp() {
    for (ana_by_tcp, bo_by_tcp) in [(true, true), (true, false), (false, true)] {
        let worker = with_tcp();
        let client = |number, by_tcp| {
            let server = worker.addresses()[0];
            if by_tcp { Client::by_tcp(number, server) } else { Client::new(number) }.expect("a client")
        };
        let mut ana = enter(&worker, "ana", client(1, ana_by_tcp));
        let mut bo = enter(&worker, "bo", client(2, bo_by_tcp));
        assert!(received(&worker, &mut ana, &mut bo, 200) >= 200, "{ana_by_tcp} {bo_by_tcp}");
    }
}

/// Nobody reads what is sent to Bo: the worker keeps a bounded part of it, and serves the others.
#[test]
fn who_does_not_read_loses_packets_and_costs_nobody_anything() {
    let worker = start(&Settings {
        tcp: true,
        statistics_interval: Duration::from_millis(50),
        ..settings("127.0.0.1:0")
    })
    .expect("a worker");
    let server = worker.addresses()[0];
    let mut ana = enter(&worker, "ana", Client::new(1).expect("a client"));
    let _bo = enter(&worker, "bo", Client::by_tcp(2, server).expect("a client"));
    let tile = Tile { peer: "ana".into(), source: Source::Camera, width: 640, height: 360, pinned: false };
    command(&worker, CommandKind::SetView { peer: "bo".into(), tiles: vec![tile] });
    command(&worker, CommandKind::SetSources { peer: "ana".into(), sources: vec![Source::Camera] });
    let end = Instant::now() + PATIENCE;
    let mut lost = 0;
    while lost == 0 && Instant::now() < end {
        ana.send_frame(20, 1100, true);
        worker.snapshot("r").expect("running");
        for Told { event, .. } in worker.drain(100).expect("running") {
            if let Event::Statistics { drops, .. } = event {
                lost =
                    drops.iter().find(|(name, _)| *name == "tcp_queue_full").map_or(0, |(_, count)| *count);
            }
        }
    }
    assert!(lost > 0, "the queue has no end");
}

#[test]
fn who_speaks_something_else_is_closed_and_told_nothing() {
    let worker = with_tcp();
    let mut stranger = TcpStream::connect(worker.addresses()[0]).expect("a connection");
    stranger.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stranger.write_all(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    // The rest that the worker has not read makes a reset of the close.
    let end = stranger.read_to_end(&mut answer);
    assert!(end.is_ok() || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    assert!(answer.is_empty());
}

/// More connections than there may be strangers: the oldest makes room, and a client still gets in.
#[test]
fn strangers_make_room_for_each_other_and_for_clients() {
    let worker = with_tcp();
    let server = worker.addresses()[0];
    let mut first = TcpStream::connect(server).expect("a connection");
    let rest: Vec<TcpStream> = (0..300).map(|_| TcpStream::connect(server).expect("a connection")).collect();
    first.set_read_timeout(Some(PATIENCE)).expect("a socket");
    assert_eq!(first.read(&mut [0; 10]).expect("closed"), 0);
    let mut ana = enter(&worker, "ana", Client::by_tcp(1, server).expect("a client"));
    let mut bo = enter(&worker, "bo", Client::by_tcp(2, server).expect("a client"));
    assert!(received(&worker, &mut ana, &mut bo, 20) >= 20);
    drop(rest);
}

#[test]
fn a_port_taken_for_tcp_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = taken.local_addr().expect("bound").to_string();
    let error = start(&Settings { tcp: true, ..settings(&address) }).expect_err("the port is taken");
    assert!(error.to_string().contains(&format!("TCP {address}")), "{error}");
    start(&settings(&address)).expect("without TCP it is free");
}
