//! Checks and offers of people who mean harm: nothing is sent where they say, and nobody else's way is moved.

mod common;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use common::{Client, OFFER, Stage};
use sfu::{CommandKind, Event, RejectCode, Source};
use wire::stun::Role;

fn third() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 9))
}

/// Datagrams and bytes that wait to be sent to an address.
fn waiting(stage: &Stage, to: SocketAddr) -> (usize, usize) {
    let runs = stage.out.batches().filter(|(batch, _)| batch.to.address == to);
    runs.fold((0, 0), |(count, bytes), (batch, _)| {
        (count + batch.len.div_ceil(batch.segment), bytes + batch.len)
    })
}

/// Ana's next sound goes to Bo where Bo is.
fn assert_heard(stage: &mut Stage, ana: &mut Client, bo: &Client, sequence: u16) {
    stage.out.clear();
    let mut packet = ana.packet("0", 111, sequence, &[0x78; 90]);
    stage.engine.receive(stage.now, ana.address(), &mut packet, &mut stage.out);
    assert_eq!(waiting(stage, bo.address()).0, 1);
    assert_eq!(waiting(stage, third()).0, 0);
}

fn meeting() -> (Stage, Client, Client) {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.join("ana", 1), stage.join("bo", 2));
    stage.submit(CommandKind::SetSources { peer: Arc::from("ana"), sources: vec![Source::Microphone] });
    (stage, ana, bo)
}

#[test]
fn nobody_moves_anothers_media_by_a_nomination() {
    let (mut stage, mut ana, bo) = meeting();
    let mallory = stage.join("mallory", 3);
    stage.out.clear();
    for _ in 0..100 {
        // A nomination with Bo's name and one's own password.
        let mut check = mallory.checking(&mut stage, bo.ufrag(), Role::Controlling(1));
        stage.engine.receive(stage.now, third(), &mut check, &mut stage.out);
    }
    assert_eq!(waiting(&stage, third()), (0, 0));
    assert_heard(&mut stage, &mut ana, &bo, 1);
}

#[test]
fn who_insists_on_the_other_role_is_answered_with_no_more_than_was_asked() {
    let (mut stage, mut ana, bo) = meeting();
    for _ in 0..100 {
        stage.out.clear();
        let mut check = bo.checking(&mut stage, bo.ufrag(), Role::Controlled(u64::MAX));
        stage.engine.receive(stage.now, third(), &mut check, &mut stage.out);
        let (count, bytes) = waiting(&stage, third());
        assert!(count == 1 && bytes <= check.len(), "{count} answers, {bytes} bytes for {}", check.len());
    }
    // Nothing was learned from it: the media stay where they were.
    assert_heard(&mut stage, &mut ana, &bo, 1);
}

/// The first refusal of what was submitted, if there was one.
fn refusal(stage: &mut Stage) -> Option<RejectCode> {
    std::iter::from_fn(|| stage.engine.poll_event()).find_map(|event| match event {
        Event::Rejected { code, .. } => Some(code),
        _ => None,
    })
}

fn add(stage: &mut Stage, peer: &str, offer: String) -> Option<RejectCode> {
    let peer = Arc::from(peer);
    stage.submit(CommandKind::AddPeer { peer, offer, publish: true, subscribe: true, one_way: false });
    refusal(stage)
}

#[test]
fn candidates_are_never_called() {
    let (mut stage, mut ana, bo) = meeting();
    let line = |n: usize| {
        let host =
            ["127.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "10.0.0.1", "x.local", "meet.example.org"];
        format!("a=candidate:{n} 1 udp 2113937151 {} 80 typ host\r\n", host[n % host.len()])
    };
    let with = |count: usize| format!("{OFFER}{}", (0..count).map(line).collect::<String>());
    assert_eq!(add(&mut stage, "many", with(2000)), None);
    assert_eq!(add(&mut stage, "too many", with(10_000)), Some(RejectCode::LimitReached));
    stage.out.clear();
    for second in 0..60_u16 {
        stage.pass(Duration::from_secs(1));
        ana.check(&mut stage);
        bo.check(&mut stage);
        let others = stage
            .out
            .batches()
            .filter(|(batch, _)| ![ana.address(), bo.address()].contains(&batch.to.address));
        assert_eq!(others.count(), 0, "in second {second}");
        assert_heard(&mut stage, &mut ana, &bo, second + 1);
    }
}

#[test]
fn the_same_credentials_of_two_clients_are_two_clients() {
    // `Stage::join` offers one recorded offer for all: the same fragment and password, which are the clients' own matter.
    let (mut stage, mut ana, bo) = meeting();
    assert_ne!(ana.ufrag(), bo.ufrag(), "ours tell them apart");
    assert_heard(&mut stage, &mut ana, &bo, 1);
}

#[test]
fn offers_that_broke_others_are_refused_or_answered() {
    let first_video = OFFER.find("m=video").unwrap();
    let rest = &OFFER[first_video..];
    let line_end = rest.find("\r\n").unwrap_or_else(|| rest.find('\n').unwrap());
    let video = |line: &str| format!("{}{line}{}", &OFFER[..first_video], &rest[line_end..]);
    let offers = [
        (
            "two lines of one name",
            OFFER.replace("a=mid:1\r", "a=mid:0\r").replace("a=mid:1\n", "a=mid:0\n"),
            true,
        ),
        (
            "a payload type beyond 127",
            OFFER.replace(":96 VP8", ":296 VP8").replace(" 96 97 ", " 296 97 "),
            false,
        ),
        ("a payload type of no number", OFFER.replace(":96 VP8", ":-1 VP8"), false),
        ("video without a codec", video("m=video 9 UDP/TLS/RTP/SAVPF 0"), false),
        ("video that is switched off", video("m=video 0 UDP/TLS/RTP/SAVPF 96"), false),
        ("a port beyond its range", video("m=video 99999 UDP/TLS/RTP/SAVPF 96"), false),
        ("another transport", video("m=video 9 RTP/AVP 96"), false),
        ("a password that is too short", OFFER.replace("a=ice-pwd:", "a=ice-pwd:x\r\na=was:"), false),
        ("no fingerprint", OFFER.replace("a=fingerprint:", "a=was:"), true),
        ("the other part in the handshake", OFFER.replace("a=setup:actpass", "a=setup:passive"), true),
    ];
    let (mut stage, mut ana, bo) = meeting();
    for (sequence, (name, offer, is_bad)) in (1..).zip(offers) {
        assert_ne!(offer, OFFER, "{name}");
        let refused = add(&mut stage, name, offer);
        assert!(!is_bad || refused == Some(RejectCode::BadOffer), "{name}: {refused:?}");
        assert!(refused.is_none_or(|code| code == RejectCode::BadOffer), "{name}: {refused:?}");
        assert_heard(&mut stage, &mut ana, &bo, sequence);
    }
    // An offer of somebody who is not there, or no longer.
    stage.submit(CommandKind::Renegotiate { peer: Arc::from("nobody"), offer: OFFER.to_owned() });
    assert_eq!(refusal(&mut stage), Some(RejectCode::UnknownPeer));
    assert_heard(&mut stage, &mut ana, &bo, 99);
}
