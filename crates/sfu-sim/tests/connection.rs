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
    assert!(world.engine.snapshot("room").is_none(), "its room went with it");
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
