//! What the control plane can ask for, and what it is refused.

mod common;

use std::sync::Arc;

use common::{OFFER, Stage};
use sfu::{CommandKind, Event, RejectCode, Slot, Source, Tile};

impl Stage {
    /// What was answered to a command: its refusal, if it was one, and the other events.
    fn ask(&mut self, kind: CommandKind) -> (Option<RejectCode>, Vec<Event>) {
        self.submit(kind);
        let mut refused = None;
        let mut others = Vec::new();
        let mut verdicts = 0;
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Accepted { .. } => verdicts += 1,
                Event::Rejected { code, .. } => {
                    verdicts += 1;
                    refused = Some(code);
                }
                other => others.push(other),
            }
        }
        assert_eq!(verdicts, 1, "exactly one verdict");
        (refused, others)
    }
}

fn add(peer: &str, offer: &str) -> CommandKind {
    CommandKind::AddPeer {
        peer: Arc::from(peer),
        offer: offer.to_owned(),
        publish: true,
        subscribe: true,
        one_way: false,
    }
}

fn renegotiate(peer: &str, offer: &str) -> CommandKind {
    CommandKind::Renegotiate { peer: Arc::from(peer), offer: offer.to_owned() }
}

fn view(peer: &str, whom: &[&str]) -> CommandKind {
    let tile = |whom: &&str| Tile {
        peer: Arc::from(*whom),
        source: Source::Camera,
        width: 320,
        height: 180,
        pinned: false,
    };
    CommandKind::SetView { peer: Arc::from(peer), tiles: whom.iter().map(tile).collect() }
}

fn answer(events: &[Event]) -> Option<&str> {
    events.iter().find_map(|event| match event {
        Event::Answered { sdp, .. } => Some(sdp.as_str()),
        _ => None,
    })
}

/// The slots that the last event of `viewer` shows filled: (mid, whose).
fn filled(events: &[Event], viewer: &str) -> Vec<(String, String)> {
    let slots = events.iter().rev().find_map(|event| match event {
        Event::SlotsChanged { peer, slots, .. } if &**peer == viewer => Some(slots.as_slice()),
        _ => None,
    });
    let whose = |slot: &Slot| Some((slot.mid.to_string(), slot.peer.as_ref()?.to_string()));
    slots.unwrap_or_default().iter().filter_map(whose).collect()
}

fn value<'a>(sdp: &'a str, name: &str) -> &'a str {
    sdp.lines().find_map(|line| line.strip_prefix(name)).expect("in the answer")
}

#[test]
fn refusals_name_their_kind_and_change_nothing() {
    let mut stage = Stage::new();
    assert_eq!(stage.ask(CommandKind::CloseRoom).0, Some(RejectCode::UnknownRoom));
    assert_eq!(stage.ask(add("ana", "v=0")).0, Some(RejectCode::BadOffer));
    assert!(stage.engine.snapshot("room").is_none(), "a refused newcomer leaves no room behind");
    assert_eq!(stage.ask(add("ana", OFFER)).0, None);
    assert_eq!(stage.ask(add("ana", OFFER)).0, Some(RejectCode::DuplicatePeer));
    assert_eq!(stage.ask(add(&"x".repeat(65), OFFER)).0, Some(RejectCode::LimitReached));
    assert_eq!(stage.ask(view("bo", &[])).0, Some(RejectCode::UnknownPeer));
    assert_eq!(stage.ask(view("ana", &["bo"; 33])).0, Some(RejectCode::LimitReached));
    let remove = || CommandKind::RemovePeer { peer: Arc::from("ana") };
    assert_eq!(stage.ask(remove()).0, None);
    assert_eq!(stage.ask(remove()).0, Some(RejectCode::UnknownRoom), "the room went with its last peer");
}

#[test]
fn a_restart_changes_our_credentials_and_nothing_else() {
    let mut stage = Stage::new();
    let (_, events) = stage.ask(add("ana", OFFER));
    let first = answer(&events).unwrap().to_owned();
    let ours = value(OFFER, "a=ice-ufrag:");
    let (refused, events) = stage.ask(renegotiate("ana", &OFFER.replace(ours, "another")));
    assert_eq!(refused, None);
    let second = answer(&events).unwrap();
    assert_ne!(value(&first, "a=ice-ufrag:"), value(second, "a=ice-ufrag:"));
    assert_eq!(value(&first, "a=fingerprint:"), value(second, "a=fingerprint:"));
    let ssrcs = |sdp: &str| {
        sdp.lines().filter(|line| line.starts_with("a=ssrc:")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ssrcs(&first), ssrcs(second), "slots keep their streams");
    let (_, events) = stage.ask(renegotiate("ana", &OFFER.replace(ours, "another")));
    assert_eq!(value(second, "a=ice-ufrag:"), value(answer(&events).unwrap(), "a=ice-ufrag:"), "no restart");
}

#[test]
fn a_later_offer_keeps_its_lines_and_its_certificate() {
    let mut stage = Stage::new();
    stage.ask(add("ana", OFFER));
    let other = OFFER.replace("a=mid:7\r", "a=mid:x7\r").replace(" 7 8 ", " x7 8 ");
    assert_eq!(stage.ask(renegotiate("ana", &other)).0, Some(RejectCode::BadOffer));
    let fingerprint = value(OFFER, "a=fingerprint:sha-256 ");
    let foreign = OFFER.replace(fingerprint, &format!("00{}", &fingerprint[2..]));
    assert_eq!(stage.ask(renegotiate("ana", &foreign)).0, Some(RejectCode::BadOffer));
    let last = OFFER.rfind("m=video").unwrap();
    let shorter = OFFER[..last].replace(" 32\r", "\r");
    assert_eq!(stage.ask(renegotiate("ana", &shorter)).0, Some(RejectCode::BadOffer));
}

#[test]
fn an_added_slot_is_filled() {
    let mut stage = Stage::new();
    let last = OFFER.rfind("m=video").unwrap();
    // The first of the receive-only video lines, mid 8, is the only one that is offered at first.
    let second = OFFER.match_indices("m=video").nth(3).unwrap().0;
    assert!(second <= last);
    let all: Vec<String> = (0..33).map(|mid| mid.to_string()).collect();
    let bundle = |count: usize| format!("a=group:BUNDLE {}\r\n", all[..count].join(" "));
    let small = OFFER[..second].replace(&bundle(33), &bundle(9));
    stage.ask(add("ana", &small));
    for peer in ["bo", "cy"] {
        stage.ask(add(peer, OFFER));
        stage.ask(CommandKind::SetSources { peer: Arc::from(peer), sources: vec![Source::Camera] });
    }
    let (_, events) = stage.ask(view("ana", &["bo", "cy"]));
    assert_eq!(filled(&events, "ana"), [("8".to_owned(), "bo".to_owned())]);
    let (refused, events) = stage.ask(renegotiate("ana", OFFER));
    assert_eq!(refused, None);
    assert_eq!(
        filled(&events, "ana"),
        [("8".to_owned(), "bo".to_owned()), ("9".to_owned(), "cy".to_owned())]
    );
}

#[test]
fn slots_follow_what_is_on_and_who_is_there() {
    let mut stage = Stage::new();
    for peer in ["ana", "bo", "cy"] {
        stage.ask(add(peer, OFFER));
    }
    let (_, events) = stage.ask(view("ana", &["bo", "cy", "bo", "ana", "nobody"]));
    assert_eq!(filled(&events, "ana"), [], "nobody's camera is on");
    let camera =
        |peer: &str, sources: Vec<Source>| CommandKind::SetSources { peer: Arc::from(peer), sources };
    let (_, events) = stage.ask(camera("cy", vec![Source::Camera, Source::Microphone]));
    let heard_and_seen = [("4".to_owned(), "cy".to_owned()), ("8".to_owned(), "cy".to_owned())];
    assert_eq!(filled(&events, "ana"), heard_and_seen);
    stage.ask(camera("bo", vec![Source::Camera]));
    let (_, events) = stage.ask(CommandKind::RemovePeer { peer: Arc::from("cy") });
    assert_eq!(filled(&events, "ana"), [("9".to_owned(), "bo".to_owned())], "who stays keeps the slot");
    let room = stage.engine.snapshot("room").unwrap();
    let ana = room.peers.iter().find(|peer| &*peer.peer == "ana").unwrap();
    assert_eq!(ana.slots.iter().filter(|slot| slot.peer.is_some()).count(), 1);
    assert_eq!(room.peers[1].sources, [Source::Camera]);
}
