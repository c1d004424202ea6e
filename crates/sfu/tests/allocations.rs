//! In the steady state a forwarded packet costs no allocation (DESIGN §8).

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::Stage;
use sfu::{CommandKind, Source};
use wire::vp8::{OutgoingFrame, write_payload_head};

/// A camera of 500 packets a second, every one a frame of its own.
fn picture(number: u16) -> Vec<u8> {
    let mut payload = Vec::new();
    let frame = OutgoingFrame {
        picture_id: number & 0x7fff,
        tl0_picture_index: number as u8,
        begins: true,
        key_frame: number == 0,
        size: (640, 360),
    };
    write_payload_head(&mut payload, &frame);
    payload.resize(1100, 0);
    payload
}

#[test]
fn a_forwarded_packet_costs_no_allocation() {
    let mut stage = Stage::new();
    let mut ana = stage.join("ana", 1);
    let viewers: Vec<_> = (0..3).map(|n| stage.join(&format!("viewer{n}"), 10 + n)).collect();
    for n in 0..3 {
        stage.watch(&format!("viewer{n}"), "ana");
    }
    let sources = vec![Source::Microphone, Source::Camera];
    stage.submit(CommandKind::SetSources { peer: Arc::from("ana"), sources });
    while stage.engine.poll_event().is_some() {}

    let mut forwarded = 0;
    for number in 0..6000_u16 {
        let steady = number >= 4000;
        let mut datagrams =
            [ana.packet("1", 96, number, &picture(number)), ana.packet("0", 111, number, &[0x78; 90])];
        stage.out.clear();
        let (now, from) = (stage.now, ana.address());
        let counted = allocation_counter::measure(|| {
            for datagram in &mut datagrams {
                stage.engine.receive(now, from, datagram, &mut stage.out);
            }
        });
        if steady {
            forwarded +=
                stage.out.batches().map(|(batch, _)| batch.len.div_ceil(batch.segment)).sum::<usize>();
            assert_eq!((counted.count_total, number), (0, number), "bytes: {}", counted.bytes_total);
        }
        stage.out.clear();
        stage.pass(Duration::from_millis(2));
        if number.is_multiple_of(1000) {
            ana.check(&mut stage);
            for viewer in &viewers {
                viewer.check(&mut stage);
            }
        }
        while stage.engine.poll_event().is_some() {}
    }
    assert_eq!(forwarded, 2000 * 2 * 3, "everybody got everything");
}
