//! The numbering of one slot.

use std::time::Instant;

use wire::dependency::Descriptor;

use super::described::{Passed, Turn, turn};
use super::skips::Skips;
use super::{Limit, MediaPacket};
use crate::clock::ticks;
use crate::drops::Drop;
use crate::sdp::CodecKind;

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
    /// Number of the frame, for the dependency descriptor …
    pub(crate) frame: u16,
    /// … and the decode targets that are sent where they are to be told, else 0.
    pub(crate) active: u32,
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
    /// It was the last of its picture.
    is_at_end: bool,
    /// Of the dependency descriptor; one above the highest.
    next_frame: u16,
    /// The same of what has left: packets that were numbered may still wait.
    left: Left,
    flow: Option<Flow>,
    /// By the present flow.
    skips: Skips,
    /// By the present flow, if its frames are described.
    passed: Passed,
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
    /// Of the picture that it began with.
    first_timestamp: u32,
    /// What is sent: the limit, or what it was while it cannot change yet.
    level: Limit,
    /// The receiver is to be told what is sent, since that is or was not everything.
    is_partial: bool,
    /// Of the newest; older packets than what was left out have other offsets.
    sequence: u64,
    timestamp: u32,
    picture: u16,
    tl0: u8,
    frame: u16,
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
            is_at_end: true,
            next_frame: 0,
            flow: None,
            skips: Skips::default(),
            passed: Passed::default(),
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

    /// Numbers a packet, or says why it is not sent. Layers up to `limit` are to be sent: fewer from the next picture on, more
    /// from where they can be decoded.
    ///
    /// `translate` gives the time stamp that the packet's moment has in another layer, if that is known: a switch
    /// between two layers then keeps the time between their pictures.
    pub(crate) fn admit(
        &mut self,
        packet: &MediaPacket<'_>,
        limit: Limit,
        now: Instant,
        translate: impl FnOnce(u8) -> Option<u32>,
    ) -> Result<Admitted, Drop> {
        let begins = self.flow.as_ref().is_none_or(|flow| flow.epoch != packet.epoch);
        if begins {
            if !packet.frame.begins_decoding || packet.is_riddle() {
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
        if let Some(description) = &packet.description {
            let Some(read) = &description.read else {
                flow.leave_out(&mut self.skips, packet);
                return Err(Drop::Undescribed);
            };
            let is_new_picture = self.last_timestamp != packet.timestamp.wrapping_add(flow.timestamp);
            let (skips, passed) = (&mut self.skips, &mut self.passed);
            flow.pass_described(skips, passed, packet, read, limit, begins, is_new_picture)?;
        } else {
            if flow.level != limit && flow.newest_timestamp != packet.timestamp {
                flow.change_level(&mut self.skips, packet, limit);
            }
            if packet.frame.temporal > flow.level.temporal && !begins {
                flow.leave_out(&mut self.skips, packet);
                return Err(Drop::UpperLayer);
            }
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
        self.next_frame = admitted.frame.wrapping_add(1);
        self.is_at_end = admitted.marker || admitted.empty && self.is_at_end;
    }

    /// Whether a packet that was numbered is of the picture that the flow began with.
    pub(crate) fn is_opening(&self, packet: &MediaPacket<'_>) -> bool {
        self.flow.is_some_and(|flow| flow.epoch == packet.epoch && flow.first_timestamp == packet.timestamp)
    }

    /// What flows has come to the end of a picture, if anything does.
    pub(crate) fn is_at_end(&self) -> bool {
        self.is_at_end || self.flow.is_none()
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
        flow.level = self.skips.level_at(packet.sequence).unwrap_or(flow.level);
        if self.skips.is_left_out(packet, flow.level) {
            let admitted = flow.apply(packet, false);
            return Some(Admitted { marker: false, picture: None, empty: true, ..admitted });
        }
        if let Some(id) = packet.frame.vp8().and_then(|it| it.picture_id) {
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
        level: Limit,
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
            first_timestamp: packet.timestamp,
            level,
            is_partial: false,
            sequence: self.next_sequence.wrapping_sub(packet.sequence),
            timestamp: self.last_timestamp.wrapping_add(step).wrapping_sub(packet.timestamp),
            picture: self.last_picture.0.wrapping_add(1).wrapping_sub(picture),
            tl0: self.last_picture.1.wrapping_add(1).wrapping_sub(tl0),
            frame: self.next_frame.wrapping_sub(packet.descriptor().map_or(0, |it| it.frame_number)),
        }
    }
}

impl Flow {
    /// Lets fewer temporal layers through, or more where this picture allows it: whatever it will be referred to by, its own
    /// references are there.
    fn change_level(&mut self, skips: &mut Skips, packet: &MediaPacket<'_>, limit: Limit) {
        let frame = &packet.frame;
        let level = if limit.temporal < self.level.temporal || frame.begins_decoding {
            limit
        } else if frame.layer_sync && frame.begins_picture && frame.temporal == self.level.temporal + 1 {
            Limit::temporal(frame.temporal)
        } else {
            return;
        };
        skips.change(packet.sequence, self.level, level);
        self.level = level;
    }

    /// Lets a packet through whose frame says who needs it, or leaves it out.
    #[expect(clippy::too_many_arguments, reason = "the flow is borrowed out of its rewriter")]
    fn pass_described(
        &mut self,
        skips: &mut Skips,
        passed: &mut Passed,
        packet: &MediaPacket<'_>,
        read: &Descriptor,
        limit: Limit,
        begins: bool,
        is_new_picture: bool,
    ) -> Result<(), Drop> {
        let mut reason = Drop::UpperLayer;
        if begins {
            *passed = Passed::default();
        } else if self.level != limit && read.starts {
            match turn(self.level, limit, read, is_new_picture, passed) {
                Turn::Now => {
                    skips.change(packet.sequence, self.level, limit);
                    self.level = limit;
                }
                Turn::Later => {}
                Turn::WithKeyFrame => reason = Drop::AwaitingKeyFrame,
            }
        }
        if !begins && read.present >> self.level.target & 1 == 0 {
            self.leave_out(skips, packet);
            return Err(reason);
        }
        passed.insert(read.frame_number);
        let is_everything = self.level.within == Limit::EVERYTHING;
        // A new structure means all targets unless something else is said.
        self.is_partial = !is_everything || self.is_partial && !read.is_attached;
        Ok(())
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
        let mut admitted = Admitted {
            sequence: packet.sequence.wrapping_add(self.sequence),
            timestamp: packet.timestamp.wrapping_add(self.timestamp),
            // In audio a marker begins a talk spurt (RFC 3551 §4.1), which resets the receiver's playout.
            marker: packet.marker || begins && packet.codec == CodecKind::Opus,
            picture: packet.frame.picture().map(|it| self.picture(it)),
            frame: self.frame,
            active: 0,
            begins,
            empty: false,
        };
        if let Some(read) = packet.descriptor() {
            // A picture ends with the largest of its layers that is sent.
            admitted.marker |= read.ends && read.spatial == self.level.spatial;
            admitted.frame = read.frame_number.wrapping_add(self.frame);
            if read.starts && self.is_partial {
                admitted.active = self.level.within & read.active.unwrap_or(Limit::EVERYTHING);
            }
        }
        admitted
    }

    fn picture(&self, (id, tl0): (u16, u8)) -> (u16, u8) {
        (id.wrapping_add(self.picture) & 0x7fff, tl0.wrapping_add(self.tl0))
    }
}

#[cfg(test)]
mod tests;
