//! A worker through its public calls only: starting, refusing to start, answering, ending.

use std::net::UdpSocket;
use std::time::Duration;

use sfu::{Command, CommandKind, Event, Limits};
use sfu_io::{Settings, StartError, Stopped, Worker};

fn settings(listen: &str) -> Settings {
    Settings {
        listen: listen.to_owned(),
        advertise: Vec::new(),
        statistics_interval: Duration::from_secs(3600),
        limits: Limits::default(),
    }
}

fn close_room(id: u64) -> Command {
    Command { id, room: "r".into(), kind: CommandKind::CloseRoom }
}

#[test]
fn a_taken_port_is_named_with_what_to_do() {
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = taken.local_addr().expect("bound").to_string();
    let error = Worker::start(settings(&address)).expect_err("the port is taken");
    assert!(matches!(error, StartError::Listen { .. }));
    let sentence = error.to_string();
    assert!(sentence.contains(&address) && sentence.contains("another port"), "{sentence}");
}

#[test]
fn closing_answers_what_was_asked_before_and_frees_the_port() {
    let worker = Worker::start(settings("127.0.0.1:0")).expect("a worker");
    let address = worker.addresses()[0];
    worker.submit((1..=3).map(close_room)).expect("running");
    worker.close();
    worker.close();
    let ids: Vec<u64> = worker
        .drain(10)
        .expect("closed, not dead")
        .into_iter()
        .filter_map(|event| match event {
            Event::Accepted { id } | Event::Rejected { id, .. } => Some(id),
            _ => None,
        })
        .collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(worker.submit([close_room(4)]), Err(Stopped::Closed));
    assert_eq!(worker.snapshot("r"), Err(Stopped::Closed));
    Worker::start(settings(&address.to_string())).expect("the port is free again");
}

#[test]
fn noise_from_the_network_gets_no_answer() {
    let worker = Worker::start(settings("127.0.0.1:0")).expect("a worker");
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
