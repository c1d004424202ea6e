//! Who is not the other end of a handshake cannot begin, disturb or end it, nor be answered (CVE-2023-49786 and its family).

mod common;

use std::net::SocketAddr;
use std::sync::Arc;

use common::{Client, Stage};
use sfu::{CommandKind, Event, Source};

/// `TLS_NULL_WITH_NULL_NULL`, which no server may choose.
const NULL_SUITE: u16 = 0;
const ECDHE_ECDSA_AES_128_GCM: u16 = 0xc02b;
const DTLS_1_2: u16 = 0xfefd;

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const HELLO_VERIFY_REQUEST: u8 = 3;
const CERTIFICATE: u8 = 11;
const FINISHED: u8 = 20;

fn third() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 9))
}

/// One handshake record of epoch 0 (RFC 6347 §4.1, §4.2.2): a fragment from `at` of a message of `whole` bytes.
fn fragment(kind: u8, (number, message): (u8, u8), (whole, at): (usize, usize), body: &[u8]) -> Vec<u8> {
    let three = |n: usize| [(n >> 16) as u8, (n >> 8) as u8, n as u8];
    let mut record = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, number];
    record.extend_from_slice(&((body.len() + 12) as u16).to_be_bytes());
    record.push(kind);
    record.extend_from_slice(&three(whole));
    record.extend_from_slice(&[0, message]);
    record.extend_from_slice(&three(at));
    record.extend_from_slice(&three(body.len()));
    record.extend_from_slice(body);
    record
}

fn whole(kind: u8, number: u8, body: &[u8]) -> Vec<u8> {
    fragment(kind, (number, 0), (body.len(), 0), body)
}

/// A first message (RFC 5246 §7.4.1.2, RFC 6347 §4.2.1).
fn hello(version: u16, suite: u16, cookie: &[u8]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend_from_slice(&[0x5a; 32]);
    body.push(0);
    body.push(cookie.len() as u8);
    body.extend_from_slice(cookie);
    body.extend_from_slice(&[0, 2]);
    body.extend_from_slice(&suite.to_be_bytes());
    body.extend_from_slice(&[1, 0]);
    whole(CLIENT_HELLO, 0, &body)
}

/// Everything that is no handshake of a client as it should be: suites, versions and cookies that cannot be, the other role's
/// messages, alerts, another epoch, and records that are none.
fn junk() -> Vec<Vec<u8>> {
    let mut junk = vec![
        hello(DTLS_1_2, NULL_SUITE, b""),
        hello(0xfeff, ECDHE_ECDSA_AES_128_GCM, b""),
        hello(0x0303, ECDHE_ECDSA_AES_128_GCM, b""),
        hello(DTLS_1_2, ECDHE_ECDSA_AES_128_GCM, &[0xc0; 255]),
        whole(HELLO_VERIFY_REQUEST, 0, &[0xfe, 0xff, 2, 1, 2]),
        whole(SERVER_HELLO, 0, &[0xfe; 40]),
        whole(CERTIFICATE, 1, &[0, 0, 0]),
        whole(FINISHED, 1, &[7; 12]),
        whole(99, 2, &[7; 12]),
        vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40], // a fatal alert that nothing protects
        vec![22; 13],
        vec![20; 1],
    ];
    for kind in 20..=25 {
        for epoch in [0, 1] {
            let mut record = vec![kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 99, 0, 40];
            record.resize(13 + 40, 2);
            junk.push(record);
        }
    }
    junk
}

fn inject(stage: &mut Stage, from: SocketAddr, record: &[u8]) {
    stage.engine.receive(stage.now, from, &mut record.to_vec(), &mut stage.out);
}

/// Bytes that wait to be sent to an address.
fn answered(stage: &Stage, to: SocketAddr) -> usize {
    stage.out.batches().filter(|(batch, _)| batch.to.address == to).map(|(batch, _)| batch.len).sum()
}

/// Ana's next packet of sound reaches the others at once, and nobody was given up.
fn assert_heard(stage: &mut Stage, ana: &mut Client, sequence: u16) {
    stage.out.clear();
    let mut packet = ana.packet("0", 111, sequence, &[0x78; 90]);
    stage.engine.receive(stage.now, ana.address(), &mut packet, &mut stage.out);
    assert!(stage.out.batches().count() >= 1, "sound goes on");
    while let Some(event) = stage.engine.poll_event() {
        assert!(!matches!(event, Event::PeerFailed { .. }), "{event:?}");
    }
}

fn speaks(stage: &mut Stage, who: &str) {
    stage.submit(CommandKind::SetSources { peer: Arc::from(who), sources: vec![Source::Microphone] });
}

#[test]
fn a_strangers_handshake_is_nothing_before_during_and_after() {
    let mut stage = Stage::new();
    let mut injected = 0;
    let mut disturb = |stage: &mut Stage, _: SocketAddr| {
        for record in junk() {
            inject(stage, third(), &record);
            injected += 1;
        }
        assert_eq!(answered(stage, third()), 0);
    };
    disturb(&mut stage, third());
    let mut ana = stage.join_disturbed("ana", 1, &mut disturb);
    stage.join_disturbed("bo", 2, &mut disturb);
    disturb(&mut stage, third());
    speaks(&mut stage, "ana");
    assert_heard(&mut stage, &mut ana, 1);
    assert!(injected > 100);
    assert_eq!(stage.drops("unknown_address") + stage.drops("unknown_protocol"), injected);
}

#[test]
fn records_with_a_clients_address_do_not_end_its_session() {
    let mut stage = Stage::new();
    let mut ana = stage.join("ana", 1);
    stage.join("bo", 2);
    speaks(&mut stage, "ana");
    let mut forged = ana.forged_records(stage.now);
    assert!(!forged.is_empty());
    forged.extend(junk());
    for record in forged {
        inject(&mut stage, ana.address(), &record);
    }
    assert_heard(&mut stage, &mut ana, 1);
}

#[test]
fn records_with_a_clients_address_do_not_stop_its_handshake() {
    for (number, record) in junk().into_iter().enumerate() {
        let mut stage = Stage::new();
        let mut disturbed = 0;
        stage.join_disturbed("ana", 1, |stage, address| {
            inject(stage, address, &record);
            disturbed += 1;
        });
        assert!(disturbed > 1, "{number}");
    }
}

#[test]
fn fragments_that_never_end_and_overlap_are_bounded() {
    let mut stage = Stage::new();
    let mut ana = stage.join("ana", 1);
    stage.join("bo", 2);
    speaks(&mut stage, "ana");
    let mut injected = 0;
    stage.join_disturbed("cy", 3, |stage, address| {
        injected += 1;
        // Of cy's own handshake nothing is asked here but that what it keeps of others' fragments stays small.
        if injected > 1 {
            return;
        }
        let kept = allocation_counter::measure(|| {
            for n in 0..10_000_usize {
                let at = (n * 7) % 4000;
                let part =
                    fragment(CERTIFICATE, (n as u8, 9 + (n % 5) as u8), (0x00ff_ffff, at), &[n as u8; 100]);
                inject(stage, ana.address(), &part);
                inject(stage, address, &whole(99, 7, &[0; 0]));
            }
        });
        assert!(kept.bytes_current < 256 << 10, "{kept:?}");
        stage.out.clear();
    });
    assert_heard(&mut stage, &mut ana, 1);
}

#[test]
fn a_hundred_thousand_half_handshakes_cost_nothing() {
    let mut stage = Stage::new();
    let mut ana = stage.join("ana", 1);
    stage.join("bo", 2);
    speaks(&mut stage, "ana");
    let first = hello(DTLS_1_2, ECDHE_ECDSA_AES_128_GCM, b"");
    let kept = allocation_counter::measure(|| {
        for n in 0..100_000_u32 {
            let [_, a, b, c] = n.to_be_bytes();
            inject(&mut stage, SocketAddr::from(([10, a, b, c], 5000)), &first);
        }
    });
    assert_eq!((kept.count_current, stage.out.batches().count()), (0, 0));
    assert_heard(&mut stage, &mut ana, 1);
    assert_eq!(stage.drops("unknown_address"), 100_000);
}
