//! The real path of a packet without I/O, made to be counted: one camera of 200 packets a second, everybody else watches.
//! Under callgrind, `benches/engine/instructions.py` counts what each of the functions named `counted_*` does; alone, it says
//! how many packets were forwarded, and what was allocated for them.
//!
//! Everything is the same in each run: seeds, time stamps, sizes, and which packets are acknowledged when. Only keys differ.

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use common::{Client, Stage};
use sfu::{CommandKind, Source};
use wire::rtcp::write_transport_feedback;
use wire::rtp::Header;
use wire::vp8::{OutgoingFrame, write_payload_head};

/// What the pictures' packets carry.
const PAYLOAD_BYTES: usize = 1100;
const WATCHERS: u16 = 16;
const INTERVAL: Duration = Duration::from_millis(5);
/// Until estimates, caches and queues have their size.
const WARM_UP: u16 = 4000;
const COUNTED: u16 = 400;
/// Packets between two feedbacks of a watcher: 50 ms.
const FEEDBACK_EVERY: u16 = 10;
/// Packets between two consent checks: 2.5 s.
const CHECK_EVERY: u16 = 500;
/// Id of the transport-wide number in the recorded offer.
const TRANSPORT: u8 = 3;

#[inline(never)]
fn counted_media(stage: &mut Stage, from: SocketAddr, datagram: &mut [u8]) {
    stage.engine.receive(stage.now, from, datagram, &mut stage.out);
}

#[inline(never)]
fn counted_feedback(stage: &mut Stage, from: SocketAddr, datagram: &mut [u8]) {
    black_box("another function"); // the compiler would make one of two that are the same
    stage.engine.receive(stage.now, from, datagram, &mut stage.out);
}

#[inline(never)]
fn counted_timers(stage: &mut Stage) {
    stage.engine.timeout(stage.now, &mut stage.out);
}

/// What was done in the counted part.
#[derive(Default)]
struct Sums {
    received: u64,
    forwarded: u64,
    forwarded_bytes: u64,
    feedbacks: u64,
    timeouts: u64,
    allocations: u64,
    allocated_bytes: u64,
}

fn main() {
    let mut stage = Stage::new();
    let mut camera = stage.join("camera", 1);
    let names: Vec<String> = (0..WATCHERS).map(|number| format!("watcher{number}")).collect();
    let mut watchers: Vec<Client> =
        names.iter().zip(10..).map(|(name, port)| stage.join(name, port)).collect();
    for name in &names {
        stage.watch(name, "camera");
    }
    stage.submit(CommandKind::SetSources { peer: Arc::from("camera"), sources: vec![Source::Camera] });
    while stage.engine.poll_event().is_some() {}

    let mut sums = Sums::default();
    let mut arrivals: Vec<Vec<(u64, i64)>> = vec![Vec::new(); watchers.len()];
    for number in 0..WARM_UP + COUNTED {
        let counts = number >= WARM_UP;
        step(&mut stage, &mut camera, number, counts.then_some(&mut sums));
        for (watcher, arrivals) in watchers.iter_mut().zip(&mut arrivals) {
            take(&mut stage, watcher, number, arrivals);
        }
        stage.out.clear();
        if number % FEEDBACK_EVERY == 0 {
            for (watcher, arrivals) in watchers.iter_mut().zip(&mut arrivals) {
                acknowledge(&mut stage, watcher, number, arrivals, counts.then_some(&mut sums));
            }
        }
        if number % CHECK_EVERY == 0 {
            camera.check(&mut stage);
            for watcher in &watchers {
                watcher.check(&mut stage);
            }
            stage.out.clear();
        }
        while stage.engine.poll_event().is_some() {}
    }
    let Sums { received, forwarded, forwarded_bytes, feedbacks, timeouts, allocations, allocated_bytes } =
        sums;
    assert_eq!(forwarded, u64::from(WATCHERS) * u64::from(COUNTED), "everybody got everything");
    println!(
        r#"{{"watchers": {WATCHERS}, "payload_bytes": {PAYLOAD_BYTES}, "received": {received}, "forwarded": {forwarded}, "forwarded_bytes": {forwarded_bytes}, "feedbacks": {feedbacks}, "timeouts": {timeouts}, "allocations": {allocations}, "allocated_bytes": {allocated_bytes}}}"#
    );
}

/// One packet of the camera comes in, and time passes until the next one is due.
fn step(stage: &mut Stage, camera: &mut Client, number: u16, sums: Option<&mut Sums>) {
    let mut payload = Vec::new();
    let frame = OutgoingFrame {
        picture_id: number & 0x7fff,
        tl0_picture_index: number as u8,
        begins: true,
        key_frame: number == 0,
        size: (640, 360),
    };
    write_payload_head(&mut payload, &frame);
    payload.resize(PAYLOAD_BYTES, 0);
    let mut datagram = camera.packet("1", 96, number, &payload);
    let from = camera.address();
    let mut timeouts = 0;
    let counted = allocation_counter::measure(|| {
        if sums.is_some() {
            counted_media(stage, from, &mut datagram);
        } else {
            stage.engine.receive(stage.now, from, &mut datagram, &mut stage.out);
        }
        let next = stage.now + INTERVAL;
        while let Some(at) = stage.engine.next_timeout().filter(|at| *at <= next) {
            stage.now = stage.now.max(at);
            if sums.is_some() {
                counted_timers(stage);
            } else {
                stage.engine.timeout(stage.now, &mut stage.out);
            }
            timeouts += 1;
        }
        stage.now = next;
    });
    let Some(sums) = sums else { return };
    sums.received += 1;
    sums.timeouts += timeouts;
    sums.allocations += counted.count_total;
    sums.allocated_bytes += counted.bytes_total;
    for (batch, bytes) in stage.out.batches() {
        let media = bytes.chunks(batch.segment).filter(|datagram| datagram.len() > PAYLOAD_BYTES);
        for datagram in media {
            sums.forwarded += 1;
            sums.forwarded_bytes += datagram.len() as u64;
        }
    }
}

/// Notes the transport-wide numbers of what has come to a watcher.
fn take(stage: &mut Stage, watcher: &Client, number: u16, arrivals: &mut Vec<(u64, i64)>) {
    let now_us = 5000 * i64::from(number);
    for (batch, bytes) in stage.out.batches().filter(|(batch, _)| batch.to.address == watcher.address()) {
        for datagram in bytes.chunks(batch.segment) {
            let Ok(header) = Header::parse(datagram) else { continue };
            let value = header.extension(datagram, TRANSPORT);
            if let Some(sequence) = value.and_then(wire::extension::transport_sequence) {
                arrivals.push((u64::from(sequence), now_us));
            }
        }
    }
}

fn acknowledge(
    stage: &mut Stage,
    watcher: &mut Client,
    number: u16,
    arrivals: &mut Vec<(u64, i64)>,
    sums: Option<&mut Sums>,
) {
    if arrivals.is_empty() {
        return;
    }
    let count = (number / FEEDBACK_EVERY) as u8;
    let mut datagram = watcher.rtcp(|out| {
        write_transport_feedback(out, 1, 1, count, arrivals[0].0, arrivals);
    });
    arrivals.clear();
    let from = watcher.address();
    let Some(sums) = sums else {
        stage.engine.receive(stage.now, from, &mut datagram, &mut stage.out);
        return;
    };
    let counted = allocation_counter::measure(|| counted_feedback(stage, from, &mut datagram));
    sums.feedbacks += 1;
    sums.allocations += counted.count_total;
    sums.allocated_bytes += counted.bytes_total;
}
