//! Nothing is sent to who does not say that they are there, and all goes on when they say it again (RFC 7675).

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Client, Stage};
use sfu::{CommandKind, Source};

/// Datagrams to `client` since the outbox was cleared.
fn sent_to(stage: &Stage, client: &Client) -> usize {
    let runs = stage.out.batches().filter(|(batch, _)| batch.to.address == client.address());
    runs.map(|(batch, _)| batch.len.div_ceil(batch.segment)).sum()
}

#[test]
fn a_silent_client_gets_nothing_until_it_speaks_again() {
    let mut stage = Stage::new();
    let mut ana = stage.join("ana", 1);
    let bo = stage.join("bo", 2);
    let sources = vec![Source::Microphone];
    stage.submit(CommandKind::SetSources { peer: Arc::from("ana"), sources });

    let mut sequence = 0;
    let mut pass = |stage: &mut Stage, seconds: u64, bo_is_there: bool| {
        stage.out.clear();
        for _ in 0..seconds * 10 {
            let mut packet = ana.packet("0", 111, sequence, &[0x78; 90]);
            stage.engine.receive(stage.now, ana.address(), &mut packet, &mut stage.out);
            sequence += 1;
            stage.pass(Duration::from_millis(100));
            if sequence.is_multiple_of(20) {
                ana.check(stage);
                if bo_is_there {
                    bo.check(stage);
                }
            }
        }
        sent_to(stage, &bo)
    };
    let alive = pass(&mut stage, 2, true);
    assert!(alive >= 20 + 2, "sound and reports: {alive}");
    pass(&mut stage, 15, false);
    assert_eq!(pass(&mut stage, 5, false), 0);
    bo.check(&mut stage);
    let again = pass(&mut stage, 2, true);
    assert!(again >= 20 + 2, "sound and reports again: {again}");
}
