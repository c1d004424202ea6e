//! What a decoder would make of a video slot: frames in order, freezes, and everything a rewrite can break.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use wire::vp8::Descriptor;

use crate::{Decoder, Layered, Tag, VideoCodec};

/// A decoder gives a hole up after this and asks for a key frame; libwebrtc's is of this order.
const PATIENCE: Duration = Duration::from_millis(300);
/// Who is patient, as libwebrtc is, and got a packet of a key frame so lately asks for no other.
const COMING: Duration = Duration::from_millis(200);
/// Between two such requests.
const REQUEST_INTERVAL: Duration = Duration::from_millis(300);
/// Packets kept behind a hole.
const MAX_WAITING: usize = 2000;

/// One decoded frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// When it was complete.
    pub at: Instant,
    /// Of its first packet.
    pub tag: Tag,
    /// It needed no other frame.
    pub key_frame: bool,
    /// As received; H264 has none.
    pub picture_id: Option<u16>,
    /// As received.
    pub timestamp: u32,
}

/// A packet; `None` is an empty one, which only fills its place.
type Place = Option<Packet>;

#[derive(Debug, Clone, Copy)]
struct Packet {
    timestamp: u32,
    marker: bool,
    key_frame: bool,
    begins_frame: bool,
    picture_id: Option<u16>,
    tag: Tag,
    /// Its picture has several frames: another model knows their rules.
    is_layered: bool,
}

impl Packet {
    fn read(
        codec: VideoCodec,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
        described: Option<&[u8]>,
    ) -> Option<Self> {
        let tag = Tag::read(payload)?;
        let (key_frame, begins_frame, picture_id) = match codec {
            VideoCodec::Vp8 => {
                let descriptor = Descriptor::parse(payload).ok()?;
                (descriptor.key_frame, descriptor.begins_frame(), descriptor.picture_id.map(|id| id.value))
            }
            VideoCodec::Vp9 => {
                (described.is_some_and(wire::dependency::begins_sequence), tag.packet == 0, None)
            }
            // Parameter sets and the slice after them both look like a beginning.
            VideoCodec::H264 => (tag.packet == 0 && wire::h264::is_key_frame(payload), tag.packet == 0, None),
        };
        let is_layered = codec == VideoCodec::Vp9;
        Some(Self { timestamp, marker, key_frame, begins_frame, picture_id, tag, is_layered })
    }
}

/// How a frame ends.
#[derive(Debug, Clone, Copy)]
enum End {
    /// With its last packet.
    Marker,
    /// A switch cut it off, which shows by what follows.
    CutOff,
    /// It is no frame, only a packet without content.
    Empty,
}

/// One video slot as its viewer sees it.
#[derive(Debug, Default)]
pub struct Screen {
    /// Every decoded frame in order.
    pub pictures: Vec<Picture>,
    /// Payload was not what any publisher made.
    pub corrupt: u32,
    /// A frame followed without a gap in the sequence numbers, but refers to one that was not there.
    pub broken_references: u32,
    /// Picture ids did not run on by one from frame to frame without a gap.
    pub picture_id_jumps: u32,
    /// Time stamps ran backwards from frame to frame.
    pub timestamp_jumps: u32,
    /// Frames that another one followed before their marker.
    pub truncated: u32,
    /// Every packet that came, for its own rules.
    pub decoder: Decoder,
    /// The same of streams with dependency descriptors.
    pub layered: Layered,
    waiting: BTreeMap<u64, Place>,
    /// Frames shown since the last key frame, of its stream.
    shown: BTreeSet<u32>,
    next: Option<u64>,
    blocked_since: Option<Instant>,
    is_patient: bool,
    /// Time stamp of the newest key frame, and when its last packet came.
    key_frame: Option<(u32, Instant)>,
    requested: Option<Instant>,
    /// Packets without content since the last picture.
    empty: u16,
    /// Pictures since the last whole one that were cut off: each had an id of its own.
    cut: u16,
}

impl Screen {
    /// Shows nothing yet. A patient one asks for no key frame while it is getting one.
    #[must_use]
    pub fn new(is_patient: bool) -> Self {
        Self { is_patient, ..Self::default() }
    }

    /// Takes a packet; `sequence` never wraps.
    pub fn receive(
        &mut self,
        now: Instant,
        sequence: u64,
        (codec, timestamp, marker): (VideoCodec, u32, bool),
        payload: &[u8],
        described: Option<&[u8]>,
    ) {
        match codec {
            VideoCodec::Vp8 => self.decoder.receive(sequence, timestamp, marker, payload),
            VideoCodec::Vp9 => self.layered.receive(sequence, (timestamp, marker), payload, described),
            VideoCodec::H264 => {}
        }
        let packet = Packet::read(codec, timestamp, marker, payload, described);
        if packet.is_none() && !payload.is_empty() {
            self.corrupt += 1;
            return;
        }
        if let Some(it) = packet
            && (it.key_frame || self.key_frame.is_some_and(|(of, _)| of == it.timestamp))
        {
            self.key_frame = Some((it.timestamp, now));
        }
        if self.next.is_some_and(|next| sequence < next) || self.waiting.contains_key(&sequence) {
            return;
        }
        self.waiting.insert(sequence, packet);
        if self.waiting.len() > MAX_WAITING {
            self.waiting.pop_first();
        }
        self.decode(now);
    }

    /// Whether the viewer asks for a key frame now.
    pub fn poll(&mut self, now: Instant) -> bool {
        let blocked = self.blocked_since.is_some_and(|since| now.duration_since(since) >= PATIENCE);
        let coming = self.coming().is_some_and(|until| now < until);
        if !blocked || coming {
            return false;
        }
        if self.skip_to_key_frame() {
            self.decode(now);
            return false;
        }
        let due = self.requested.is_none_or(|at| now.duration_since(at) >= REQUEST_INTERVAL);
        if due {
            self.requested = Some(now);
        }
        due
    }

    /// When [`Screen::poll`] is next to be called.
    pub fn next_poll(&self) -> Option<Instant> {
        let patience = self.coming().into_iter().fold(self.blocked_since? + PATIENCE, Instant::max);
        Some(self.requested.map_or(patience, |at| patience.max(at + REQUEST_INTERVAL)))
    }

    /// Until when a key frame is coming.
    fn coming(&self) -> Option<Instant> {
        self.key_frame.filter(|_| self.is_patient).map(|(_, at)| at + COMING)
    }

    /// Pictures shown from `from` on.
    pub fn pictures_since(&self, from: Instant) -> impl Iterator<Item = &Picture> {
        self.pictures.iter().filter(move |picture| picture.at >= from)
    }

    fn decode(&mut self, now: Instant) {
        if self.next.is_none() {
            self.skip_to_key_frame();
        }
        while let Some(first) = self.next
            && let Some((len, end)) = self.frame_at(first)
        {
            match end {
                End::Marker => self.show(now, first, first + len - 1),
                End::CutOff => {
                    self.truncated += 1;
                    self.cut += 1;
                }
                End::Empty => self.empty += 1,
            }
            for sequence in first..first + len {
                self.waiting.remove(&sequence);
            }
            self.next = Some(first + len);
            self.blocked_since = None;
            self.requested = None;
        }
        if self.waiting.is_empty() {
            self.blocked_since = None;
        } else if self.blocked_since.is_none() {
            self.blocked_since = Some(now);
        }
    }

    /// Packets of the frame that begins at `first`, and how it ends. `None` while packets are missing.
    fn frame_at(&self, first: u64) -> Option<(u64, End)> {
        let Some(begin) = self.waiting.get(&first)? else { return Some((1, End::Empty)) };
        let mut len = 0;
        loop {
            match self.waiting.get(&(first + len))? {
                Some(packet) if packet.timestamp == begin.timestamp => {
                    len += 1;
                    if packet.marker {
                        return Some((len, End::Marker));
                    }
                }
                _ => return Some((len, End::CutOff)),
            }
        }
    }

    fn show(&mut self, now: Instant, first: u64, last: u64) {
        let Some(packet) = self.waiting.get(&first).copied().flatten() else { return };
        if packet.is_layered {
            let top = self.waiting.get(&last).copied().flatten().map_or(packet.tag, |it| it.tag);
            let Packet { key_frame, timestamp, .. } = packet;
            self.pictures.push(Picture { at: now, tag: top, key_frame, picture_id: None, timestamp });
            return;
        }
        let picture = Picture {
            at: now,
            tag: packet.tag,
            key_frame: packet.key_frame,
            picture_id: packet.picture_id,
            timestamp: packet.timestamp,
        };
        if let Some(last) = self.pictures.last() {
            let of = |tag: &Tag| (tag.publisher, tag.source, tag.layer);
            let references = picture.tag.references.iter().filter(|back| **back > 0);
            let has_references = references
                .map(|back| picture.tag.frame - u32::from(*back))
                .all(|frame| self.shown.contains(&frame));
            let follows = of(&picture.tag) == of(&last.tag) && has_references;
            self.broken_references += u32::from(!picture.key_frame && !follows);
            // A jump over lost frames leaves a hole in the ids too, as wide as what was lost.
            if let (Some(id), Some(before)) = (picture.picture_id, last.picture_id) {
                let advance = id.wrapping_sub(before) & 0x7fff;
                // A picture that is left out, and of which nothing came in order, keeps its id: so much only shows when one of its
                // packets comes late, and that is sent without content.
                let expected = if self.requested.is_none() {
                    (1 + self.cut..=1 + self.cut + self.empty).contains(&advance)
                } else {
                    advance < 0x4000
                };
                self.picture_id_jumps += u32::from(!expected);
            }
            self.timestamp_jumps += u32::from(!wire::seq::is_later(picture.timestamp, last.timestamp));
        }
        self.broken_references += u32::from(packet.tag.packet != 0 || !packet.begins_frame);
        (self.empty, self.cut) = (0, 0);
        if picture.key_frame {
            self.shown.clear();
        }
        self.shown.insert(picture.tag.frame);
        self.pictures.push(picture);
    }

    /// Gives up what is missing: goes on at the next key frame that is there, past one that has begun and waits for
    /// its own packets. False when there is none.
    fn skip_to_key_frame(&mut self) -> bool {
        let is_ahead = |at: u64| self.next.is_none_or(|next| at > next);
        let is_key_frame = |packet: &Place| packet.is_some_and(|it| it.key_frame);
        let begin = self.waiting.iter().find(|(at, packet)| is_key_frame(packet) && is_ahead(**at));
        let Some(begin) = begin.map(|(at, _)| *at) else { return false };
        self.waiting = self.waiting.split_off(&begin);
        self.next = Some(begin);
        self.requested = self.requested.or(self.blocked_since);
        true
    }
}
