use std::time::Duration;

use proptest::prelude::*;
use wire::vp8;

use super::*;
use crate::codec::Frame;
use crate::forward::MediaPacket;

fn payload(picture_id: u16, key_frame: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let frame = vp8::OutgoingFrame {
        picture_id,
        tl0_picture_index: picture_id as u8,
        begins: true,
        key_frame,
        size: (640, 360),
    };
    vp8::write_payload_head(&mut bytes, &frame);
    bytes
}

fn packet(payload: &[u8], epoch: u32, sequence: u64, timestamp: u32) -> MediaPacket<'_> {
    MediaPacket {
        codec: CodecKind::Vp8,
        layer: 0,
        epoch,
        sequence,
        timestamp,
        marker: true,
        audio_level: None,
        frame: Frame::parse(CodecKind::Vp8, payload),
        description: None,
        payload,
    }
}

proptest! {
    /// Whatever the publishers' numbers are, the receiver sees one stream without gaps.
    #[test]
    fn numbers_run_on_across_switches(
        first in any::<u16>(),
        streams in prop::collection::vec((any::<u32>(), 65_536_u64..1 << 40, 0_u16..0x8000, 1_u64..40), 1..8),
    ) {
        let start = crate::testing::some_moment();
        let mut now = start;
        let mut rewriter = Rewriter::new(90_000, first, u32::MAX - 10, now);
        let mut last: Option<Admitted> = None;
        for (epoch, (timestamp, sequence, picture, count)) in streams.into_iter().enumerate() {
            let bound = rewriter.switch();
            let delta = payload(picture.wrapping_sub(1) & 0x7fff, false);
            let early = packet(&delta, epoch as u32, sequence - 1, timestamp.wrapping_sub(3000));
            prop_assert_eq!(rewriter.admit(&early, Limit::ALL, now, |_| None), Err(Drop::AwaitingKeyFrame));
            for n in 0..count {
                now += Duration::from_millis(33);
                let bytes = payload(picture.wrapping_add(n as u16) & 0x7fff, n == 0);
                let packet = packet(&bytes, epoch as u32, sequence + n, timestamp.wrapping_add(3000 * n as u32));
                let admitted = rewriter.admit(&packet, Limit::ALL, now, |_| None).unwrap();
                prop_assert_eq!(admitted.begins, n == 0);
                prop_assert!(n > 0 || admitted.timestamp.wrapping_sub(bound) < 1 << 31);
                if let Some(last) = last {
                    prop_assert_eq!(admitted.sequence, last.sequence + 1);
                    let step = admitted.timestamp.wrapping_sub(last.timestamp);
                    prop_assert!((2900..3100).contains(&step), "{}", step);
                    let (last, this) = (last.picture.unwrap(), admitted.picture.unwrap());
                    prop_assert_eq!(this.0, (last.0 + 1) & 0x7fff);
                    prop_assert_eq!(this.1, last.1.wrapping_add(1));
                }
                prop_assert_eq!(
                    rewriter.origin(admitted.sequence as u16),
                    Some(Origin { layer: 0, epoch: epoch as u32, sequence: sequence + n })
                );
                last = Some(admitted);
            }
            prop_assert_eq!(rewriter.admit(&early, Limit::ALL, now, |_| None), Err(Drop::BeforeSwitch));
        }
    }
}

#[test]
fn a_late_packet_takes_the_place_it_left() {
    let now = crate::testing::some_moment();
    let mut rewriter = Rewriter::new(90_000, 10, 0, now);
    let (key, delta) = (payload(1, true), payload(2, false));
    assert_eq!(rewriter.admit(&packet(&key, 0, 500, 0), Limit::ALL, now, |_| None).unwrap().sequence, 10);
    assert_eq!(
        rewriter.admit(&packet(&delta, 0, 502, 6000), Limit::ALL, now, |_| None).unwrap().sequence,
        12
    );
    assert_eq!(
        rewriter.admit(&packet(&delta, 0, 501, 3000), Limit::ALL, now, |_| None).unwrap().sequence,
        11
    );
    assert_eq!(
        rewriter.admit(&packet(&delta, 0, 503, 9000), Limit::ALL, now, |_| None).unwrap().sequence,
        13
    );
    assert_eq!(
        (rewriter.origin(11), rewriter.origin(14), rewriter.origin(9)),
        (Some(Origin { layer: 0, epoch: 0, sequence: 501 }), None, None)
    );
}

/// A picture of a temporal layer, in one packet.
fn picture(number: u16, temporal: u8, layer_sync: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let frame = vp8::OutgoingFrame {
        picture_id: number,
        tl0_picture_index: 0,
        begins: true,
        key_frame: number == 0,
        size: (640, 360),
    };
    vp8::write_layered_head(&mut bytes, &frame, temporal, layer_sync);
    bytes
}

#[test]
fn upper_temporal_layers_leave_no_hole_and_come_back_where_they_can_be_decoded() {
    let now = crate::testing::some_moment();
    let mut rewriter = Rewriter::new(90_000, 10, 0, now);
    let pictures =
        [(0, false), (2, true), (1, true), (2, false), (0, false), (2, false), (1, true), (2, true)];
    let limits = [2, 2, 0, 0, 0, 2, 2, 2];
    let sent: Vec<_> = (0..)
        .zip(pictures.iter().zip(limits))
        .map(|(n, ((temporal, sync), limit))| {
            let bytes = picture(n, *temporal, *sync);
            let packet = packet(&bytes, 0, 500 + u64::from(n), 3000 * u32::from(n));
            let admitted = rewriter.admit(&packet, Limit::temporal(limit), now, |_| None);
            admitted.ok().map(|it| (it.sequence, it.picture.unwrap().0))
        })
        .collect();
    let at = |n: u64| Some((9 + n, n as u16));
    assert_eq!(sent, [at(1), at(2), None, None, at(3), None, at(4), at(5)]);
    let source = |out: u16| rewriter.origin(out).map(|it| it.sequence - 500);
    assert_eq!([10, 11, 12, 13, 14].map(source), [Some(0), Some(1), Some(4), Some(6), Some(7)]);
}

#[test]
fn a_late_packet_that_is_left_out_fills_its_place_and_nothing_takes_that_again() {
    let now = crate::testing::some_moment();
    let mut rewriter = Rewriter::new(90_000, 10, 0, now);
    let (key, top) = (picture(0, 0, false), picture(1, 2, false));
    rewriter.admit(&packet(&key, 0, 500, 0), Limit::temporal(0), now, |_| None).unwrap();
    // 501 is missing; 502 is of the same picture and left out.
    assert_eq!(
        rewriter.admit(&packet(&top, 0, 502, 3000), Limit::temporal(0), now, |_| None),
        Err(Drop::UpperLayer)
    );
    let late = rewriter.admit(&packet(&top, 0, 501, 3000), Limit::temporal(0), now, |_| None).unwrap();
    assert_eq!((late.sequence, late.empty, late.marker, late.picture), (11, true, false, None));
    // SRTP's nonce is made of the number: twice would tell both contents.
    assert_eq!(
        rewriter.admit(&packet(&key, 1, 7, 0), Limit::temporal(0), now, |_| None).unwrap().sequence,
        12
    );
}

#[test]
fn what_was_thrown_away_leaves_no_gap() {
    let now = crate::testing::some_moment();
    let mut rewriter = Rewriter::new(90_000, 10, 0, now);
    let (key, delta) = (payload(7, true), payload(8, false));
    let first = rewriter.admit(&packet(&key, 0, 500, 3000), Limit::ALL, now, |_| None).unwrap();
    rewriter.left(&first, now);
    for n in 1..5 {
        rewriter.admit(&packet(&delta, 0, 500 + n, 3000 * n as u32), Limit::ALL, now, |_| None).unwrap();
    }
    assert_eq!(rewriter.rewind(None), first.timestamp + 1);
    let again = rewriter.admit(&packet(&key, 1, 77, 0), Limit::ALL, now, |_| None).unwrap();
    assert_eq!((again.sequence, again.picture), (11, Some((2, 2))));
    assert_eq!(rewriter.origin(11).map(|it| it.sequence), Some(77));
    assert_eq!(rewriter.origin(12), None);
}

#[test]
fn another_epoch_waits_for_its_key_frame() {
    let now = crate::testing::some_moment();
    let mut rewriter = Rewriter::new(90_000, 10, 0, now);
    let (key, delta) = (payload(1, true), payload(2, false));
    rewriter.admit(&packet(&key, 0, 500, 0), Limit::ALL, now, |_| None).unwrap();
    assert_eq!(
        rewriter.admit(&packet(&delta, 1, 7, 0), Limit::ALL, now, |_| None),
        Err(Drop::AwaitingKeyFrame)
    );
    assert_eq!(rewriter.admit(&packet(&key, 1, 8, 0), Limit::ALL, now, |_| None).unwrap().sequence, 11);
}

#[test]
fn two_layers_keep_the_time_between_their_pictures() {
    let start = crate::testing::some_moment();
    let mut rewriter = Rewriter::new(90_000, 10, 0, start);
    let key = payload(1, true);
    let first = rewriter.admit(&packet(&key, 0, 500, 70_000), Limit::ALL, start, |_| None).unwrap();
    let low = |ms: u32| 70_000 + 90 * ms;
    // 33 ms later by capture, but it came after 51: the other layer's clock is 5000 ahead.
    let now = start + Duration::from_millis(51);
    let other = packet(&key, 1, 9, 5000 + low(33));
    let second = rewriter.admit(&other, Limit::ALL, now, |_| Some(low(33))).unwrap();
    assert_eq!(second.timestamp.wrapping_sub(first.timestamp), 33 * 90);
    // Its picture is older than what was sent last: it follows by a tick.
    let third = rewriter.admit(&packet(&key, 2, 7, 1), Limit::ALL, now, |_| Some(5000 + low(20))).unwrap();
    assert_eq!(third.timestamp.wrapping_sub(second.timestamp), 1);
    // A report that is seconds off is not believed.
    let later = now + Duration::from_millis(40);
    let fourth = rewriter.admit(&packet(&key, 3, 7, 1), Limit::ALL, later, |_| Some(900_000)).unwrap();
    assert_eq!(fourth.timestamp.wrapping_sub(third.timestamp), 40 * 90);
}
