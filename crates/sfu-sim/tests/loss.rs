//! What is heard and seen where packets are lost, by what a client can do about it: bounds, and with `--nocapture` a table.

mod common;

use std::time::Duration;

use common::{SECOND, assert_clean, sounds};
use sfu::{Event, Source};
use sfu_sim::{ClientId, ClientOptions, Gaps, Link, Loss, World};

const MS: Duration = Duration::from_millis(1);

/// A browser with redundant sound, and one without.
const PLAIN: ClientOptions =
    ClientOptions { simulcast: true, temporal: true, video_slots: 1, ..ClientOptions::PARTICIPANT };
const RED: ClientOptions = ClientOptions { red: true, ..PLAIN };

/// Bits a second of the layers of a camera.
const LAYERS: [u32; 3] = [150_000, 500_000, 1_700_000];

/// What browsers wait before they play sound on a path that loses; and without a reason.
const BUFFER: Duration = Duration::from_millis(100);

/// 100 ms there and back.
const fn far(loss: Loss) -> Link {
    Link { loss, delay: Duration::from_millis(50), ..Link::GOOD }
}

/// A way that loses so much in bursts of five datagrams on average.
fn bursts(share: f64) -> Loss {
    let leave = 0.2;
    Loss::GilbertElliott { enter: leave * share / (1.0 - share), leave }
}

struct Meeting {
    world: World,
    ana: ClientId,
    bo: ClientId,
}

/// Ana speaks and is seen, Bo listens and watches; both are connected over good links.
fn meet(seed: u64, ana: ClientOptions, bo: ClientOptions) -> Meeting {
    let mut world = World::new(seed);
    let [ana, bo] = [("ana", ana), ("bo", bo)]
        .map(|(name, options)| world.join_with(name, options, Link::GOOD, Link::GOOD));
    world.run_until(10 * SECOND, |world| [ana, bo].iter().all(|id| world.client(*id).is_connected()));
    world.client_mut(ana).set_camera_bitrates(&LAYERS);
    world.set_sources(ana, &[Source::Microphone, Source::Camera]);
    world.set_view(bo, &[(ana, Source::Camera)]);
    world.run_for(2 * SECOND);
    Meeting { world, ana, bo }
}

/// Frozen time of a picture: pauses that are longer than three pictures and than one and 150 ms, as browsers count them.
struct Frozen {
    whole: Duration,
    longest: Duration,
}

impl Meeting {
    /// Bo's way down loses; five seconds later, twenty are looked at.
    fn lose(&mut self, up: Loss, down: Loss) -> (Gaps, Frozen) {
        let Self { world, ana, bo } = self;
        world.set_links(*ana, far(up), far(Loss::None));
        world.set_links(*bo, far(Loss::None), far(down));
        world.run_for(5 * SECOND);
        let since = world.now;
        world.run_for(19 * SECOND);
        let until = world.now;
        world.run_for(SECOND);
        let listener = world.client(*bo);
        let gaps = listener.speakers[0].gaps(since, until, BUFFER);
        let mut shown: Vec<_> = listener.screens[0].pictures_since(since).map(|it| it.at).collect();
        shown.insert(0, since);
        shown.push(world.now);
        let pauses = shown.windows(2).map(|pair| pair[1] - pair[0]).filter(|pause| *pause > 183 * MS);
        let frozen = Frozen { whole: pauses.clone().sum(), longest: pauses.max().unwrap_or_default() };
        assert_clean(world, *bo);
        (gaps, frozen)
    }
}

/// A row: what loses how, and the bounds of missing sound (share, and ms in one piece) for who has redundancy and who has not.
type Row = (&'static str, Loss, (f64, u32), (f64, u32));

/// Looks at every row with and without redundancy; `lose` says who has it and where packets are lost.
fn table(way: &str, rows: &[Row], lose: impl Fn(u64, ClientOptions, Loss) -> (Gaps, Frozen)) {
    println!(
        "| {way}, 100 ms there and back | client | sound missing | longest gap | no new picture | longest |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for (seed, (name, loss, red, plain)) in (300..).zip(rows) {
        for (client, options, (share, longest)) in [("redundant", RED, red), ("plain Opus", PLAIN, plain)] {
            let (gaps, frozen) = lose(seed, options, *loss);
            println!(
                "| {name} | {client} | {:.1} % | {} ms | {:.1} s of 20 | {} ms |",
                100.0 * gaps.share,
                gaps.longest.as_millis(),
                frozen.whole.as_secs_f64(),
                frozen.longest.as_millis()
            );
            assert!(gaps.share <= *share, "{name}, {client}: {gaps:?}");
            assert!(gaps.longest <= *longest * MS, "{name}, {client}: {gaps:?}");
            if name.starts_with("10 %") {
                assert!(frozen.longest < SECOND, "{name}, {client}: {:?}", frozen.longest);
            }
        }
    }
}

#[test]
fn sound_with_redundancy_outlasts_losses_on_the_way_down() {
    let rows = [
        ("10 % random", Loss::Random(0.1), (0.01, 60), (0.12, 160)),
        ("30 % random", Loss::Random(0.3), (0.02, 80), (0.33, 260)),
        ("50 % random", Loss::Random(0.5), (0.06, 160), (0.55, 400)),
        ("10 % in bursts", bursts(0.1), (0.04, 300), (0.14, 400)),
        ("30 % in bursts", bursts(0.3), (0.2, 600), (0.36, 800)),
        ("50 % in bursts", bursts(0.5), (0.4, 1000), (0.6, 1200)),
    ];
    table("way down", &rows, |seed, options, loss| meet(seed, PLAIN, options).lose(Loss::None, loss));
}

#[test]
fn what_a_publisher_sends_twice_is_there_for_those_who_take_none_of_it() {
    let rows = [
        ("10 % random", Loss::Random(0.1), (0.03, 60), (0.12, 160)),
        ("30 % random", Loss::Random(0.3), (0.12, 160), (0.33, 260)),
        ("50 % random", Loss::Random(0.5), (0.3, 400), (0.55, 400)),
        ("10 % in bursts", bursts(0.1), (0.08, 300), (0.14, 300)),
    ];
    table("way up", &rows, |seed, options, loss| meet(seed, options, PLAIN).lose(loss, Loss::None));
}

/// Bytes of sound that a listener gets in two seconds, whose way down loses so much.
fn heard_bytes(meeting: &mut Meeting, loss: f64) -> usize {
    let Meeting { world, bo, .. } = meeting;
    world.set_links(*bo, Link::GOOD, Link::losing(Loss::Random(loss)));
    world.run_for(12 * SECOND);
    let before = world.client(*bo).speakers[0].bytes;
    world.run_for(2 * SECOND);
    world.client(*bo).speakers[0].bytes - before
}

#[test]
fn redundancy_costs_nothing_where_nothing_is_lost_and_ends_with_the_losses() {
    let mut meeting = meet(320, RED, RED);
    let plain = heard_bytes(&mut meeting, 0.0);
    assert!(plain <= 101 * 80, "{plain}: what its publisher sent twice goes down once");
    let lossy = heard_bytes(&mut meeting, 0.1);
    assert!(lossy > 2 * plain, "{lossy} with losses");
    let after = heard_bytes(&mut meeting, 0.0);
    assert!(after <= 101 * 80, "{after} after them");
}

#[test]
fn silence_is_no_loss_and_its_end_is_heard_at_once() {
    let Meeting { mut world, ana, bo } = meet(321, RED, RED);
    world.client_mut(ana).set_silent(true);
    world.run_for(5 * SECOND);
    let since = world.now;
    world.run_for(10 * SECOND);
    let sent = world.client(bo).speakers[0].heard_since(since).count();
    assert!((20..30).contains(&sent), "{sent} packets of silence");
    let statistics = |world: &World, id| {
        let all = world.statistics(id).expect("statistics");
        all.up
            .iter()
            .chain(&all.down)
            .filter(|it| it.source == Source::Microphone)
            .map(|it| it.lost)
            .sum::<u64>()
    };
    assert_eq!((statistics(&world, ana), statistics(&world, bo)), (0, 0));
    let last = world.events.iter().rev().find_map(|(_, event)| match event {
        Event::SpeakersChanged { speakers, .. } => Some(speakers.len()),
        _ => None,
    });
    assert_eq!(last, Some(0), "nobody speaks");

    world.client_mut(ana).set_silent(false);
    let since = world.now;
    world.run_for(SECOND);
    let until = world.now;
    world.run_for(SECOND);
    let gaps = world.client(bo).speakers[0].gaps(since, until, BUFFER);
    assert_eq!(gaps, Gaps { share: 0.0, longest: Duration::ZERO });
    assert_clean(&world, bo);
}

/// Six with redundant sound, of whom three are loud: the levels stand in the headers.
#[test]
fn the_loudest_are_heard_whatever_carries_their_sound() {
    let mut world = World::new(322);
    let ids: Vec<_> =
        (0..6).map(|n| world.join_with(&format!("p{n}"), RED, Link::GOOD, Link::GOOD)).collect();
    world.run_until(10 * SECOND, |world| ids.iter().all(|id| world.client(*id).is_connected()));
    for (n, id) in ids.iter().enumerate() {
        world.set_sources(*id, &[Source::Microphone]);
        world.client_mut(*id).set_loudness(if n % 2 == 1 { -20 } else { -90 });
    }
    world.run_for(4 * SECOND);
    let since = world.now;
    world.run_for(2 * SECOND);
    for loud in [ids[1], ids[3], ids[5]] {
        let heard = sounds(&world, ids[0], loud, Source::Microphone, since);
        assert!(heard > 95, "{heard}");
    }
}
