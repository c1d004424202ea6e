//! The stages of a packet's path, one by one: `cargo bench -p sfu-io --bench stages`. What each costs alone, on this machine and now;
//! what they cost together is `forwarding`'s, and what does not depend on the machine is counted by `benches/engine/instructions.py`.

#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

#[path = "../../sfu/tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::io::IoSlice;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use common::{Client, Stage};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sfu::srtp::{Inbound, KeyPair, Outbound, Profile};
use sfu::{CommandKind, MAX_SEGMENTS, Source};
use sfu_io::sys;
use wire::demux::classify;
use wire::rtcp::write_transport_feedback;
use wire::rtp::{Header, Outgoing, write_header};
use wire::vp8::{Descriptor, OutgoingFrame, write_payload_head};

const PAYLOAD_BYTES: usize = 1100;
const WATCHERS: u16 = 16;
/// Id of the transport-wide number in the recorded offer.
const TRANSPORT: u8 = 3;
const HEADER: Outgoing =
    Outgoing { marker: true, payload_type: 96, sequence: 7, timestamp: 9, ssrc: 3, csrc: None };

fn payload(number: u16) -> Vec<u8> {
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
    payload
}

/// A packet in the clear: its bytes, and those of the header.
fn packet() -> (Vec<u8>, usize) {
    let mut packet = Vec::new();
    let clear = write_header(&mut packet, &HEADER, &[(4, b"1"), (3, &[0, 7])]);
    packet.extend_from_slice(&payload(1));
    (packet, clear)
}

fn keys(profile: Profile) -> (Outbound, Inbound) {
    let pair =
        KeyPair::split(profile, &[7; 88][..profile.keying_material_len()]).expect("enough for both ends");
    (Outbound::new(&pair.client), Inbound::new(&pair.client))
}

/// What comes in: told apart, its header, and the head of its picture.
fn parse(criterion: &mut Criterion) {
    let (packet, _) = packet();
    criterion.bench_function("parse", |bench| {
        bench.iter(|| {
            let packet = black_box(&packet[..]);
            let kind = classify(packet);
            let header = Header::parse(packet).expect("whole");
            let number = header.extension(packet, 3).and_then(wire::extension::transport_sequence);
            let body = header.payload(packet).expect("whole");
            (kind, number, Descriptor::parse(&packet[body]).expect("whole"))
        });
    });
}

/// A new header and a changed picture id, in a copy.
fn rewrite(criterion: &mut Criterion) {
    let body = payload(1);
    let mut out = Vec::with_capacity(2 * PAYLOAD_BYTES);
    criterion.bench_function("rewrite", |bench| {
        bench.iter(|| {
            out.clear();
            let start = write_header(&mut out, black_box(&HEADER), &[(3, &[0, 7])]);
            out.extend_from_slice(black_box(&body));
            let descriptor = Descriptor::parse(&out[start..]).expect("whole");
            descriptor.rewrite(&mut out[start..], 0x1234, 0x56);
            out.len()
        });
    });
}

/// Encryption, and the same backwards with the check for replays.
fn seal_and_open(criterion: &mut Criterion) {
    for (name, profile) in [("AES-256-GCM", Profile::Aes256Gcm), ("AES-CM-128", Profile::Aes128CmSha1)] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(PAYLOAD_BYTES as u64));
        let (mut outbound, _) = keys(profile);
        let (plain, clear) = packet();
        let (mut out, mut index) = (Vec::with_capacity(2 * PAYLOAD_BYTES), 0);
        group.bench_function("seal", |bench| {
            bench.iter(|| {
                index += 1;
                out.clear();
                out.extend_from_slice(&plain);
                outbound.seal_rtp(&mut out, 0, clear, index);
                out.len()
            });
        });
        let mut sealed = plain.clone();
        outbound.seal_rtp(&mut sealed, 0, clear, 7);
        let fresh = || (keys(profile).1, sealed.clone());
        group.bench_function("open", |bench| {
            bench.iter_batched_ref(
                fresh,
                |(inbound, packet)| inbound.open_rtp(packet, clear).expect("authentic"),
                BatchSize::SmallInput,
            );
        });
    }
}

/// The whole engine without sockets: one packet in, decrypted, routed, rewritten and encrypted for everybody who watches. What
/// they acknowledge every tenth packet is not timed.
fn forward(criterion: &mut Criterion) {
    let mut stage = Stage::new();
    let mut camera = stage.join("camera", 1);
    let names: Vec<String> = (0..WATCHERS).map(|number| format!("watcher{number}")).collect();
    let mut watchers: Vec<(Client, Vec<(u64, i64)>)> =
        names.iter().zip(10..).map(|(name, port)| (stage.join(name, port), Vec::new())).collect();
    for name in &names {
        stage.watch(name, "camera");
    }
    stage.submit(CommandKind::SetSources { peer: Arc::from("camera"), sources: vec![Source::Camera] });
    let (mut number, mut forwarded, mut timed) = (0_u64, 0_u64, 0_u64);
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(u64::from(WATCHERS)));
    group.bench_function(format!("one in, {WATCHERS} out"), |bench| {
        bench.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                let mut datagram = camera.packet("1", 96, number as u16, &payload(number as u16));
                let from = camera.address();
                let began = std::time::Instant::now();
                stage.engine.receive(stage.now, from, &mut datagram, &mut stage.out);
                spent += began.elapsed();
                timed += 1;
                stage.now += Duration::from_millis(5);
                stage.engine.timeout(stage.now, &mut stage.out);
                for (watcher, arrivals) in &mut watchers {
                    forwarded += take(&stage, watcher, number, arrivals);
                }
                stage.out.clear();
                for (watcher, arrivals) in watchers.iter_mut().filter(|(_, arrivals)| arrivals.len() >= 10) {
                    acknowledge(&mut stage, watcher, number, arrivals);
                }
                if number.is_multiple_of(500) {
                    camera.check(&mut stage);
                    for (watcher, _) in &watchers {
                        watcher.check(&mut stage);
                    }
                }
                stage.out.clear();
                while stage.engine.poll_event().is_some() {}
                number += 1;
            }
            spent
        });
    });
    assert!(forwarded * 10 > timed * u64::from(WATCHERS) * 9, "{forwarded} of {timed} went out to all");
}

/// Notes what has come to a watcher; how many pictures.
fn take(stage: &Stage, watcher: &Client, number: u64, arrivals: &mut Vec<(u64, i64)>) -> u64 {
    let mut pictures = 0;
    for (batch, bytes) in stage.out.batches().filter(|(batch, _)| batch.to.address == watcher.address()) {
        for datagram in bytes.chunks(batch.segment) {
            let Ok(header) = Header::parse(datagram) else { continue };
            let value = header.extension(datagram, TRANSPORT);
            if let Some(sequence) = value.and_then(wire::extension::transport_sequence) {
                arrivals.push((u64::from(sequence), 5000 * number as i64));
                pictures += u64::from(datagram.len() > PAYLOAD_BYTES);
            }
        }
    }
    pictures
}

fn acknowledge(stage: &mut Stage, watcher: &mut Client, number: u64, arrivals: &mut Vec<(u64, i64)>) {
    let mut datagram = watcher.rtcp(|out| {
        write_transport_feedback(out, 1, 1, (number / 10) as u8, arrivals[0].0, arrivals);
    });
    arrivals.clear();
    stage.engine.receive(stage.now, watcher.address(), &mut datagram, &mut stage.out);
}

/// The system calls that send, on loopback, which charges the receiver's part of the kernel to the sender.
fn send(criterion: &mut Criterion) {
    let bind = || UdpSocket::bind("127.0.0.1:0").expect("a socket on loopback");
    let (sender, receiver) = (bind(), bind());
    let to = sys::to_raw(receiver.local_addr().expect("bound"));
    let packets = vec![7; MAX_SEGMENTS * PAYLOAD_BYTES];
    let mut group = criterion.benchmark_group("send");
    // The receiver reads nothing: its buffer is full after a moment, and the kernel drops what comes, which costs the same to bring there.
    for count in [1, 4, MAX_SEGMENTS] {
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{count} in a call"), |bench| {
            let segment = (count > 1).then_some(PAYLOAD_BYTES as u16);
            let parts = [IoSlice::new(&packets[..count * PAYLOAD_BYTES])];
            bench.iter(|| sys::send(&sender, &to, None, &parts, segment));
        });
    }
}

criterion_group!(stages, parse, rewrite, seal_and_open, forward, send);
criterion_main!(stages);
