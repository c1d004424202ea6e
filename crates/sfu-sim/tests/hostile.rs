//! Datagrams and offers from people who mean harm.
//!
//! With `wire`'s own tests these make the million: as many mutated datagrams here as inputs of the parsers there, a
//! fourth of them each STUN, DTLS, RTP and RTCP, and a fiftieth of offers.
//!
//! `MEETINGHOUSE_FUZZ_N` mutated inputs are tried (default 20 000), from a fixed seed; `MEETINGHOUSE_FUZZ_SEED` changes
//! it.

mod common;

use std::net::SocketAddr;
use std::sync::Arc;

use common::{SECOND, assert_clean, pictures, rejection, sounds};
use sfu::{CommandKind, RejectCode, Source};
use sfu_sim::{Random, World};

const DEFAULT_INPUTS: u64 = 20_000;
/// What the engine and the simulation may hold more after all inputs than before: buffers and tables that reached their
/// size. A byte for each input would be more, with the half million that `make test` tries.
const MAY_KEEP_BYTES: i64 = 128 << 10;
const CHROMIUM: &str = include_str!("../../sfu/tests/fixtures/chromium.sdp");
const FIREFOX: &str = include_str!("../../sfu/tests/fixtures/firefox.sdp");
const SAFARI: &str = include_str!("../../sfu/tests/fixtures/safari.sdp");
const AIORTC_PUBLISHER: &str = include_str!("../../sfu/tests/fixtures/aiortc-publisher.sdp");
const AIORTC_WATCHER: &str = include_str!("../../sfu/tests/fixtures/aiortc-watcher.sdp");

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn third() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 9))
}

/// A meeting of two with everything recorded that the clients sent.
fn recorded(seed: u64) -> (World, Vec<(SocketAddr, Vec<u8>)>) {
    let mut world = World::new(seed);
    world.record = true;
    world.meet(["ana", "bo"]);
    world.run_for(2 * SECOND);
    world.record = false;
    let recorded = std::mem::take(&mut world.recorded);
    (world, recorded)
}

fn is_dtls(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(20..=63))
}

fn is_rtp(datagram: &[u8]) -> bool {
    wire::demux::classify(datagram) == Some(wire::demux::Kind::Rtp)
}

#[test]
fn dtls_from_a_third_address_is_dropped() {
    let (mut world, recorded) = recorded(41);
    let before = world.drops("unknown_address");
    let records: Vec<_> = recorded.iter().filter(|(_, bytes)| is_dtls(bytes)).collect();
    assert!(records.len() >= 4, "two handshakes");
    for (_, record) in &records {
        assert_eq!(world.inject(third(), record), 0, "no answer");
    }
    let since = world.now;
    world.run_for(2 * SECOND);
    assert_eq!(world.drops("unknown_address") - before, records.len() as u64);
    let (ana, bo) = (world_id(&world, "ana"), world_id(&world, "bo"));
    assert!(pictures(&world, bo, ana, Source::Camera, since) > 55, "and nothing is disturbed");
    assert_clean(&world, bo);
}

#[test]
fn dtls_before_any_check_is_dropped() {
    let (_, recorded) = recorded(42);
    let hello = recorded.iter().find(|(_, bytes)| is_dtls(bytes)).map(|(_, bytes)| bytes.clone()).unwrap();
    let mut world = World::new(43);
    let ana = world.join("ana");
    let address = world.client(ana).address;
    assert_eq!(world.inject(address, &hello), 0);
    world.run_until(5 * SECOND, |world| world.client(ana).is_connected());
}

#[test]
fn replayed_media_are_dropped_and_counted() {
    let (mut world, recorded) = recorded(44);
    let media: Vec<_> = recorded.iter().filter(|(_, bytes)| is_rtp(bytes)).collect();
    let since = world.now;
    let (ana, bo) = (world_id(&world, "ana"), world_id(&world, "bo"));
    for (from, bytes) in &media {
        world.inject(*from, bytes);
    }
    world.run_for(2 * SECOND);
    let counted = world.drops("srtp_replayed") + world.drops("srtp_old");
    assert_eq!(counted, media.len() as u64);
    let heard = sounds(&world, bo, ana, Source::Microphone, since);
    assert!((95..=102).contains(&heard), "nothing twice: {heard}");
    assert_clean(&world, bo);
}

#[test]
fn media_from_a_third_address_are_dropped() {
    let (mut world, recorded) = recorded(45);
    let before = world.drops("unknown_address");
    let media: Vec<_> = recorded.iter().filter(|(_, bytes)| is_rtp(bytes)).take(100).collect();
    for (_, bytes) in &media {
        assert_eq!(world.inject(third(), bytes), 0);
    }
    world.run_for(2 * SECOND);
    assert_eq!(world.drops("unknown_address") - before, 100);
}

#[test]
fn forged_media_are_dropped() {
    let (mut world, recorded) = recorded(46);
    let media: Vec<_> = recorded.iter().filter(|(_, bytes)| is_rtp(bytes)).take(100).collect();
    for (from, bytes) in &media {
        let mut forged = bytes.clone();
        *forged.last_mut().unwrap() ^= 1;
        forged[3] = forged[3].wrapping_add(200); // a sequence number that was not there yet
        world.inject(*from, &forged);
    }
    world.run_for(2 * SECOND);
    let counted = world.drops("srtp_authentication") + world.drops("srtp_replayed") + world.drops("srtp_old");
    assert_eq!(counted, 100);
}

#[test]
fn a_check_with_a_wrong_password_gets_no_answer() {
    let (mut world, recorded) = recorded(47);
    let (_, check) =
        recorded.iter().find(|(_, bytes)| wire::stun::BindingRequest::parse(bytes).is_ok()).unwrap();
    let real = wire::stun::BindingRequest::parse(check).unwrap();
    for username in [real.username, b"nobody:here"] {
        let request = wire::stun::OutgoingRequest {
            transaction: [7; 12],
            username,
            priority: 1,
            use_candidate: true,
            role: wire::stun::Role::Controlling(1),
        };
        let mut forged = Vec::new();
        wire::stun::write_request(&mut forged, &request, |_| [0x5a; 20]);
        assert_eq!(world.inject(third(), &forged), 0);
    }
    world.run_for(2 * SECOND);
    assert_eq!((world.drops("stun_integrity"), world.drops("stun_unknown_user")), (1, 1));
}

#[test]
fn a_replayed_check_does_not_move_the_media() {
    let (mut world, recorded) = recorded(51);
    let checks: Vec<_> =
        recorded.iter().filter(|(_, bytes)| wire::stun::BindingRequest::parse(bytes).is_ok()).collect();
    for (_, check) in &checks {
        assert_eq!(world.inject(third(), check), 0);
    }
    world.run_for(4 * SECOND);
    assert_eq!(world.sent_to(third()), (0, 0));
    assert_eq!(world.drops("stun_replayed"), checks.len() as u64);
}

#[test]
fn mutated_datagrams_never_panic_nor_amplify_nor_grow_nor_disturb() {
    let (mut world, recorded) = recorded(48);
    let mut random = Random::new(setting("MEETINGHOUSE_FUZZ_SEED", 48));
    let kinds = by_kind(&recorded);
    let mut strangers: Vec<_> =
        (0..50).map(|n| (SocketAddr::from(([203, 0, 113, n as u8], 1000 + n)), 0)).collect();
    let (mut kept, mut n) = (0, 0);
    let inputs = setting("MEETINGHOUSE_FUZZ_N", DEFAULT_INPUTS);
    while n < inputs {
        let of_kind = &kinds[n as usize % kinds.len()];
        let (from, original) = of_kind[random.below(of_kind.len())];
        let mut input = original.clone();
        mutate(&mut random, &mut input);
        if input == *original {
            continue;
        }
        let is_strange = random.chance(0.5);
        let stranger = random.below(strangers.len());
        let from = if is_strange { strangers[stranger].0 } else { *from };
        let mut answered = 0;
        kept += allocation_counter::measure(|| answered = world.inject(from, &input)).bytes_current;
        if is_strange {
            assert!(answered <= input.len() as u64, "{answered} bytes for {}", input.len());
            strangers[stranger].1 += input.len() as u64;
        }
        n += 1;
        if n % 200 == 0 {
            world.run_for(SECOND / 50);
        }
    }
    assert!(kept <= MAY_KEEP_BYTES, "{kept} bytes kept of {inputs} inputs");
    world.run_for(2 * SECOND);
    for (stranger, asked) in strangers {
        let (_, answered) = world.sent_to(stranger);
        assert!(answered <= asked, "{answered} bytes in all for {asked}");
    }
    let since = world.now;
    world.run_for(2 * SECOND);
    let (ana, bo) = (world_id(&world, "ana"), world_id(&world, "bo"));
    assert!(pictures(&world, bo, ana, Source::Camera, since) > 55, "they still see each other");
    assert!(pictures(&world, ana, bo, Source::Camera, since) > 55);
    assert_clean(&world, bo);
}

/// What clients sent, by what it is: STUN, DTLS, RTP and RTCP.
fn by_kind(recorded: &[(SocketAddr, Vec<u8>)]) -> [Vec<&(SocketAddr, Vec<u8>)>; 4] {
    use wire::demux::Kind;
    [Kind::Stun, Kind::Dtls, Kind::Rtp, Kind::Rtcp].map(|kind| {
        let of_kind: Vec<_> =
            recorded.iter().filter(|(_, bytes)| wire::demux::classify(bytes) == Some(kind)).collect();
        assert!(of_kind.len() >= 4, "{kind:?}");
        of_kind
    })
}

#[test]
fn mutated_offers_are_refused_or_answered_and_leave_nothing() {
    let mut world = World::new(49);
    let mut random = Random::new(setting("MEETINGHOUSE_FUZZ_SEED", 49));
    let lines = |texts: &[&'static str]| texts.iter().map(|text| text.lines().collect()).collect();
    let offers: [Vec<Vec<&str>>; 3] =
        [lines(&[CHROMIUM, FIREFOX, SAFARI]), lines(&[AIORTC_PUBLISHER]), lines(&[AIORTC_WATCHER])];
    let (mut kept, mut taken) = (0, 0);
    // An offer costs about as much as fifty datagrams.
    let inputs = setting("MEETINGHOUSE_FUZZ_N", DEFAULT_INPUTS) / 50;
    for n in 0..inputs {
        let shape = n as usize % 3;
        let offer = mutate_offer(&mut random, &offers[shape]);
        let peer: Arc<str> = Arc::from(format!("peer{n}"));
        kept += allocation_counter::measure(|| {
            let add = CommandKind::AddPeer {
                peer: peer.clone(),
                offer,
                publish: shape != 2,
                subscribe: shape != 1,
                one_way: shape != 0,
            };
            let id = world.submit(add);
            if rejection(&world, id).is_none() {
                world.submit(CommandKind::RemovePeer { peer: peer.clone() });
                taken += 1;
            }
            world.events.clear();
        })
        .bytes_current;
    }
    assert!(taken > inputs / 20 && taken < inputs, "{taken} of {inputs} were answered");
    assert!(kept <= MAY_KEEP_BYTES, "{kept} bytes kept of {inputs} offers");
    assert!(world.snapshot().is_none_or(|room| room.peers.is_empty()));
}

/// Those that are kept in `fuzz/`, each in all three shapes.
#[test]
fn offers_of_the_corpus_are_refused_or_answered_and_leave_nothing() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/sdp");
    let files: Vec<_> =
        std::fs::read_dir(folder).expect("the corpus").map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 10);
    let mut world = World::new(52);
    for path in files {
        let offer = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
        for (publish, subscribe, one_way) in [(true, true, false), (true, false, true), (false, true, true)] {
            let peer: Arc<str> = Arc::from("somebody");
            let add = CommandKind::AddPeer {
                peer: peer.clone(),
                offer: offer.clone(),
                publish,
                subscribe,
                one_way,
            };
            let id = world.submit(add);
            match rejection(&world, id) {
                Some((code, _)) => assert_eq!(code, RejectCode::BadOffer, "{}", path.display()),
                None => drop(world.submit(CommandKind::RemovePeer { peer })),
            }
            world.events.clear();
        }
    }
    assert!(world.snapshot().is_none_or(|room| room.peers.is_empty()));
}

#[test]
fn offers_beyond_the_limits_are_refused_by_name() {
    let mut world = World::new(50);
    let large = format!("{CHROMIUM}{}", "a=x\r\n".repeat(300_000));
    let line = CHROMIUM.split("m=").nth(1).unwrap();
    let many = format!("{CHROMIUM}{}", format!("m={line}").repeat(100));
    for (offer, word) in [(large, "bytes"), (many, "m-lines")] {
        let id = world.submit(CommandKind::AddPeer {
            peer: Arc::from("x"),
            offer,
            publish: true,
            subscribe: true,
            one_way: false,
        });
        let (code, message) = rejection(&world, id).expect("refused");
        assert_eq!(code, RejectCode::LimitReached);
        assert!(message.contains(word), "{message}");
    }
    let id = world.submit(CommandKind::AddPeer {
        peer: Arc::from("x"),
        offer: "hello".to_owned(),
        publish: true,
        subscribe: true,
        one_way: false,
    });
    assert_eq!(rejection(&world, id).map(|(code, _)| code), Some(RejectCode::BadOffer));
}

fn world_id(world: &World, name: &str) -> sfu_sim::ClientId {
    world.find(name).expect("joined")
}

fn mutate(random: &mut Random, input: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        let at = random.below(input.len());
        match random.below(6) {
            0 if !input.is_empty() => input[at] ^= 1 << random.below(8),
            1 if !input.is_empty() => input[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            2 => input.truncate(at),
            3 => input.insert(at, random.below(256) as u8),
            4 => input.extend_from_within(at..),
            _ if input.len() > 4 => input[at.min(3)] = random.below(256) as u8,
            _ => {}
        }
        input.truncate(2048);
    }
}

fn mutate_offer(random: &mut Random, offers: &[Vec<&str>]) -> String {
    let mut lines = offers[random.below(offers.len())].clone();
    let other = &offers[random.below(offers.len())];
    for _ in 0..=random.below(6) {
        let at = random.below(lines.len());
        match random.below(5) {
            0 => lines.truncate(at.max(1)),
            1 => lines.insert(at, other[random.below(other.len())]),
            2 => drop(lines.remove(at)),
            3 => lines.swap(at, 0),
            _ => lines[at] = other[random.below(other.len())],
        }
        if lines.is_empty() {
            lines.push("v=0");
        }
    }
    let mut bytes = lines.join("\r\n").into_bytes();
    if random.chance(0.5) {
        mutate_text(random, &mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn mutate_text(random: &mut Random, bytes: &mut [u8]) {
    for _ in 0..random.below(20) {
        let at = random.below(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte = b" :=/;0129azA\r\n\xff"[random.below(15)];
        }
    }
}
