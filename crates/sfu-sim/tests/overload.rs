//! A node that is asked for more than it can send, for its way out is shared or its processor is slow: sound is kept, layers are
//! shed, nothing collapses, and all is back soon after.

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

/// Somebody speaks and shows themselves to six.
struct Stage {
    world: World,
    ana: ClientId,
    viewers: Vec<ClientId>,
    /// Bits a second that all six together get as long as there is enough.
    demand: f64,
}

impl Stage {
    fn new(simulcast: bool) -> Self {
        let mut world = World::new(61);
        let options = ClientOptions { video_slots: 0, simulcast, ..ClientOptions::default() };
        let ana = world.join_with("ana", options, Link::GOOD, Link::GOOD);
        world.run_until(5 * SECOND, |world| world.client(ana).is_connected());
        world.client_mut(ana).set_camera_bitrates(if simulcast { &LAYERS } else { &LAYERS[2..] });
        world.set_sources(ana, &[Source::Camera, Source::Microphone]);
        let options = ClientOptions { video_slots: 1, ..ClientOptions::default() };
        let viewers: Vec<_> = (0..VIEWERS)
            .map(|n| world.join_with(&format!("v{n}"), options, Link::GOOD, Link::GOOD))
            .collect();
        for viewer in &viewers {
            world.set_sized_view(*viewer, &[(ana, Source::Camera, (1280, 720))]);
        }
        world.run_for(8 * SECOND);
        let demand = throughput(&mut world, &viewers, 2 * SECOND);
        assert!(demand > 0.9 * f64::from(LAYERS[2]) * VIEWERS as f64, "all get the largest: {demand}");
        Self { world, ana, viewers, demand }
    }

    /// There is not enough for 14 s: four to settle, and ten in which `least` of the demand is carried, with all of the sound.
    /// No picture stands still for `freeze`.
    fn bear(&mut self, least: f64, freeze: Duration) {
        let Self { world, ana, viewers, demand, .. } = self;
        let begin = world.now;
        world.run_for(4 * SECOND);
        let settled = world.now;
        let carried = throughput(world, viewers, 10 * SECOND);
        let end = world.now;
        assert!(carried > least * *demand, "no collapse: {carried} of {demand}");
        for viewer in viewers {
            let heard = sounds(world, *viewer, *ana, Source::Microphone, settled);
            assert!(heard >= 490, "sound is kept: {heard} of 500");
            let frozen = longest_freeze(world, *viewer, *ana, begin, end);
            assert!(frozen < freeze, "{frozen:?}");
        }
    }

    /// Of each datagram, where all of them take `load` of the time.
    fn cost(&mut self, load: f64) -> Duration {
        let before = self.world.datagrams();
        self.world.run_for(2 * SECOND);
        let datagrams = self.world.datagrams() - before;
        Duration::from_secs_f64(2.0 * load / datagrams as f64)
    }

    /// There is enough again.
    fn recover(mut self) {
        let Self { world, viewers, demand, .. } = &mut self;
        world.run_for(3 * SECOND);
        let back = throughput(world, viewers, 2 * SECOND);
        assert!(back > 0.85 * *demand, "back after three seconds: {back} of {demand}");
        for viewer in viewers {
            assert_clean(world, *viewer);
        }
    }
}

/// The ways from the node together carry the demand divided by `load`.
fn narrow(load: f64) {
    let mut stage = Stage::new(true);
    let capacity = stage.demand / load;
    stage.world.share_down(&stage.viewers, Link { rate_bps: Some(capacity as u64), ..Link::GOOD });
    // Six that fall to half at once: one of them waits for its turn to come down.
    stage.bear(0.55 / load, 4 * SECOND);
    for viewer in &stage.viewers {
        stage.world.set_links(*viewer, Link::GOOD, Link::GOOD);
    }
    stage.world.share_down(&stage.viewers, Link::GOOD);
    stage.recover();
}

/// The processor takes `load` seconds for what a second's demand is.
fn slow(load: f64, least: f64, freeze: Duration) {
    let mut stage = Stage::new(true);
    let cost = stage.cost(load);
    stage.world.set_cost(0, cost);
    stage.bear(least, freeze);
    stage.world.set_cost(0, Duration::ZERO);
    stage.recover();
}

#[test]
fn a_processor_that_is_busy_sheds_nothing() {
    slow(0.7, 0.95, SECOND / 2);
}

#[test]
fn a_processor_with_a_tenth_too_much_sheds_layers_and_keeps_sound() {
    slow(1.1, 0.25, 2 * SECOND);
}

#[test]
fn a_processor_with_twice_too_much_sheds_layers_and_keeps_sound() {
    // Sound and feedback alone take three quarters of it, and sound is 2.8 % of the demand: the cheapest layer comes and goes.
    slow(2.0, 0.03, 14 * SECOND);
}

#[test]
fn pictures_without_layers_are_back_when_half_of_the_processor_is_enough() {
    let mut stage = Stage::new(false);
    let cost = stage.cost(1.0);
    stage.world.set_cost(0, 2 * cost);
    stage.world.run_for(8 * SECOND);
    stage.world.set_cost(0, cost / 2);
    stage.recover();
}

#[test]
fn a_tenth_too_much_sheds_layers_and_keeps_sound() {
    narrow(1.1);
}

#[test]
fn twice_too_much_sheds_layers_and_keeps_sound() {
    narrow(2.0);
}
