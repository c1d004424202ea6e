//! Who can write a client's address on a datagram cannot end its call.

mod common;

use std::sync::Arc;

use common::Stage;
use sfu::{CommandKind, Event, Source};

#[test]
fn forged_records_do_not_end_a_session() {
    let mut stage = Stage::new();
    let mut ana = stage.join("ana", 1);
    stage.join("bo", 2);
    stage.submit(CommandKind::SetSources { peer: Arc::from("ana"), sources: vec![Source::Microphone] });
    let mut forged = ana.forged_records(stage.now);
    assert!(!forged.is_empty());
    for kind in 20..=25 {
        // Records of every type and of both epochs, with bodies that mean nothing.
        for epoch in [0, 1] {
            let mut record = vec![kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 99, 0, 40];
            record.resize(13 + 40, 2);
            forged.push(record);
        }
    }
    for mut record in forged {
        stage.engine.receive(stage.now, ana.address(), &mut record, &mut stage.out);
    }
    stage.out.clear();
    let mut packet = ana.packet("0", 111, 1, &[0x78; 90]);
    stage.engine.receive(stage.now, ana.address(), &mut packet, &mut stage.out);
    assert_eq!(stage.out.batches().count(), 1, "sound goes on to bo");
    while let Some(event) = stage.engine.poll_event() {
        assert!(!matches!(event, Event::PeerFailed { .. }), "{event:?}");
    }
}
