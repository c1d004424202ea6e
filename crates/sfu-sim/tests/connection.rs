//! Connections that change or end.

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{SECOND, assert_clean, failure, longest_freeze, pictures, sounds};
use sfu::Source;
use sfu_sim::{ClientOptions, Link, Loss, World};

#[test]
fn an_ice_restart_does_not_interrupt() {
    let mut world = World::new(21);
    let [ana, bo] = world.meet(["ana", "bo"]);
    world.run_for(2 * SECOND);
    let since = world.now;
    world.restart_ice(bo);
    world.run_for(2 * SECOND);
    let late = world.now;
    world.run_for(SECOND);
    let frozen = longest_freeze(&world, bo, ana, since, world.now);
    assert!(frozen < SECOND / 2, "{frozen:?}");
    assert!(pictures(&world, ana, bo, Source::Camera, late) > 25);
    assert!(sounds(&world, bo, ana, Source::Microphone, late) > 45);
    assert_clean(&world, bo);
}

#[test]
fn a_new_address_is_believed_after_an_authenticated_check() {
    let mut world = World::new(22);
    let [ana, bo] = world.meet(["ana", "bo"]);
    world.run_for(2 * SECOND);
    let old = world.client(bo).address;
    let new = SocketAddr::from(([10, 9, 9, 9], 777));
    world.client_mut(bo).rebind(new);
    world.run_for(6 * SECOND);
    let (since, sent_to_old) = (world.now, world.sent_to(old));
    world.run_for(2 * SECOND);
    assert!(pictures(&world, bo, ana, Source::Camera, since) > 55);
    assert!(pictures(&world, ana, bo, Source::Camera, since) > 55);
    assert_eq!(world.sent_to(old), sent_to_old, "nothing goes where it was");
}

#[test]
fn without_consent_nothing_is_sent_and_then_the_peer_is_given_up() {
    let mut world = World::new(23);
    let [_, bo] = world.meet(["ana", "bo"]);
    world.run_for(2 * SECOND);
    let vanished = world.now;
    world.client_mut(bo).vanish();
    let address = world.client(bo).address;
    world.run_for(10 * SECOND);
    let in_the_middle = world.sent_to(address);
    world.run_for(5 * SECOND + SECOND / 10);
    let expired = world.sent_to(address);
    assert!(expired > in_the_middle, "consent lasts 15 s");
    world.run_for(10 * SECOND);
    assert_eq!(world.sent_to(address), expired, "and not longer");
    world.run_for(10 * SECOND);
    assert_eq!(world.sent_to(address), expired);
    let (at, reason) = failure(&world, "bo").expect("given up");
    assert_eq!(reason, "consent");
    assert!((25..=31).contains(&(at - vanished).as_secs()), "{:?}", at - vanished);
}

#[test]
fn who_never_connects_is_given_up() {
    let mut world = World::new(24);
    let out = Link::losing(Loss::All);
    let ghost = world.join_with("ghost", ClientOptions::default(), out, out);
    world.run_for(25 * SECOND);
    let (_, reason) = failure(&world, "ghost").expect("given up");
    assert_eq!(reason, "timeout");
    assert_eq!(world.sent_to(world.client(ghost).address), (0, 0));
    assert!(world.snapshot().is_none(), "its room went with it");
}

#[test]
fn joins_through_loss_succeed() {
    let lossy = Link::losing(Loss::Random(0.1));
    let connected = (0..20)
        .filter(|seed| {
            let mut world = World::new(100 + seed);
            let id = world.join_with("ana", ClientOptions::default(), lossy, lossy);
            world.run_for(15 * SECOND);
            world.client(id).is_connected()
        })
        .count();
    // str0m's handshake waits twice as long after every lost flight, so one may take longer.
    assert!(connected >= 19, "{connected} of 20");
}

#[test]
fn a_join_is_quick() {
    let mut world = World::new(26);
    let ana = world.join("ana");
    let begin = world.now;
    world.run_until(5 * SECOND, |world| world.client(ana).is_connected());
    let took = world.now - begin;
    assert!(took < Duration::from_millis(250), "{took:?} at a round trip of 20 ms");
}

#[test]
fn another_certificate_than_the_offered_one_fails_the_peer() {
    let mut world = World::new(27);
    let imposter = world.join_as("imposter", |offer| {
        let at = offer.find("sha-256 ").expect("a fingerprint") + "sha-256 ".len();
        let digit = if offer.as_bytes()[at] == b'0' { "1" } else { "0" };
        offer.replace(&offer[at..at + 95], &format!("{digit}{}", &offer[at + 1..at + 95]))
    });
    world.run_for(5 * SECOND);
    let (_, reason) = failure(&world, "imposter").expect("given up");
    assert_eq!(reason, "dtls");
    let (_, bytes) = world.sent_to(world.client(imposter).address);
    world.run_for(5 * SECOND);
    assert_eq!(world.sent_to(world.client(imposter).address).1, bytes, "and nothing more is sent");
}

#[test]
fn a_meeting_outlasts_the_wraps_of_its_counters() {
    let mut world = World::new(28);
    let one = ClientOptions { video_slots: 1, ..ClientOptions::default() };
    let [ana, bo] = ["ana", "bo"].map(|name| world.join_with(name, one, Link::GOOD, Link::GOOD));
    world.run_until(5 * SECOND, |world| world.client(bo).is_connected());
    world.set_sources(ana, &[Source::Microphone, Source::Camera]);
    world.set_view(bo, &[(ana, Source::Camera)]);
    // 90 packets of video a second: 65 536 of them in 730 s, on the way up and on the way down.
    world.run_for(800 * SECOND);
    let since = world.now;
    world.run_for(2 * SECOND);
    assert!(pictures(&world, bo, ana, Source::Camera, since) > 57);
    assert!(sounds(&world, bo, ana, Source::Microphone, since) > 97);
    let screen = &world.client(bo).screens[0];
    assert!(screen.pictures.len() > 24_000, "saw {}", screen.pictures.len());
    assert_eq!(
        world.client(ana).key_frames_made(Source::Camera),
        screen.pictures.iter().filter(|it| it.key_frame).count() as u32
    );
    assert_clean(&world, bo);
}
