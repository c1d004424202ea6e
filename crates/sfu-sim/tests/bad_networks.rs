//! Networks that people have: late, lossy, both, and each for a while. Bounds here, and pictures by `make plots`.

mod common;

use std::time::Duration;

use common::{SECOND, longest_freeze, plot};
use sfu_sim::stage::{Trace, stage, watcher};
use sfu_sim::{Link, Loss};

const MS: Duration = Duration::from_millis(1);

/// A way down over time, and what has to come over it.
struct Profile {
    name: &'static str,
    /// One after the other, and again from the first.
    phases: Vec<(Duration, Link)>,
    /// Bits a second of 3.5 Mbit/s that are asked for, in the second half.
    least_bps: f64,
    queue: Duration,
    /// The longest time without a new picture, in the second half.
    freeze: Duration,
}

fn profiles() -> Vec<Profile> {
    let late =
        |delay: u32, jitter: u32, loss| Link { delay: delay * MS, jitter: jitter * MS, loss, ..Link::GOOD };
    let always = |link| vec![(30 * SECOND, link)];
    let international = Link {
        duplicate: 0.02,
        reorder: 0.05,
        rate_bps: Some(300_000),
        ..late(150, 200, Loss::GilbertElliott { enter: 0.03, leave: 0.25 })
    };
    let spiky = [0.0, 0.3, 0.0].map(|loss| (10 * SECOND / 3, late(30, 5, Loss::Random(loss))));
    let burst = |leave: f64| Link::losing(Loss::GilbertElliott { enter: 0.1 * leave, leave });
    let profile = |name, phases, least_bps, queue: u32, freeze: u32| Profile {
        name,
        phases,
        least_bps,
        queue: queue * MS,
        freeze: freeze * MS,
    };
    vec![
        profile("moderate", always(late(75, 50, Loss::Random(0.05))), 2.1e6, 0, 2000),
        profile("international", always(international), 40e3, 300, 30_000),
        profile("spiky", spiky.to_vec(), 2e6, 0, 2000),
        profile("10 % random", always(Link::losing(Loss::Random(0.1))), 2e6, 0, 1000),
        profile("30 % random", always(Link::losing(Loss::Random(0.3))), 3e6, 0, 2000),
        profile("50 % random", always(Link::losing(Loss::Random(0.5))), 1e6, 0, 15_000),
        profile("9 % in bursts of 2", always(burst(0.5)), 2e6, 0, 1000),
        profile("9 % in bursts of 8", always(burst(0.125)), 1e6, 0, 1000),
        profile("9 % in bursts of 25", always(burst(0.04)), 1e6, 0, 3000),
        profile("400 kbit/s", always(Link::limited(400_000)), 0.2e6, 300, 500),
    ]
}

/// Runs one for 30 s; returns the longest freeze of its second half too.
fn run(seed: u64, profile: &Profile) -> (Trace, Duration) {
    let (mut world, publishers) = stage(seed, 2);
    let viewer = watcher(&mut world, "viewer", &publishers, Link::GOOD, profile.phases[0].1);
    let (began, mut trace) = (world.now, Trace::new(&world, &[viewer]));
    for (time, link) in profile.phases.iter().cycle() {
        world.set_links(viewer, Link { loss: Loss::None, rate_bps: None, ..*link }, *link);
        trace.run(&mut world, *time);
        if world.now >= began + 30 * SECOND {
            break;
        }
    }
    let freezes =
        publishers.iter().map(|it| longest_freeze(&world, viewer, *it, began + 15 * SECOND, world.now));
    let freeze = freezes.min().unwrap_or_default();
    (trace, freeze)
}

#[test]
fn bad_networks_are_borne() {
    for (seed, profile) in (950..).zip(profiles()) {
        let (trace, freeze) = run(seed, &profile);
        let (from, to) = (15 * SECOND, 30 * SECOND);
        let (sent, queue) = (trace.sent_bps(0, from, to), trace.longest_queue(0, from, to));
        assert!(sent >= profile.least_bps, "{}: {sent}", profile.name);
        assert!(queue <= profile.queue, "{}: {queue:?}", profile.name);
        assert!(freeze <= profile.freeze, "{}: {freeze:?}", profile.name);
    }
}

#[test]
#[ignore = "draws the profiles, for people to look at"]
fn plots() {
    for (seed, profile) in (950..).zip(profiles()) {
        plot::write(profile.name, &run(seed, &profile).0);
    }
}
