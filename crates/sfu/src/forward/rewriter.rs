//! The numbering of one slot.

use std::time::Instant;

use wire::extension::AudioLevel;
use wire::h264;

use super::skips::Skips;
use crate::clock::ticks;
use crate::codec::Frame;
use crate::drops::Drop;
use crate::sdp::CodecKind;

/// Every temporal layer: VP8 and the dependency descriptor name fewer.
pub(crate) const ALL_TEMPORAL: u8 = u8::MAX;

/// A publisher's packet, parsed once for all its receivers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MediaPacket<'a> {
    pub(crate) codec: CodecKind,
    /// Which layer of its stream, in the order of the offer.
    pub(crate) layer: u8,
    /// Changes when the publisher's numbering begins anew: another layer, another SSRC, or back after a
    /// pause.
    pub(crate) epoch: u32,
    /// Extended.
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    /// As sent (RFC 6464 §3).
    pub(crate) audio_level: Option<AudioLevel>,
    pub(crate) frame: Frame,
    pub(crate) payload: &'a [u8],
}

impl MediaPacket<'_> {
    /// Of its picture, where the packet tells.
    pub(crate) fn pixels(&self) -> Option<u32> {
        let (width, height) = match self.codec {
            CodecKind::Vp8 => self.frame.vp8?.frame_size(self.payload)?,
            CodecKind::H264(_) => h264::frame_size(self.payload)?,
            CodecKind::Opus | CodecKind::Vp9 | CodecKind::Av1 => return None,
        };
        Some(u32::from(width) * u32::from(height))
    }
}

/// Where a packet that went out came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) layer: u8,
    pub(crate) epoch: u32,
    /// The publisher's number.
    pub(crate) sequence: u64,
}

/// How a packet goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// Extended: the low 16 bits are sent, the rest is the roll-over counter of SRTP.
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    /// Picture id and TL0 index, for VP8 and VP9.
    pub(crate) picture: Option<(u16, u8)>,
    /// The first packet after a switch.
    pub(crate) begins: bool,
    /// Without its payload: it only fills the place that was kept for it.
    pub(crate) empty: bool,
}

/// The numbering that a slot's receiver sees.
#[derive(Debug)]
pub(crate) struct Rewriter {
    clock_rate: u32,
    /// One above the highest number that went out.
    next_sequence: u64,
    /// Of the newest packet that went out, and when: both go on together while the slot is empty.
    last_timestamp: u32,
    last_sent: Instant,
    last_picture: (u16, u8),
    /// The same of what has left: packets that were numbered may still wait.
    left: Left,
    flow: Option<Flow>,
    /// By the present flow.
    skips: Skips,
}

/// The end of what was really sent.
#[derive(Debug, Clone, Copy)]
struct Left {
    next_sequence: u64,
    timestamp: u32,
    at: Instant,
    picture: (u16, u8),
    /// With the last packet of a picture.
    is_whole: bool,
}

/// A stream that flows through the slot. Offsets are added to the publisher's numbers, wrapping.
#[derive(Debug, Clone, Copy)]
struct Flow {
    layer: u8,
    epoch: u32,
    first: u64,
    newest: u64,
    /// Of the newest, by the publisher's clock.
    newest_timestamp: u32,
    /// The highest temporal layer that is sent.
    level: u8,
    /// Of the newest; older packets than what was left out have other offsets.
    sequence: u64,
    timestamp: u32,
    picture: u16,
    tl0: u8,
}

impl Rewriter {
    /// An empty slot. `first_sequence` below 2^15, so that reordering at the start cannot look like a roll-over
    /// (RFC 3711 §3.3.1).
    pub(crate) fn new(clock_rate: u32, first_sequence: u16, first_timestamp: u32, now: Instant) -> Self {
        let next_sequence = u64::from(first_sequence & 0x7fff);
        Self {
            clock_rate,
            next_sequence,
            left: Left {
                next_sequence,
                timestamp: first_timestamp,
                at: now,
                picture: (0, 0),
                is_whole: true,
            },
            last_timestamp: first_timestamp,
            last_sent: now,
            last_picture: (0, 0),
            flow: None,
            skips: Skips::default(),
        }
    }

    /// Ends the flow; whatever fills the slot next begins anew.
    ///
    /// Returns the earliest time stamp that it can begin with.
    pub(crate) fn switch(&mut self) -> u32 {
        self.flow = None;
        self.last_timestamp.wrapping_add(1)
    }

    /// A packet that was numbered leaves.
    pub(crate) fn left(&mut self, admitted: &Admitted, now: Instant) {
        if admitted.sequence >= self.left.next_sequence {
            self.left = Left {
                next_sequence: admitted.sequence + 1,
                timestamp: admitted.timestamp,
                at: now,
                picture: admitted.picture.unwrap_or(self.left.picture),
                is_whole: admitted.marker,
            };
        }
    }

    /// Time stamp of the picture of which a part has left.
    pub(crate) fn begun(&self) -> Option<u32> {
        (!self.left.is_whole).then_some(self.left.timestamp)
    }

    /// Ends the flow, as [`Self::switch`] does, after what still waited was thrown away, up to `kept`: the other numbers are
    /// given anew, so that the receiver misses nothing. None of them was encrypted with yet.
    pub(crate) fn rewind(&mut self, kept: Option<Admitted>) -> u32 {
        let Left { next_sequence, timestamp, at, picture, .. } = self.left;
        let kept = kept.map_or(0, |it| it.sequence + 1);
        (self.next_sequence, self.last_timestamp) = (next_sequence.max(kept), timestamp);
        (self.last_sent, self.last_picture) = (at, picture);
        self.switch()
    }

    /// Numbers a packet, or says why it is not sent. Of temporal layers those up to `limit` are to be sent: fewer from the next
    /// picture on, more from where they can be decoded.
    ///
    /// `translate` gives the time stamp that the packet's moment has in another layer, if that is known: a switch
    /// between two layers then keeps the time between their pictures.
    pub(crate) fn admit(
        &mut self,
        packet: &MediaPacket<'_>,
        limit: u8,
        now: Instant,
        translate: impl FnOnce(u8) -> Option<u32>,
    ) -> Result<Admitted, Drop> {
        let begins = self.flow.as_ref().is_none_or(|flow| flow.epoch != packet.epoch);
        if begins {
            if !packet.frame.begins_decoding {
                return Err(Drop::AwaitingKeyFrame);
            }
            self.flow = Some(self.begin(packet, limit, now, translate));
        }
        let Some(flow) = &mut self.flow else { return Err(Drop::AwaitingKeyFrame) };
        if packet.sequence < flow.first {
            return Err(Drop::BeforeSwitch);
        }
        if !begins && packet.sequence <= flow.newest {
            let flow = *flow;
            let admitted = self.late(&flow, packet).ok_or(Drop::UpperLayer)?;
            if admitted.sequence >= self.next_sequence {
                self.went_out(&admitted, now); // what came after it was left out
            }
            return Ok(admitted);
        }
        if flow.level != limit && flow.newest_timestamp != packet.timestamp {
            flow.change_level(&mut self.skips, packet, limit);
        }
        if packet.frame.temporal > flow.level && !begins {
            flow.leave_out(&mut self.skips, packet);
            return Err(Drop::UpperLayer);
        }
        let admitted = flow.apply(packet, begins);
        flow.newest = packet.sequence;
        flow.newest_timestamp = packet.timestamp;
        self.went_out(&admitted, now);
        Ok(admitted)
    }

    /// Notes a packet with the highest number so far: whatever begins next begins after it.
    fn went_out(&mut self, admitted: &Admitted, now: Instant) {
        self.next_sequence = admitted.sequence + 1;
        self.last_timestamp = admitted.timestamp;
        self.last_sent = now;
        self.last_picture = admitted.picture.unwrap_or(self.last_picture);
    }

    /// The number that went out last in the present flow.
    pub(crate) fn newest(&self) -> Option<u16> {
        self.flow.map(|_| (self.next_sequence - 1) as u16)
    }

    /// The newest time stamp that went out.
    pub(crate) fn last_timestamp(&self) -> u32 {
        self.last_timestamp
    }

    /// What went out as `sequence`, if it belongs to the present flow.
    pub(crate) fn origin(&self, sequence: u16) -> Option<Origin> {
        let flow = self.flow?;
        let newest_out = flow.newest.wrapping_add(flow.sequence);
        let back = (newest_out as u16).wrapping_sub(sequence);
        let source = self.skips.original(flow.newest.checked_sub(u64::from(back))?)?;
        let Flow { layer, epoch, .. } = flow;
        (flow.first..=flow.newest).contains(&source).then_some(Origin { layer, epoch, sequence: source })
    }

    /// Numbers a packet of the present flow that goes out once more; changes nothing.
    pub(crate) fn again(&self, packet: &MediaPacket<'_>) -> Option<Admitted> {
        let flow = self.flow.filter(|flow| flow.epoch == packet.epoch)?;
        self.late(&flow, packet)
    }

    /// Numbers a packet that is not newer than what went out, if a place was kept for it.
    fn late(&self, flow: &Flow, packet: &MediaPacket<'_>) -> Option<Admitted> {
        let mut flow = *flow;
        flow.sequence = flow.sequence.wrapping_add(self.skips.numbers_after(packet.sequence)?);
        if self.skips.is_left_out(packet, flow.level) {
            let admitted = flow.apply(packet, false);
            return Some(Admitted { marker: false, picture: None, empty: true, ..admitted });
        }
        if let Some(id) = packet.frame.vp8.and_then(|it| it.picture_id) {
            flow.picture = flow.picture.wrapping_add(self.skips.pictures_after(id));
        }
        Some(flow.apply(packet, false))
    }

    /// The slot's time stamp for the publisher's `timestamp`, while its stream flows.
    pub(crate) fn timestamp_of(&self, timestamp: u32) -> Option<u32> {
        Some(timestamp.wrapping_add(self.flow?.timestamp))
    }

    /// The layer that flows.
    pub(crate) fn layer(&self) -> Option<u8> {
        self.flow.map(|flow| flow.layer)
    }

    /// Lets the new flow follow the last packet that went out: as much later as its picture is, else as it is by the
    /// clock.
    fn begin(
        &mut self,
        packet: &MediaPacket<'_>,
        level: u8,
        now: Instant,
        translate: impl FnOnce(u8) -> Option<u32>,
    ) -> Flow {
        let elapsed = ticks(now.saturating_duration_since(self.last_sent), self.clock_rate).max(1) as u32;
        let translated = self.flow.and_then(|flow| Some(translate(flow.layer)?.wrapping_add(flow.timestamp)));
        // A report that puts the two far from when they came is not believed; the older of two pictures that crossed
        // follows at once.
        let step = translated
            .map(|at| at.wrapping_sub(self.last_timestamp).cast_signed())
            .filter(|step| step.abs_diff(elapsed.cast_signed()) < self.clock_rate)
            .map_or(elapsed, |step| step.max(1).cast_unsigned());
        self.skips.clear();
        let (picture, tl0) = packet.frame.picture().unwrap_or_default();
        Flow {
            layer: packet.layer,
            epoch: packet.epoch,
            first: packet.sequence,
            newest: packet.sequence,
            newest_timestamp: packet.timestamp,
            level,
            sequence: self.next_sequence.wrapping_sub(packet.sequence),
            timestamp: self.last_timestamp.wrapping_add(step).wrapping_sub(packet.timestamp),
            picture: self.last_picture.0.wrapping_add(1).wrapping_sub(picture),
            tl0: self.last_picture.1.wrapping_add(1).wrapping_sub(tl0),
        }
    }
}

impl Flow {
    /// Lets fewer temporal layers through, or more where this picture allows it: whatever it will be referred to by, its own
    /// references are there.
    fn change_level(&mut self, skips: &mut Skips, packet: &MediaPacket<'_>, limit: u8) {
        let frame = &packet.frame;
        let level = if limit < self.level || frame.begins_decoding {
            limit
        } else if frame.layer_sync && frame.begins_picture && frame.temporal == self.level + 1 {
            frame.temporal
        } else {
            return;
        };
        skips.change(packet.sequence, self.level, level);
        self.level = level;
    }

    /// Leaves a packet out that came in order: those after it take its place.
    fn leave_out(&mut self, skips: &mut Skips, packet: &MediaPacket<'_>) {
        let freed = skips.skip(packet, self.newest);
        self.sequence = self.sequence.wrapping_sub(freed.numbers);
        self.picture = self.picture.wrapping_sub(freed.picture_id.into());
        self.first = freed.known_from.map_or(self.first, |from| from.max(self.first));
        self.newest = packet.sequence;
        self.newest_timestamp = packet.timestamp;
    }

    fn apply(&self, packet: &MediaPacket<'_>, begins: bool) -> Admitted {
        Admitted {
            sequence: packet.sequence.wrapping_add(self.sequence),
            timestamp: packet.timestamp.wrapping_add(self.timestamp),
            // In audio a marker begins a talk spurt (RFC 3551 §4.1), which resets the receiver's playout.
            marker: packet.marker || begins && packet.codec == CodecKind::Opus,
            picture: packet.frame.picture().map(|it| self.picture(it)),
            begins,
            empty: false,
        }
    }

    fn picture(&self, (id, tl0): (u16, u8)) -> (u16, u8) {
        (id.wrapping_add(self.picture) & 0x7fff, tl0.wrapping_add(self.tl0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use wire::vp8;

    use super::*;

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
                prop_assert_eq!(rewriter.admit(&early, ALL_TEMPORAL, now, |_| None), Err(Drop::AwaitingKeyFrame));
                for n in 0..count {
                    now += Duration::from_millis(33);
                    let bytes = payload(picture.wrapping_add(n as u16) & 0x7fff, n == 0);
                    let packet = packet(&bytes, epoch as u32, sequence + n, timestamp.wrapping_add(3000 * n as u32));
                    let admitted = rewriter.admit(&packet, ALL_TEMPORAL, now, |_| None).unwrap();
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
                prop_assert_eq!(rewriter.admit(&early, ALL_TEMPORAL, now, |_| None), Err(Drop::BeforeSwitch));
            }
        }
    }

    #[test]
    fn a_late_packet_takes_the_place_it_left() {
        let now = crate::testing::some_moment();
        let mut rewriter = Rewriter::new(90_000, 10, 0, now);
        let (key, delta) = (payload(1, true), payload(2, false));
        assert_eq!(
            rewriter.admit(&packet(&key, 0, 500, 0), ALL_TEMPORAL, now, |_| None).unwrap().sequence,
            10
        );
        assert_eq!(
            rewriter.admit(&packet(&delta, 0, 502, 6000), ALL_TEMPORAL, now, |_| None).unwrap().sequence,
            12
        );
        assert_eq!(
            rewriter.admit(&packet(&delta, 0, 501, 3000), ALL_TEMPORAL, now, |_| None).unwrap().sequence,
            11
        );
        assert_eq!(
            rewriter.admit(&packet(&delta, 0, 503, 9000), ALL_TEMPORAL, now, |_| None).unwrap().sequence,
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
                let admitted = rewriter.admit(&packet, limit, now, |_| None);
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
        rewriter.admit(&packet(&key, 0, 500, 0), 0, now, |_| None).unwrap();
        // 501 is missing; 502 is of the same picture and left out.
        assert_eq!(rewriter.admit(&packet(&top, 0, 502, 3000), 0, now, |_| None), Err(Drop::UpperLayer));
        let late = rewriter.admit(&packet(&top, 0, 501, 3000), 0, now, |_| None).unwrap();
        assert_eq!((late.sequence, late.empty, late.marker, late.picture), (11, true, false, None));
        // SRTP's nonce is made of the number: twice would tell both contents.
        assert_eq!(rewriter.admit(&packet(&key, 1, 7, 0), 0, now, |_| None).unwrap().sequence, 12);
    }

    #[test]
    fn what_was_thrown_away_leaves_no_gap() {
        let now = crate::testing::some_moment();
        let mut rewriter = Rewriter::new(90_000, 10, 0, now);
        let (key, delta) = (payload(7, true), payload(8, false));
        let first = rewriter.admit(&packet(&key, 0, 500, 3000), ALL_TEMPORAL, now, |_| None).unwrap();
        rewriter.left(&first, now);
        for n in 1..5 {
            rewriter
                .admit(&packet(&delta, 0, 500 + n, 3000 * n as u32), ALL_TEMPORAL, now, |_| None)
                .unwrap();
        }
        assert_eq!(rewriter.rewind(None), first.timestamp + 1);
        let again = rewriter.admit(&packet(&key, 1, 77, 0), ALL_TEMPORAL, now, |_| None).unwrap();
        assert_eq!((again.sequence, again.picture), (11, Some((2, 2))));
        assert_eq!(rewriter.origin(11).map(|it| it.sequence), Some(77));
        assert_eq!(rewriter.origin(12), None);
    }

    #[test]
    fn another_epoch_waits_for_its_key_frame() {
        let now = crate::testing::some_moment();
        let mut rewriter = Rewriter::new(90_000, 10, 0, now);
        let (key, delta) = (payload(1, true), payload(2, false));
        rewriter.admit(&packet(&key, 0, 500, 0), ALL_TEMPORAL, now, |_| None).unwrap();
        assert_eq!(
            rewriter.admit(&packet(&delta, 1, 7, 0), ALL_TEMPORAL, now, |_| None),
            Err(Drop::AwaitingKeyFrame)
        );
        assert_eq!(rewriter.admit(&packet(&key, 1, 8, 0), ALL_TEMPORAL, now, |_| None).unwrap().sequence, 11);
    }

    #[test]
    fn two_layers_keep_the_time_between_their_pictures() {
        let start = crate::testing::some_moment();
        let mut rewriter = Rewriter::new(90_000, 10, 0, start);
        let key = payload(1, true);
        let first = rewriter.admit(&packet(&key, 0, 500, 70_000), ALL_TEMPORAL, start, |_| None).unwrap();
        let low = |ms: u32| 70_000 + 90 * ms;
        // 33 ms later by capture, but it came after 51: the other layer's clock is 5000 ahead.
        let now = start + Duration::from_millis(51);
        let other = packet(&key, 1, 9, 5000 + low(33));
        let second = rewriter.admit(&other, ALL_TEMPORAL, now, |_| Some(low(33))).unwrap();
        assert_eq!(second.timestamp.wrapping_sub(first.timestamp), 33 * 90);
        // Its picture is older than what was sent last: it follows by a tick.
        let third =
            rewriter.admit(&packet(&key, 2, 7, 1), ALL_TEMPORAL, now, |_| Some(5000 + low(20))).unwrap();
        assert_eq!(third.timestamp.wrapping_sub(second.timestamp), 1);
        // A report that is seconds off is not believed.
        let later = now + Duration::from_millis(40);
        let fourth = rewriter.admit(&packet(&key, 3, 7, 1), ALL_TEMPORAL, later, |_| Some(900_000)).unwrap();
        assert_eq!(fourth.timestamp.wrapping_sub(third.timestamp), 40 * 90);
    }
}
