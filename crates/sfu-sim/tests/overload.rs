//! A node that is asked for more than it can send, as one that shares its way out: sound is kept, layers are shed, nothing
//! collapses, and all is back soon after.

mod common;

use std::time::Duration;

use common::{SECOND, assert_clean, longest_freeze, sounds};
use sfu::Source;
use sfu_sim::{ClientId, ClientOptions, Link, World};

const VIEWERS: usize = 6;
/// Bits a second of the three layers of the camera.
const LAYERS: [u32; 3] = [150_000, 500_000, 1_700_000];

/// Bits a second that all viewers together are sent over the next `duration`.
fn throughput(world: &mut World, viewers: &[ClientId], duration: Duration) -> f64 {
    let sent =
        |world: &World| -> u64 { viewers.iter().map(|id| world.sent_to(world.client(*id).address).1).sum() };
    let before = sent(world);
    world.run_for(duration);
    (sent(world) - before) as f64 * 8.0 / duration.as_secs_f64()
}

/// Somebody speaks and shows themselves to six, whose ways from the node together carry their demand divided by `load`.
fn overloaded(load: f64) {
    let mut world = World::new(61);
    let options = ClientOptions { video_slots: 0, simulcast: true, ..ClientOptions::default() };
    let ana = world.join_with("ana", options, Link::GOOD, Link::GOOD);
    world.run_until(5 * SECOND, |world| world.client(ana).is_connected());
    world.client_mut(ana).set_camera_bitrates(&LAYERS);
    world.set_sources(ana, &[Source::Camera, Source::Microphone]);
    let options = ClientOptions { video_slots: 1, ..ClientOptions::default() };
    let viewers: Vec<_> =
        (0..VIEWERS).map(|n| world.join_with(&format!("v{n}"), options, Link::GOOD, Link::GOOD)).collect();
    for viewer in &viewers {
        world.set_sized_view(*viewer, &[(ana, Source::Camera, (1280, 720))]);
    }
    world.run_for(8 * SECOND);
    let demand = throughput(&mut world, &viewers, 2 * SECOND);
    assert!(demand > 0.9 * f64::from(LAYERS[2]) * VIEWERS as f64, "all get the largest: {demand}");

    let capacity = demand / load;
    world.share_down(&viewers, Link { rate_bps: Some(capacity as u64), ..Link::GOOD });
    let begin = world.now;
    world.run_for(4 * SECOND);
    let settled = world.now;
    let carried = throughput(&mut world, &viewers, 10 * SECOND);
    let end = world.now;
    assert!(carried > 0.55 * capacity, "no collapse: {carried} of {capacity}");
    for viewer in &viewers {
        let heard = sounds(&world, *viewer, ana, Source::Microphone, settled);
        assert!(heard >= 490, "sound is kept: {heard} of 500");
        let frozen = longest_freeze(&world, *viewer, ana, begin, end);
        // Six that fall to half at once: one of them waits for its turn to come down.
        assert!(frozen < 4 * SECOND, "{frozen:?}");
    }

    for viewer in &viewers {
        world.set_links(*viewer, Link::GOOD, Link::GOOD);
    }
    world.share_down(&viewers, Link::GOOD);
    world.run_for(3 * SECOND);
    let back = throughput(&mut world, &viewers, 2 * SECOND);
    assert!(back > 0.85 * demand, "back after three seconds: {back} of {demand}");
    for viewer in viewers {
        assert_clean(&world, viewer);
    }
}

#[test]
fn a_tenth_too_much_sheds_layers_and_keeps_sound() {
    overloaded(1.1);
}

#[test]
fn twice_too_much_sheds_layers_and_keeps_sound() {
    overloaded(2.0);
}
