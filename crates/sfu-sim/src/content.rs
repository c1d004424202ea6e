//! Made-up media: payloads that look like Opus, VP8, H264 and VP9 to a forwarder and say at their end what they are.

use sfu::Source;
use wire::h264::write_sps;
use wire::vp8::{OutgoingFrame, write_layered_head};
use wire::vp9;

use crate::scalable::{self, Part};
use crate::{Random, Scalability};

/// Bytes of a [`Tag`] at the end of every payload.
const TAG_BYTES: usize = 14;
/// 20 ms at 32 kbit/s.
const AUDIO_BYTES: usize = 80;
/// What is left of a datagram of 1200 bytes.
const VIDEO_BYTES: usize = 1100;
/// 3 packets, 30 times a second: 800 kbit/s.
const PACKETS_PER_FRAME: u8 = 3;
/// A key frame is larger.
const PACKETS_PER_KEY_FRAME: u8 = 8;
/// How much larger a key frame is, where a bitrate is set.
const KEY_FRAME: usize = 5;
/// Of the single layer, and of the middle one of three: each other one has half or twice the width and height.
const SIZE: (u16, u16) = (640, 360);

/// Three temporal layers as VP8 encoders make them: of each picture in turn its layer, whether it refers to the lowest only,
/// and whether it also refers to the last one of the middle layer.
const TEMPORAL: [(u8, bool, bool); 8] = [
    (0, false, false),
    (2, true, false),
    (1, true, false),
    (2, false, true),
    (0, false, false),
    (2, false, true),
    (1, false, true),
    (2, false, true),
];

/// What pictures are coded with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoCodec {
    /// With picture ids.
    Vp8,
    /// Constrained baseline, packetization mode 1.
    H264,
    /// In layers that descriptors tell.
    Vp9,
}

/// What a payload is: who published it and where in the stream it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// Number of the client.
    pub publisher: u32,
    /// Which of its streams.
    pub source: Source,
    /// Which layer of it, from the lowest.
    pub layer: u8,
    /// Counts frames of the stream from 0.
    pub frame: u32,
    /// Place in the frame.
    pub packet: u8,
    /// Packets of the frame.
    pub packets: u8,
    /// How many frames before this one those were that it refers to; 0 is none.
    pub references: [u8; 2],
}

impl Tag {
    fn append(self, payload: &mut Vec<u8>) {
        payload.extend_from_slice(&self.publisher.to_be_bytes());
        payload.extend_from_slice(&[self.source as u8, self.layer]);
        payload.extend_from_slice(&self.frame.to_be_bytes());
        payload.extend_from_slice(&[self.packet, self.packets]);
        payload.extend_from_slice(&self.references);
    }

    /// Reads the tag at the end of `payload`.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let tag: &[u8; TAG_BYTES] = payload.last_chunk()?;
        let [p0, p1, p2, p3, source, layer, f0, f1, f2, f3, packet, packets, one, other] = *tag;
        let source = [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio]
            .into_iter()
            .find(|candidate| *candidate as u8 == source)?;
        let publisher = u32::from_be_bytes([p0, p1, p2, p3]);
        let frame = u32::from_be_bytes([f0, f1, f2, f3]);
        Some(Self { publisher, source, layer, frame, packet, packets, references: [one, other] })
    }
}

/// One packet to publish.
#[derive(Debug)]
pub struct Made {
    /// RTP time stamp.
    pub timestamp: u32,
    /// Last packet of a video frame; first of a talk spurt is not told.
    pub marker: bool,
    /// RTP payload.
    pub payload: Vec<u8>,
    /// The dependency descriptor, where there is one.
    pub description: Option<Vec<u8>>,
}

/// Makes one layer of a stream.
#[derive(Debug)]
pub struct Content {
    publisher: u32,
    source: Source,
    layer: u8,
    size: (u16, u16),
    video: VideoCodec,
    frame: u32,
    timestamp: u32,
    picture_id: u16,
    tl0_picture_index: u8,
    key_frame_due: bool,
    key_frames: u32,
    /// In three temporal layers.
    temporal: bool,
    /// Place in [`TEMPORAL`] of the next frame.
    turn: usize,
    /// The last frames of the lowest and of the middle temporal layer.
    last: [u32; 2],
    /// Draws what its headers claim, whatever it sends.
    lies: Option<Random>,
    /// In three sizes and three frame rates within one stream.
    scalability: Option<Scalability>,
    /// Pictures since the last key frame.
    pictures: u32,
    /// Of the payloads of a frame that is no key frame; `None` is [`PACKETS_PER_FRAME`] full ones.
    frame_bytes: Option<usize>,
    /// Of those of a key frame; `None` is [`KEY_FRAME`] times as many.
    key_frame_bytes: Option<usize>,
}

impl Content {
    /// A stream of client number `publisher`; its counters begin near their wrap.
    pub fn new(publisher: u32, source: Source, video: VideoCodec) -> Self {
        Self {
            publisher,
            source,
            layer: 0,
            size: SIZE,
            video,
            frame: 0,
            timestamp: u32::MAX - 90_000,
            picture_id: 0x7ff0,
            tl0_picture_index: 0xf0,
            key_frame_due: true,
            key_frames: 0,
            temporal: false,
            turn: 0,
            last: [0; 2],
            lies: None,
            scalability: None,
            pictures: 0,
            frame_bytes: None,
            key_frame_bytes: None,
        }
    }

    /// From now on in three temporal layers, or in one.
    pub fn set_temporal(&mut self, temporal: bool) {
        self.temporal = temporal;
        self.key_frame_due = true;
    }

    /// In three sizes and three frame rates within one stream, in VP9, if it is to be scalable.
    #[must_use]
    pub fn scalable(self, scalability: Option<Scalability>) -> Self {
        Self { scalability, ..self }
    }

    /// One layer of three, 0 is the lowest; each has counters of its own, as browsers' have.
    #[must_use]
    pub fn layer(self, layer: u8) -> Self {
        Self {
            layer,
            size: ((SIZE.0 / 2) << layer, (SIZE.1 / 2) << layer),
            timestamp: self.timestamp.wrapping_sub(1_000_003 * u32::from(layer)),
            picture_id: self.picture_id - 5 * u16::from(layer),
            ..self
        }
    }

    /// From now on so much of video, 30 times a second; key frames are [`KEY_FRAME`] times as large.
    pub fn set_bitrate(&mut self, bps: u32) {
        self.frame_bytes = Some(bps as usize / 8 / 30);
    }

    /// From now on key frames have so many bytes, below 255 packets; for a stream with a bitrate.
    pub fn set_key_frame_bytes(&mut self, bytes: usize) {
        self.key_frame_bytes = Some(bytes);
    }

    /// From now on the headers lie about temporal layers, picture ids and sizes.
    pub fn lie(&mut self, seed: u64) {
        self.lies = Some(Random::new(seed));
    }

    /// The next frame will be a key frame.
    pub fn request_key_frame(&mut self) {
        self.key_frame_due = true;
    }

    /// Key frames made.
    pub fn key_frames(&self) -> u32 {
        self.key_frames
    }

    /// Lets the stream's clock run without packets: what a pause does to it.
    pub fn pause(&mut self, ticks: u32) {
        self.timestamp = self.timestamp.wrapping_add(ticks);
        self.key_frame_due = true;
    }

    /// The packets of the next frame, `ticks` of the stream's clock after the last.
    pub fn next_frame(&mut self, ticks: u32) -> Vec<Made> {
        self.timestamp = self.timestamp.wrapping_add(ticks);
        let made = match self.source {
            Source::Microphone | Source::ScreenAudio => vec![self.audio()],
            Source::Camera | Source::Screen => match self.scalability {
                Some(scalability) => return self.scalable_picture(scalability),
                None => self.video(),
            },
        };
        self.frame += 1;
        made
    }

    fn audio(&self) -> Made {
        let mut payload = vec![0x78; AUDIO_BYTES - TAG_BYTES]; // a TOC byte of 20 ms CELT, then anything
        self.tag(0, 1).append(&mut payload);
        Made { timestamp: self.timestamp, marker: false, payload, description: None }
    }

    /// The frames of a picture, smallest first.
    fn scalable_picture(&mut self, scalability: Scalability) -> Vec<Made> {
        let key_frame = std::mem::take(&mut self.key_frame_due);
        self.key_frames += u32::from(key_frame);
        self.pictures = if key_frame { 0 } else { self.pictures + 1 };
        self.picture_id = (self.picture_id + 1) & 0x7fff;
        let mut made = Vec::new();
        for part in scalability.parts(self.pictures, key_frame) {
            let packets = scalable::PACKETS[usize::from(part.spatial)][usize::from(key_frame)];
            made.extend((0..packets).map(|packet| self.scalable_packet(&part, packet, packets)));
            self.frame += 1;
        }
        made
    }

    fn scalable_packet(&mut self, part: &Part, packet: u8, packets: u8) -> Made {
        let (begins, ends) = (packet == 0, packet + 1 == packets);
        let mut payload = Vec::with_capacity(VIDEO_BYTES);
        let picture = (self.picture_id, part.key_frame);
        vp9::write_payload_head(&mut payload, picture, (begins, ends), (part.spatial, part.temporal));
        payload.resize(VIDEO_BYTES - TAG_BYTES, 0x5a);
        let tag = Tag { layer: part.spatial, references: part.references, ..self.tag(packet, packets) };
        tag.append(&mut payload);
        let mut description = part.describe(self.frame as u16, begins, ends);
        if let Some(random) = &mut self.lies {
            for _ in 0..random.below(4) {
                let at = random.below(description.len());
                description[at] ^= 1 << random.below(8);
            }
        }
        let marker = ends && part.spatial + 1 == scalable::SIZES;
        Made { timestamp: self.timestamp, marker, payload, description: Some(description) }
    }

    fn video(&mut self) -> Vec<Made> {
        let key_frame = std::mem::take(&mut self.key_frame_due);
        self.key_frames += u32::from(key_frame);
        self.picture_id = (self.picture_id + 1) & 0x7fff;
        let (temporal, layer_sync, references) = self.structure(key_frame);
        self.tl0_picture_index = self.tl0_picture_index.wrapping_add(u8::from(temporal == 0));
        let (packets, bytes) = self.frame_shape(key_frame);
        (0..packets)
            .map(|packet| {
                let mut payload = Vec::with_capacity(VIDEO_BYTES);
                match self.video {
                    VideoCodec::Vp8 => {
                        self.write_vp8_head(&mut payload, packet, key_frame, (temporal, layer_sync));
                    }
                    VideoCodec::Vp9 | VideoCodec::H264 => {
                        write_h264_head(&mut payload, (packet, packets), key_frame, self.size);
                    }
                }
                payload.resize(bytes - TAG_BYTES, 0x5a);
                Tag { references, ..self.tag(packet, packets) }.append(&mut payload);
                let marker = packet + 1 == packets;
                Made { timestamp: self.timestamp, marker, payload, description: None }
            })
            .collect()
    }

    /// Temporal layer of the next frame, whether one can go up to it here, and what it refers to.
    fn structure(&mut self, key_frame: bool) -> (u8, bool, [u8; 2]) {
        if key_frame {
            self.turn = 0;
        }
        let (layer, sync, middle) = if self.temporal { TEMPORAL[self.turn] } else { TEMPORAL[0] };
        self.turn = (self.turn + 1) % TEMPORAL.len();
        let back = |frame: u32| (self.frame - frame) as u8;
        let references = match (key_frame, middle) {
            (true, _) => [0; 2],
            (false, true) => [back(self.last[0]), back(self.last[1])],
            (false, false) => [back(self.last[0]), 0],
        };
        for (of, last) in self.last.iter_mut().enumerate() {
            if key_frame || usize::from(layer) == of {
                *last = self.frame;
            }
        }
        (layer, sync, references)
    }

    /// Packets of a frame, and bytes of each.
    fn frame_shape(&self, key_frame: bool) -> (u8, usize) {
        let Some(bytes) = self.frame_bytes else {
            return (if key_frame { PACKETS_PER_KEY_FRAME } else { PACKETS_PER_FRAME }, VIDEO_BYTES);
        };
        let bytes = if key_frame { self.key_frame_bytes.unwrap_or(bytes * KEY_FRAME) } else { bytes };
        let packets = bytes.div_ceil(VIDEO_BYTES).max(1);
        (packets as u8, (bytes / packets).max(64))
    }

    fn write_vp8_head(
        &mut self,
        payload: &mut Vec<u8>,
        packet: u8,
        key_frame: bool,
        (temporal, layer_sync): (u8, bool),
    ) {
        let head = OutgoingFrame {
            picture_id: self.picture_id,
            tl0_picture_index: self.tl0_picture_index,
            begins: packet == 0,
            key_frame,
            size: self.size,
        };
        let Some(random) = &mut self.lies else {
            return write_layered_head(payload, &head, temporal, layer_sync);
        };
        let head = OutgoingFrame {
            picture_id: random.below(0x8000) as u16,
            tl0_picture_index: random.below(256) as u8,
            begins: head.begins ^ random.chance(0.1),
            key_frame: head.key_frame || random.chance(0.02),
            size: (random.below(0x4000) as u16, random.below(0x4000) as u16),
        };
        write_layered_head(payload, &head, random.below(4) as u8, random.chance(0.5));
    }

    fn tag(&self, packet: u8, packets: u8) -> Tag {
        let Self { publisher, source, layer, frame, .. } = *self;
        Tag { publisher, source, layer, frame, packet, packets, references: [0; 2] }
    }
}

/// A key frame begins with its parameter sets in a packet of their own; slices are fragmented (RFC 6184 §5.7.1, §5.8).
fn write_h264_head(payload: &mut Vec<u8>, (packet, packets): (u8, u8), key_frame: bool, size: (u16, u16)) {
    if key_frame && packet == 0 {
        payload.extend_from_slice(&[0x78, 0, 0]);
        write_sps(payload, size);
        payload[2] = payload.len() as u8 - 3;
        payload.extend_from_slice(&[0, 2, 0x68, 0xce]);
        return;
    }
    let first = packet == u8::from(key_frame);
    let last = packet + 1 == packets;
    let slice = if key_frame { 5 } else { 1 };
    payload.extend_from_slice(&[0x7c, u8::from(first) << 7 | u8::from(last) << 6 | slice, 0x88]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_say_what_they_are() {
        let mut content = Content::new(7, Source::Camera, VideoCodec::Vp8);
        let key = content.next_frame(3000);
        assert_eq!(key.len(), usize::from(PACKETS_PER_KEY_FRAME));
        let inter = content.next_frame(3000);
        let tag = Tag::read(&inter[1].payload).unwrap();
        assert_eq!((tag.publisher, tag.frame, tag.packet, tag.packets), (7, 1, 1, PACKETS_PER_FRAME));
        assert!(wire::vp8::Descriptor::parse(&key[0].payload).unwrap().key_frame);
        assert!(!wire::vp8::Descriptor::parse(&inter[0].payload).unwrap().key_frame);
        assert_eq!(inter.iter().map(|made| made.marker).collect::<Vec<_>>(), [false, false, true]);
    }

    #[test]
    fn an_h264_key_frame_begins_with_its_parameter_sets() {
        let mut content = Content::new(7, Source::Camera, VideoCodec::H264);
        let key: Vec<_> = content.next_frame(3000);
        let begins: Vec<_> = key.iter().map(|made| wire::h264::is_key_frame(&made.payload)).collect();
        assert_eq!(begins[..3], [true, true, false]);
        assert!(content.next_frame(3000).iter().all(|made| !wire::h264::is_key_frame(&made.payload)));
    }
}
