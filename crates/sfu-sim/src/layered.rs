//! The rules that a stream with dependency descriptors has to keep for any receiver (AV1 RTP specification, appendix A; RFC 9628),
//! checked over all its packets at the end.
//!
//! It knows the publishers' made-up media and nothing of the engine.

use std::collections::{BTreeMap, BTreeSet};

use wire::dependency::{Descriptor, Structure};
use wire::vp9;

use crate::Tag;

#[derive(Debug)]
struct Packet {
    timestamp: u32,
    marker: bool,
    /// Picture id, tag and descriptor; `None` in an empty packet.
    content: Option<(u16, Tag, Vec<u8>)>,
}

/// All packets of one slot, in the order of their numbers.
#[derive(Debug, Default)]
pub struct Layered {
    packets: BTreeMap<u64, Packet>,
    /// Packets that no publisher made.
    corrupt: u32,
    /// Two packets had one number.
    twice: u32,
}

/// What was in a stream that keeps the rules.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct LayeredSummary {
    /// Frames that a decoder has, by spatial and temporal layer.
    pub frames: BTreeMap<(u8, u8), u32>,
    /// Times that the size of pictures changed, or the publisher.
    pub switches: u32,
    /// Pictures without an end that a key frame follows.
    pub cut_off: u32,
    /// Frames that came in part, or without what they refer to: only after a hole, and where a picture was cut off.
    pub incomplete: u32,
    /// Numbers that no packet has.
    pub missing: u64,
    /// Packets without content.
    pub empty: u32,
    /// Descriptors that say which targets are sent.
    pub told: u32,
}

/// A frame: its packets in order.
#[derive(Debug, Clone)]
struct Frame {
    first: u64,
    last: u64,
    timestamp: u32,
    picture_id: u16,
    tag: Tag,
    read: Descriptor,
    /// Nothing of it is missing.
    is_whole: bool,
    marker: bool,
}

impl Frame {
    fn origin(&self) -> (u32, sfu::Source) {
        (self.tag.publisher, self.tag.source)
    }
}

impl Layered {
    /// Takes a packet; `sequence` never wraps.
    pub fn receive(
        &mut self,
        sequence: u64,
        (timestamp, marker): (u32, bool),
        payload: &[u8],
        described: Option<&[u8]>,
    ) {
        let picture = vp9::Descriptor::parse(payload).ok().and_then(|it| it.picture_id);
        let content = picture.zip(Tag::read(payload)).zip(described);
        let content = content.map(|((id, tag), value)| (id.value, tag, value.to_vec()));
        self.corrupt += u32::from(content.is_none() && !payload.is_empty());
        let packet = Packet { timestamp, marker, content };
        let tag = |it: &Packet| it.content.as_ref().map(|it| it.1);
        if let Some(other) = self.packets.get(&sequence) {
            self.twice += u32::from(tag(other) != tag(&packet));
        }
        self.packets.insert(sequence, packet);
    }

    /// Checks all rules.
    ///
    /// Errors: the rule that is broken, and where.
    pub fn verify(&self) -> Result<LayeredSummary, String> {
        if self.corrupt + self.twice > 0 {
            return Err(format!("{} packets are corrupt, {} have a number twice", self.corrupt, self.twice));
        }
        let mut summary = LayeredSummary {
            empty: self.packets.values().filter(|it| it.content.is_none()).count() as u32,
            missing: self.missing(),
            ..LayeredSummary::default()
        };
        let frames = self.frames(&mut summary)?;
        // Numbers of the frames that a decoder has, by the descriptor and by the publisher.
        let mut decoded: BTreeSet<(u16, u32)> = BTreeSet::new();
        // Nothing is missing since the last key frame.
        let mut is_intact = true;
        let mut top = None;
        for (at, frame) in frames.iter().enumerate() {
            let error = |rule: &str| {
                Err(format!("{rule}: {frame:?} after {:?}", at.checked_sub(1).map(|at| &frames[at])))
            };
            let before = at.checked_sub(1).map(|at| &frames[at]);
            let next = frames.get(at + 1);
            is_intact &= before.is_none_or(|before| before.last + 1 == frame.first) && frame.is_whole;
            if let Some(before) = before {
                if frame.read.frame_number.wrapping_sub(before.read.frame_number).cast_signed() <= 0 {
                    return error("a frame number is not higher than the one before");
                }
                let is_same_picture = frame.timestamp == before.timestamp;
                if !is_same_picture && !wire::seq::is_later(frame.timestamp, before.timestamp) {
                    return error("a time stamp is not later than the one before");
                }
                if is_same_picture != (frame.picture_id == before.picture_id) {
                    return error("a picture has two ids, or two have one");
                }
                if is_same_picture && (before.marker || frame.read.spatial <= before.read.spatial) {
                    return error("a picture goes on after its end");
                }
                if before.origin() != frame.origin() && !frame.read.is_attached && is_intact {
                    return error("another stream begins without a key frame");
                }
            }
            if frame.read.is_attached {
                is_intact = frame.is_whole;
                decoded.clear();
            }
            let references = frame.tag.references.iter().filter(|back| **back > 0);
            let needs = |back: &u8| {
                let number = frame.read.frame_number.wrapping_sub(u16::from(*back));
                (number, frame.tag.frame.wrapping_sub(u32::from(*back)))
            };
            let is_decodable = references.clone().all(|back| decoded.contains(&needs(back)));
            let is_cut_off = !frame.is_whole && next.is_some_and(|next| next.read.is_attached);
            if is_intact && !is_decodable {
                return error("what a frame refers to was not sent");
            }
            if frame.is_whole && is_decodable {
                decoded.insert((frame.read.frame_number, frame.tag.frame));
                *summary.frames.entry((frame.read.spatial, frame.read.temporal)).or_default() += 1;
            } else {
                summary.incomplete += 1;
            }
            let Some(next) = next.filter(|next| next.timestamp != frame.timestamp) else { continue };
            // Its last frame: the picture ends here.
            let is_hole = next.first != frame.last + 1;
            if !frame.marker && !is_hole {
                if !next.read.is_attached {
                    return error("a picture has no end");
                }
                summary.cut_off += 1;
            } else if !frame.is_whole && !is_hole && !is_cut_off && is_intact {
                return error("a frame is not whole");
            }
            let shown = Some((frame.origin(), frame.read.spatial));
            summary.switches += u32::from(std::mem::replace(&mut top, shown) != shown);
        }
        Ok(summary)
    }

    /// Numbers from the first packet to the last that no packet has, whatever is in them.
    pub fn missing(&self) -> u64 {
        let (first, last) = (self.packets.first_key_value(), self.packets.last_key_value());
        let span = first.zip(last).map_or(0, |((first, _), (last, _))| last - first + 1);
        span - self.packets.len() as u64
    }

    /// Packets grouped by their frames; the last one may still be under way.
    fn frames(&self, summary: &mut LayeredSummary) -> Result<Vec<Frame>, String> {
        let mut structure: Option<Structure> = None;
        let mut active = None;
        let mut frames: Vec<Frame> = Vec::new();
        let full = self.packets.iter().filter_map(|(at, it)| Some((*at, it, it.content.as_ref()?)));
        for (at, packet, (picture_id, tag, value)) in full {
            let attached =
                Structure::attached(value).map_err(|error| format!("a structure is broken: {error}"))?;
            if attached.is_some() {
                (structure, active) = (attached, None);
            }
            let Some(known) = &structure else {
                return Err("a stream begins without a structure".to_owned());
            };
            let read = Descriptor::parse(value, known);
            // What was sent before a key frame and came after it names another structure.
            let Ok(read) = read else { continue };
            active = read.active.or(active);
            summary.told += u32::from(read.active.is_some());
            if active.is_some_and(|active| active & read.present == 0) {
                return Err(format!("a frame is of no target that is sent: {read:?} {tag:?}"));
            }
            let is_end = tag.packet + 1 == tag.packets;
            if let Some(frame) = frames.last_mut().filter(|it| it.read.frame_number == read.frame_number) {
                if frame.timestamp != packet.timestamp
                    || frame.tag.frame != tag.frame
                    || frame.picture_id != *picture_id
                {
                    return Err(format!("two packets of a frame differ: {frame:?}, {read:?} {tag:?}"));
                }
                frame.is_whole &= at == frame.last + 1 && tag.packet == frame.tag.packet + 1;
                (frame.last, frame.tag.packet, frame.marker) = (at, tag.packet, packet.marker);
                frame.read.ends = read.ends;
            } else {
                frames.push(Frame {
                    first: at,
                    last: at,
                    timestamp: packet.timestamp,
                    picture_id: *picture_id,
                    tag: *tag,
                    read,
                    is_whole: tag.packet == 0 && read.starts,
                    marker: packet.marker,
                });
            }
            if packet.marker && !(is_end && read.ends) {
                return Err(format!("a marker is not at the end of a frame: {read:?} {tag:?}"));
            }
        }
        frames.pop();
        for frame in &mut frames {
            frame.is_whole &= frame.read.ends && frame.tag.packet + 1 == frame.tag.packets;
        }
        Ok(frames)
    }
}
