//! The rules that a VP8 stream has to keep for any receiver (RFC 3550, RFC 7741), checked over all its packets at the end.
//!
//! It knows the publishers' made-up media and nothing of the engine: what a frame refers to stands in its [`Tag`].

use std::collections::{BTreeMap, BTreeSet};

use wire::vp8::Descriptor;

use crate::Tag;

/// Picture ids may be so far ahead after a hole; a frame lost on the way leaves one behind.
const WIDEST_HOLE: u16 = 1000;

/// The fault of a frame whose last packets were not sent.
const NO_END: &str = "a frame has no end";

#[derive(Debug, Clone, Copy)]
struct Packet {
    timestamp: u32,
    marker: bool,
    /// `None` in an empty packet.
    content: Option<(Descriptor, Tag)>,
}

/// All packets of one slot, in the order of their numbers.
#[derive(Debug, Default)]
pub struct Decoder {
    packets: BTreeMap<u64, Packet>,
    /// Packets that no publisher made.
    corrupt: u32,
    /// Two packets had one number.
    twice: u32,
}

/// What was in a stream that keeps the rules.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Whole frames whose references are there, by layer and temporal layer.
    pub frames: BTreeMap<(u8, u8), u32>,
    /// Times that another stream or layer began.
    pub switches: u32,
    /// Frames that miss a packet, or something that they refer to: only where there is a hole, and those that were cut off.
    pub incomplete: u32,
    /// Frames without an end that the key frame of another stream, another layer or a later time follows.
    pub cut_off: u32,
    /// Numbers that no packet has.
    pub missing: u64,
    /// Packets without content.
    pub empty: u32,
}

/// A frame: its packets in order.
#[derive(Debug)]
struct Frame {
    first: u64,
    last: u64,
    timestamp: u32,
    descriptor: Descriptor,
    tag: Tag,
    /// Why it is no whole frame.
    fault: Option<&'static str>,
}

impl Frame {
    fn origin(&self) -> (u32, sfu::Source, u8) {
        (self.tag.publisher, self.tag.source, self.tag.layer)
    }

    fn temporal(&self) -> u8 {
        self.descriptor.temporal_layer.unwrap_or(0)
    }
}

impl Decoder {
    /// Takes a packet; `sequence` never wraps.
    pub fn receive(&mut self, sequence: u64, timestamp: u32, marker: bool, payload: &[u8]) {
        let content = Descriptor::parse(payload).ok().zip(Tag::read(payload));
        self.corrupt += u32::from(content.is_none() && !payload.is_empty());
        let packet = Packet { timestamp, marker, content };
        if let Some(other) = self.packets.insert(sequence, packet) {
            let of = |it: &Packet| it.content.map(|(_, tag)| tag);
            self.twice += u32::from(of(&other) != of(&packet));
        }
    }

    /// Checks all rules.
    ///
    /// Errors: the rule that is broken, and where.
    pub fn verify(&self) -> Result<Summary, String> {
        if self.corrupt + self.twice > 0 {
            return Err(format!("{} packets are corrupt, {} have a number twice", self.corrupt, self.twice));
        }
        let mut summary = Summary {
            empty: self.packets.values().filter(|it| it.content.is_none()).count() as u32,
            ..Summary::default()
        };
        let frames = self.frames()?;
        // Of the present stream: frames that a decoder has.
        let mut decoded: BTreeSet<u32> = BTreeSet::new();
        for (at, frame) in frames.iter().enumerate() {
            let error =
                |rule: &str| Err(format!("{rule}: {frame:?} after {:?}", &frames[at.saturating_sub(2)..at]));
            let before = at.checked_sub(1).map(|at| &frames[at]);
            let hole = before.map_or(0, |before| self.holes(before.last, frame.first));
            summary.missing += hole + self.holes(frame.first, frame.last);
            let is_cut_off = frame.fault == Some(NO_END)
                && frames
                    .get(at + 1)
                    .is_some_and(|next| next.first == frame.last + 1 && next.descriptor.key_frame);
            summary.cut_off += u32::from(is_cut_off);
            if let Some(fault) = frame.fault
                && !is_cut_off
                && hole == 0
                && !self.touches_hole(frame)
            {
                return error(fault);
            }
            let is_switch = before.is_none_or(|before| before.origin() != frame.origin());
            if let Some(before) = before {
                if !wire::seq::is_later(frame.timestamp, before.timestamp) {
                    return error("a time stamp is not later than the one before");
                }
                if let Some(rule) =
                    broken_count(before, frame, hole > 0 || self.is_filled(before.last, frame.first))
                {
                    return error(rule);
                }
            }
            if is_switch {
                decoded.clear();
                summary.switches += 1;
                if !frame.descriptor.key_frame && hole == 0 && !self.touches_hole(frame) {
                    return error("another stream begins without a key frame");
                }
            }
            let key_frame = frame.descriptor.key_frame;
            let needs = frame.tag.references.iter().filter(|back| **back > 0);
            let needs: Vec<_> = needs.map(|back| frame.tag.frame - u32::from(*back)).collect();
            let missing = needs.iter().find(|frame| !decoded.contains(frame));
            if let Some(missing) = missing.filter(|_| !key_frame)
                && !self.may_be_lost(&frames[..at], frame, *missing)
            {
                return error("what a frame refers to was never sent");
            }
            if frame.fault.is_none() && (key_frame || missing.is_none()) {
                decoded.insert(frame.tag.frame);
                *summary.frames.entry((frame.tag.layer, frame.temporal())).or_default() += 1;
            } else {
                summary.incomplete += 1;
            }
        }
        Ok(summary)
    }

    /// Numbers from the first packet to the last that no packet has, whatever is in them.
    pub fn missing(&self) -> u64 {
        let (first, last) = (self.packets.first_key_value(), self.packets.last_key_value());
        first.zip(last).map_or(0, |((first, _), (last, _))| self.holes(*first, *last))
    }

    /// Packets grouped by their time stamps.
    fn frames(&self) -> Result<Vec<Frame>, String> {
        let mut frames: Vec<Frame> = Vec::new();
        let full = self.packets.iter().filter_map(|(at, it)| Some((*at, it, it.content?)));
        for (at, packet, (descriptor, tag)) in full {
            if let Some(frame) = frames.last_mut().filter(|frame| frame.timestamp == packet.timestamp) {
                let of = |it: &Descriptor| (it.picture_id, it.tl0_picture_index, it.temporal_layer);
                let is_same = of(&frame.descriptor) == of(&descriptor) && frame.tag.frame == tag.frame;
                if !is_same || frame.origin() != (tag.publisher, tag.source, tag.layer) {
                    return Err(format!("two packets of a frame differ: {frame:?}, {descriptor:?} {tag:?}"));
                }
                let follows = at == frame.last + 1 && tag.packet == frame.tag.packet + 1;
                if !follows {
                    frame.fault = Some("a packet is missing within a frame");
                }
                frame.last = at;
                frame.tag.packet = tag.packet;
            } else {
                let begins = tag.packet == 0 && descriptor.begins_frame();
                let fault = (!begins).then_some("a frame has no beginning");
                let timestamp = packet.timestamp;
                frames.push(Frame { first: at, last: at, timestamp, descriptor, tag, fault });
            }
            let Some(frame) = frames.last_mut() else { continue };
            if packet.marker != (tag.packet + 1 == tag.packets) {
                return Err(format!("a marker is not at the end of its frame: {frame:?}"));
            }
        }
        // The last one may still be under way.
        frames.pop();
        for frame in &mut frames {
            if frame.tag.packet + 1 != frame.tag.packets {
                frame.fault = frame.fault.or(Some(NO_END));
            }
        }
        Ok(frames)
    }

    /// Numbers between two that no packet has.
    fn holes(&self, from: u64, to: u64) -> u64 {
        (to - from + 1).saturating_sub(self.packets.range(from..=to).count() as u64)
    }

    /// Whether an empty packet stands between two numbers: its frame had an id as well.
    fn is_filled(&self, from: u64, to: u64) -> bool {
        self.packets.range(from..=to).any(|(_, it)| it.content.is_none())
    }

    /// Whether a frame has a hole in it or beside it.
    fn touches_hole(&self, frame: &Frame) -> bool {
        self.holes(frame.first, frame.last) > 0
            || [frame.first.wrapping_sub(1), frame.last + 1].iter().any(|at| !self.packets.contains_key(at))
    }

    /// Whether frame number `missing` of the stream of `frame` may have been sent: it was seen in part, or there is a hole
    /// where it would have been, or something that it needs itself was lost.
    fn may_be_lost(&self, before: &[Frame], frame: &Frame, missing: u32) -> bool {
        let own = before.iter().rev().take_while(|it| it.origin() == frame.origin());
        let own: Vec<_> = own.collect();
        if own.iter().any(|it| it.tag.frame == missing) {
            return true;
        }
        let after = own.iter().filter(|it| it.tag.frame > missing).map(|it| it.first).min();
        let earlier = own.iter().filter(|it| it.tag.frame < missing).map(|it| it.last).max();
        let from =
            earlier.or_else(|| Some(before[..before.len() - own.len()].last()?.last)).unwrap_or(frame.first);
        self.holes(from, after.unwrap_or(frame.first)) > 0
    }
}

/// The rule of picture ids and TL0 indices that a frame breaks (RFC 7741 §4.2).
fn broken_count(before: &Frame, frame: &Frame, hole: bool) -> Option<&'static str> {
    let id = |it: &Frame| it.descriptor.picture_id.map_or(0, |id| id.value);
    let advance = id(frame).wrapping_sub(id(before)) & 0x7fff;
    let is_next = if hole { (1..WIDEST_HOLE).contains(&advance) } else { advance == 1 };
    if !is_next {
        return Some("a picture id is not one more than the one before");
    }
    let index = |it: &Frame| it.descriptor.tl0_picture_index.unwrap_or(0);
    let advance = index(frame).wrapping_sub(index(before));
    let is_next = if hole { advance < 0x80 } else { advance == u8::from(frame.temporal() == 0) };
    (!is_next).then_some("a TL0 index does not count the frames of the lowest temporal layer")
}
