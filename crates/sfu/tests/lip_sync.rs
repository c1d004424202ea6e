//! Sender reports put a person's sound and picture on one clock, whatever slots they fill (RFC 3550 §6.4.1).

mod common;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use common::{Client, Stage, ssrc};
use sfu::{CommandKind, Source};
use wire::rtcp::{Packet, SenderInfo, packets, write_sender_report};
use wire::rtp::Header;
use wire::vp8::{OutgoingFrame, write_payload_head};

const OPUS: u8 = 111;
const VP8: u8 = 96;
/// Where ana's clock stands when she begins: nobody sets clocks.
const HER_NTP: u64 = 0x1234_0000_0000;
const HER_SOUND: u32 = 0xffff_ff00;
const HER_PICTURE: u32 = 77;

fn key_frame() -> Vec<u8> {
    let mut payload = Vec::new();
    let frame = OutgoingFrame {
        picture_id: 1,
        tl0_picture_index: 1,
        begins: true,
        key_frame: true,
        size: (640, 360),
    };
    write_payload_head(&mut payload, &frame);
    payload
}

/// Ana's report of one of her streams, `elapsed` after she began.
fn report(ana: &mut Client, payload_type: u8, elapsed: Duration) -> Vec<u8> {
    let millis = elapsed.as_millis() as u64;
    let (first, rate) = if payload_type == OPUS { (HER_SOUND, 48) } else { (HER_PICTURE, 90) };
    let info = SenderInfo {
        ntp: HER_NTP + (millis << 32) / 1000,
        rtp_timestamp: first.wrapping_add(millis as u32 * rate),
        packets: 0,
        bytes: 0,
    };
    ana.rtcp(|bytes| write_sender_report(bytes, ssrc(payload_type), &info, &[]))
}

#[test]
fn sound_and_picture_of_one_moment_are_reported_at_one_moment() {
    let mut stage = Stage::new();
    let mut ana = stage.join("ana", 1);
    let mut bo = stage.join("bo", 2);
    stage.watch("bo", "ana");
    let sources = vec![Source::Microphone, Source::Camera];
    stage.submit(CommandKind::SetSources { peer: Arc::from("ana"), sources });
    stage.out.clear();
    let began = stage.now;

    // A picture and a sound of the same moment: the picture takes 40 ms longer.
    let mut sound = ana.packet_at("0", OPUS, 1, HER_SOUND, &[0x78; 90]);
    stage.engine.receive(stage.now, ana.address(), &mut sound, &mut stage.out);
    stage.pass(Duration::from_millis(40));
    let mut picture = ana.packet_at("1", VP8, 1, HER_PICTURE, &key_frame());
    stage.engine.receive(stage.now, ana.address(), &mut picture, &mut stage.out);
    let (media, control) = bo.take(&mut stage);
    assert!(
        !control.iter().flat_map(|it| packets(it)).any(|it| matches!(it, Ok(Packet::SenderReport { .. }))),
        "nobody knows ana's clock yet"
    );
    let heads: HashMap<bool, Header> = media
        .iter()
        .map(|packet| Header::parse(packet).unwrap())
        .map(|head| (head.payload_type == OPUS, head))
        .collect();

    // Her reports come at different times, 10 ms under way.
    for (payload_type, wait) in [(VP8, 300), (OPUS, 900)] {
        stage.pass(Duration::from_millis(wait));
        let elapsed = (stage.now - began).saturating_sub(Duration::from_millis(10));
        let mut compound = report(&mut ana, payload_type, elapsed);
        stage.engine.receive(stage.now, ana.address(), &mut compound, &mut stage.out);
    }
    let (_, control) = bo.take(&mut stage);
    let mut told: HashMap<u32, SenderInfo> = HashMap::new();
    for packet in control.iter().flat_map(|compound| packets(compound)) {
        if let Ok(Packet::SenderReport { ssrc, info, .. }) = packet {
            told.insert(ssrc, info);
        }
    }
    let moment = |is_sound: bool, rate: i64| {
        let head = heads[&is_sound];
        let info = told[&head.ssrc];
        let behind = i64::from(info.rtp_timestamp.wrapping_sub(head.timestamp).cast_signed());
        info.ntp.cast_signed() - (behind << 32) / rate
    };
    let apart = (moment(true, 48_000).abs_diff(moment(false, 90_000)) * 1000) >> 32;
    assert!(apart <= 1, "{apart} ms");
}
