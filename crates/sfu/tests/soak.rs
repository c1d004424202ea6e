//! People come, speak, watch and go, again and again: nothing of them is kept.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::Stage;
use sfu::{CommandKind, Source};

/// Tables have their size by then.
const WARM_UP: u16 = 60;
const CYCLES: u16 = 300;
/// Of all cycles after the warm-up together: a list that keeps sixteen bytes of each is more.
const MAY_KEEP_BYTES: i64 = 4096;

/// Two meet for a second, and one of them goes without a word.
fn cycle(stage: &mut Stage, number: u16) {
    let mut ana = stage.join("ana", 1000 + number);
    let bo = stage.join("bo", 20_000 + number);
    stage.submit(CommandKind::SetSources { peer: Arc::from("ana"), sources: vec![Source::Microphone] });
    stage.watch("bo", "ana");
    for sequence in 0..50 {
        let mut packet = ana.packet("0", 111, sequence, &[0x78; 90]);
        stage.engine.receive(stage.now, ana.address(), &mut packet, &mut stage.out);
        stage.out.clear();
        stage.pass(Duration::from_millis(20));
    }
    bo.check(stage);
    stage.submit(CommandKind::RemovePeer { peer: Arc::from("ana") });
    stage.pass(Duration::from_secs(31));
    stage.out.clear();
    while stage.engine.poll_event().is_some() {}
    assert_eq!(stage.engine.peers(), 0, "who went without a word is given up");
}

#[test]
fn memory_does_not_grow() {
    let mut stage = Stage::new();
    (0..WARM_UP).for_each(|number| cycle(&mut stage, number));
    let kept = allocation_counter::measure(|| {
        (WARM_UP..CYCLES).for_each(|number| cycle(&mut stage, number));
    });
    assert!(
        kept.bytes_current <= MAY_KEEP_BYTES,
        "{} bytes kept of {} cycles",
        kept.bytes_current,
        CYCLES - WARM_UP
    );
}
