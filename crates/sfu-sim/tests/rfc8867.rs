//! The test cases of RFC 8867 §5 that apply to a sender like ours, in a quarter of their time and with whole layers for an encoder
//! of any rate: bounds here, and pictures by `make plots`. What is shared is looked at over the last third of the time in which nobody
//! comes or goes: a layer more or less is a large part of a share, so that shares come and go.

mod common;

use std::time::Duration;

use common::{SECOND, assert_clean, plot};
use sfu_sim::stage::{Trace, stage, watch, watcher};
use sfu_sim::{Link, Loss, Random};

const MS: Duration = Duration::from_millis(1);

/// RFC 8867 §4.1: 50 ms one way, and a queue of 300 ms that drops at its tail.
fn path(bps: f64) -> Link {
    Link { delay: Duration::from_millis(50), queue: Duration::from_millis(300), ..Link::limited(bps as u64) }
}

fn seconds(seconds: u32) -> Duration {
    seconds * SECOND
}

type Case = fn() -> Trace;

/// §5.1: one flow over a way whose capacity varies.
fn variable_capacity() -> Trace {
    let (mut world, publishers) = stage(300, 4);
    let viewer = watcher(&mut world, "viewer", &publishers, path(1e9), path(1e6));
    let mut trace = Trace::new(&world, &[viewer]);
    for capacity in [1e6, 2.5e6, 600e3, 1e6] {
        world.set_links(viewer, path(1e9), path(capacity));
        trace.run(&mut world, 10 * SECOND);
    }
    assert_clean(&world, viewer);
    trace
}

#[test]
fn variable_capacity_is_followed() {
    let trace = variable_capacity();
    for (phase, capacity) in (0..).zip([1e6, 2.5e6, 600e3, 1e6]) {
        let (settled, end) = (seconds(10 * phase + 5), seconds(10 * phase + 10));
        let queue = trace.longest_queue(0, settled, end);
        assert!(queue <= 150 * MS, "{queue:?} at {capacity}");
        let sent = trace.sent_bps(0, settled, end);
        assert!((0.5 * capacity..capacity).contains(&sent), "{sent} of {capacity}");
    }
}

/// §5.2: two flows over one way whose capacity varies.
fn variable_capacity_for_two() -> Trace {
    let (mut world, publishers) = stage(301, 4);
    let ids = ["a", "b"].map(|name| watcher(&mut world, name, &publishers, path(1e9), path(4e6)));
    world.share_down(&ids, path(4e6));
    let mut trace = Trace::new(&world, &ids);
    for capacity in [4e6, 2e6, 3.5e6, 1e6, 2e6] {
        world.share_down(&ids, path(capacity));
        trace.run(&mut world, 8 * SECOND);
    }
    trace
}

#[test]
fn two_follow_variable_capacity() {
    let trace = variable_capacity_for_two();
    for (phase, capacity) in (0..).zip([4e6, 2e6, 3.5e6, 1e6, 2e6]) {
        let (settled, end) = (seconds(8 * phase + 4), seconds(8 * phase + 8));
        let (shares, _) = trace.shares(settled, end);
        let sum: f64 = shares.iter().sum();
        assert!((0.5 * capacity..1.05 * capacity).contains(&sum), "{shares:?} of {capacity}");
        let queue = trace.longest_queue(0, settled, end);
        assert!(queue <= 250 * MS, "{queue:?} at {capacity}");
    }
    assert_fair(&trace, seconds(8), seconds(40), 0.9);
}

/// Nobody has less than half of a fair share, and Jain's index is at least `index`.
fn assert_fair(trace: &Trace, from: Duration, to: Duration, index: f64) {
    let (shares, found) = trace.shares(from, to);
    assert!(found >= index, "{found}: {shares:?}");
    let fair = shares.iter().sum::<f64>() / shares.len() as f64;
    assert!(shares.iter().all(|share| *share >= 0.5 * fair), "{shares:?}");
}

/// §5.3: the way of the feedback is bad: it loses a fifth, and carries so little that reports wait.
fn congested_feedback() -> Trace {
    let (mut world, publishers) = stage(302, 4);
    let bad = Link { loss: Loss::Random(0.2), jitter: 30 * MS, ..path(64e3) };
    let viewer = watcher(&mut world, "viewer", &publishers, path(1e9), path(2e6));
    let mut trace = Trace::new(&world, &[viewer]);
    trace.run(&mut world, 8 * SECOND);
    world.set_links(viewer, bad, path(2e6));
    trace.run(&mut world, 8 * SECOND);
    world.set_links(viewer, bad, path(1e6));
    trace.run(&mut world, 8 * SECOND);
    trace
}

#[test]
fn bad_feedback_neither_starves_nor_floods() {
    let trace = congested_feedback();
    let sent = trace.sent_bps(0, seconds(10), seconds(16));
    assert!(sent > 0.6e6, "{sent} of 2 Mbit/s");
    let sent = trace.sent_bps(0, seconds(20), seconds(24));
    assert!((0.3e6..1e6).contains(&sent), "{sent} of 1 Mbit/s");
    let queue = trace.longest_queue(0, seconds(20), seconds(24));
    assert!(queue <= 250 * MS, "{queue:?}");
}

/// §5.4: three flows that come one after the other.
fn competing_flows() -> Trace {
    let (mut world, publishers) = stage(303, 3);
    let ids = ["a", "b", "c"].map(|name| watcher(&mut world, name, &publishers, path(1e9), path(3.5e6)));
    world.share_down(&ids, path(3.5e6));
    for late in &ids[1..] {
        world.set_sized_view(*late, &[]);
    }
    let mut trace = Trace::new(&world, &ids);
    trace.run(&mut world, 8 * SECOND);
    for (late, time) in ids[1..].iter().zip([12, 45]) {
        watch(&mut world, *late, &publishers);
        trace.run(&mut world, time * SECOND);
    }
    trace
}

#[test]
fn who_comes_later_is_let_in_without_a_queue() {
    let trace = competing_flows();
    let (from, to) = (seconds(35), seconds(65));
    assert_fair(&trace, from, to, 0.9);
    let total = trace.shares(from, to).0.iter().sum::<f64>() / 3.5e6;
    assert!((0.5..1.05).contains(&total), "{total}");
    let queue = trace.longest_queue(0, from, to);
    assert!(queue <= 250 * MS, "{queue:?}");
}

/// §5.5: five flows with round trips from 20 to 300 ms.
fn round_trips() -> Trace {
    let (mut world, publishers) = stage(304, 2);
    let delays = [10, 25, 50, 100, 250];
    let ids: Vec<_> = delays
        .iter()
        .map(|ms| {
            let up = Link { delay: Duration::from_millis(*ms), ..Link::GOOD };
            watcher(&mut world, &format!("{ms} ms"), &publishers, up, path(4e6))
        })
        .collect();
    world.share_down(&ids, path(4e6));
    let mut trace = Trace::new(&world, &ids);
    trace.run(&mut world, 60 * SECOND);
    trace
}

#[test]
fn round_trips_may_differ() {
    let trace = round_trips();
    assert_fair(&trace, seconds(30), seconds(60), 0.8);
    let (shares, _) = trace.shares(seconds(30), seconds(60));
    assert!(shares.iter().sum::<f64>() > 0.5 * 4e6, "{shares:?}");
}

/// §5.8: one of three flows pauses and goes on.
fn pause_and_resume() -> Trace {
    let (mut world, publishers) = stage(305, 3);
    let ids = ["a", "b", "c"].map(|name| watcher(&mut world, name, &publishers, path(1e9), path(3.5e6)));
    world.share_down(&ids, path(3.5e6));
    let mut trace = Trace::new(&world, &ids);
    trace.run(&mut world, 10 * SECOND);
    world.set_sized_view(ids[0], &[]);
    trace.run(&mut world, 10 * SECOND);
    watch(&mut world, ids[0], &publishers);
    trace.run(&mut world, 45 * SECOND);
    trace
}

#[test]
fn who_pauses_comes_back() {
    let trace = pause_and_resume();
    assert!(trace.sent_bps(0, seconds(12), seconds(20)) < 0.1e6, "sound alone");
    let (from, to) = (seconds(35), seconds(65));
    assert_fair(&trace, from, to, 0.9);
    let total = trace.shares(from, to).0.iter().sum::<f64>() / 3.5e6;
    assert!((0.5..1.05).contains(&total), "{total}");
    let queue = trace.longest_queue(0, from, to);
    assert!(queue <= 300 * MS, "{queue:?}");
}

/// §5.6: one flow beside a TCP transfer that never ends.
fn beside_long_tcp() -> Trace {
    let (mut world, publishers) = stage(306, 4);
    let viewer = watcher(&mut world, "viewer", &publishers, path(1e9), path(2e6));
    let mut trace = Trace::new(&world, &[viewer]);
    trace.run(&mut world, 10 * SECOND);
    let transfer = world.download(viewer, None);
    trace.run(&mut world, 30 * SECOND);
    let carried = world.downloaded(transfer).0 as f64 * 8.0 / 30.0;
    assert!(carried > 0.5e6, "{carried}: TCP is not starved, but for its own timeouts");
    trace
}

#[test]
fn beside_tcp_there_is_a_third_of_a_fair_share() {
    let trace = beside_long_tcp();
    let sent = trace.sent_bps(0, seconds(20), seconds(40));
    assert!(sent > 1e6 / 3.0, "{sent}");
}

/// §5.7: two flows beside short TCP transfers of 100 kB to 1 MB, a new one every two seconds or so.
fn beside_short_tcp() -> Trace {
    let (mut world, publishers) = stage(307, 4);
    let ids = ["a", "b"].map(|name| watcher(&mut world, name, &publishers, path(1e9), path(2e6)));
    world.share_down(&ids, path(2e6));
    let mut trace = Trace::new(&world, &ids);
    trace.run(&mut world, 10 * SECOND);
    let mut random = Random::new(307);
    let mut transfers = Vec::new();
    for _ in 0..30 {
        if random.chance(0.3) {
            transfers.push(world.download(ids[0], Some(100_000 + random.below(900_000) as u64)));
        }
        trace.run(&mut world, SECOND);
    }
    let done = transfers.iter().filter(|it| world.downloaded(**it).1).count();
    assert!(2 * done >= transfers.len(), "{done} of {} transfers", transfers.len());
    trace
}

#[test]
fn beside_short_transfers_two_share() {
    let trace = beside_short_tcp();
    let (shares, _) = trace.shares(seconds(15), seconds(40));
    assert!(shares.iter().all(|share| *share > 100e3), "{shares:?}");
}

#[test]
#[ignore = "draws the cases, for people to look at"]
fn plots() {
    let cases: [(&str, Case); 8] = [
        ("5.1 variable capacity", variable_capacity),
        ("5.2 variable capacity, two flows", variable_capacity_for_two),
        ("5.3 congested feedback", congested_feedback),
        ("5.4 competing flows", competing_flows),
        ("5.5 round trips", round_trips),
        ("5.6 long TCP", beside_long_tcp),
        ("5.7 short TCP", beside_short_tcp),
        ("5.8 pause and resume", pause_and_resume),
    ];
    for (name, run) in cases {
        plot::write(name, &run());
    }
}
