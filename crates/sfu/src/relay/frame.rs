//! What the parts of a room say to each other.
//!
//! ```text
//! frames:  length (16 bit, of what follows) | kind (8 bit) | body        big-endian, one after the other
//! text:    length (8 bit) | UTF-8
//! picture: stream (32) | codec (8) | flags (8: marker, level, voice) | level (8) | layer (8)
//!          | epoch (32) | sequence (64) | time stamp (32) | dependency descriptor (length, 8, and bytes) | payload
//! ```
//!
//! A room and a stream are named by numbers of the side that has them: `Hello` and `Offer` say what they stand for. A frame
//! fits into a datagram; frames of one side are to come in order and without loss.

use wire::dependency::begins_sequence;
use wire::extension::AudioLevel;

use crate::Source;
use crate::codec::Frame as Content;
use crate::forward::{Description, MediaPacket};
use crate::sdp::{CodecKind, H264Format, H264Profile};

/// Microphones that are told a tick: more than are ever elected.
pub(crate) const MAX_LEVELS: usize = 8;

/// Speakers of either kind that are told: as many as are elected.
const MAX_HEARD: usize = 8;

const SOURCES: [Source; 4] = [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio];
const CODECS: [CodecKind; 4] = [CodecKind::Opus, CodecKind::Vp8, CodecKind::Vp9, CodecKind::Av1];

/// H264 is this, its profile's number among these, and a bit for packetization mode 0.
const H264: u8 = 0x80;
const SINGLE_UNITS: u8 = 0x40;
const PROFILES: [H264Profile; 4] =
    [H264Profile::ConstrainedBaseline, H264Profile::Baseline, H264Profile::Main, H264Profile::High];

const MARKER: u8 = 1;
const LEVEL: u8 = 2;
const VOICE: u8 = 4;

/// Names a stream for all parts of its room: the part that has it, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) part: u32,
    pub(crate) stream: u32,
}

/// A stream that a part can send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offered<'a> {
    pub(crate) stream: u32,
    pub(crate) source: Source,
    pub(crate) stable_id: u32,
    /// The participant whose it is.
    pub(crate) owner: &'a str,
    /// Of its layers; none where there is one without a name.
    pub(crate) names: Vec<&'a str>,
}

/// What another part has to know of a layer that it may not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    /// Of its pictures; 0 before that is known.
    pub(crate) pixels: u32,
    /// Bits a second; 0 before that is known.
    pub(crate) bps: u32,
    /// It comes.
    pub(crate) is_live: bool,
    /// It comes, or would if it was asked for.
    pub(crate) is_offered: bool,
}

/// One thing that is said.
#[derive(Debug, Clone)]
pub(crate) enum Frame<'a> {
    /// I have people of this room, and call it by this number; say what you have, unless this is the answer to that.
    Hello { room: u32, is_answer: bool, name: &'a str },
    /// I have nobody of this room, or nobody any more.
    Bye { name: &'a str },
    /// A stream is on.
    Offer { room: u32, offered: Offered<'a> },
    /// A stream is off.
    Gone { stream: u32 },
    /// Send these layers of your stream, a bit each; none at first.
    Want { stream: u32, layers: u8 },
    /// Somebody cannot go on without a key frame of this layer of your stream.
    Refresh { stream: u32, layer: u8 },
    /// A layer's time stamp, and how long ago it was (NTP, 32.32).
    Clock { stream: u32, layer: u8, age: i64, timestamp: u32 },
    /// What becomes of the layers of a stream that you want some of, in their order.
    Layers { stream: u32, layers: Vec<Told> },
    /// The loudest of my microphones since the last time, in decibels below overload.
    Levels { room: u32, levels: Vec<(u32, u8)> },
    /// Who is heard and who speaks, as [`crate::speech::Speech`] has them.
    Heard { room: u32, elected: Vec<Name>, speakers: Vec<Name> },
    /// A packet of a stream, as published.
    Packet { stream: u32, packet: MediaPacket<'a> },
}

impl Frame<'_> {
    /// Appends the frame, or nothing if it is too long for one.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0, 0]);
        self.write_body(out);
        let len = out.len() - start - 2;
        match u16::try_from(len) {
            Ok(len) => out[start..start + 2].copy_from_slice(&len.to_be_bytes()),
            Err(_) => out.truncate(start),
        }
    }

    fn write_body(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello { room, is_answer, name } => {
                out.push(0);
                number(out, *room);
                out.push(u8::from(*is_answer));
                text(out, name);
            }
            Self::Bye { name } => {
                out.push(1);
                text(out, name);
            }
            Self::Offer { room, offered } => {
                out.push(2);
                number(out, *room);
                number(out, offered.stream);
                number(out, offered.stable_id);
                out.push(SOURCES.iter().position(|it| *it == offered.source).unwrap_or(0) as u8);
                text(out, offered.owner);
                out.push(offered.names.len() as u8);
                offered.names.iter().for_each(|name| text(out, name));
            }
            Self::Gone { stream } => {
                out.push(3);
                number(out, *stream);
            }
            Self::Want { stream, layers } => {
                out.push(4);
                number(out, *stream);
                out.push(*layers);
            }
            Self::Refresh { stream, layer } => {
                out.push(5);
                number(out, *stream);
                out.push(*layer);
            }
            Self::Clock { stream, layer, age, timestamp } => {
                out.push(6);
                number(out, *stream);
                out.push(*layer);
                out.extend_from_slice(&age.to_be_bytes());
                number(out, *timestamp);
            }
            Self::Levels { room, levels } => {
                out.push(7);
                number(out, *room);
                out.push(levels.len() as u8);
                for (stream, level) in levels {
                    number(out, *stream);
                    out.push(*level);
                }
            }
            Self::Heard { room, elected, speakers } => {
                out.push(8);
                number(out, *room);
                for names in [elected, speakers] {
                    out.push(names.len() as u8);
                    for name in names {
                        number(out, name.part);
                        number(out, name.stream);
                    }
                }
            }
            Self::Layers { stream, layers } => {
                out.push(10);
                number(out, *stream);
                out.push(layers.len() as u8);
                for it in layers {
                    number(out, it.pixels);
                    number(out, it.bps);
                    out.push(u8::from(it.is_live) | u8::from(it.is_offered) << 1);
                }
            }
            Self::Packet { stream, packet } => write_packet(out, *stream, packet),
        }
    }
}

fn write_packet(out: &mut Vec<u8>, stream: u32, packet: &MediaPacket<'_>) {
    let codec = code(packet.codec);
    let level = packet.audio_level.map_or(0, |it| LEVEL | if it.voice { VOICE } else { 0 });
    let flags = level | if packet.marker { MARKER } else { 0 };
    out.push(9);
    number(out, stream);
    let level = packet.audio_level.map_or(0, |it| it.below_overload_db);
    out.extend_from_slice(&[codec, flags, level, packet.layer]);
    number(out, packet.epoch);
    out.extend_from_slice(&packet.sequence.to_be_bytes());
    number(out, packet.timestamp);
    let described = packet.description.map_or(&[][..], |it| it.value);
    out.push(described.len() as u8);
    out.extend_from_slice(described);
    out.extend_from_slice(packet.payload);
}

fn code(codec: CodecKind) -> u8 {
    match codec {
        CodecKind::H264(H264Format { single_units, profile }) => {
            let profile = PROFILES.iter().position(|it| *it == profile).unwrap_or(0) as u8;
            H264 | profile | if single_units { SINGLE_UNITS } else { 0 }
        }
        _ => CODECS.iter().position(|it| *it == codec).unwrap_or(0) as u8,
    }
}

fn codec_of(code: u8) -> Option<CodecKind> {
    if code & H264 == 0 {
        return CODECS.get(usize::from(code)).copied();
    }
    let profile = *PROFILES.get(usize::from(code & !(H264 | SINGLE_UNITS)))?;
    Some(CodecKind::H264(H264Format { single_units: code & SINGLE_UNITS != 0, profile }))
}

fn number(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Longer texts than a length can tell do not occur: ids have 64 bytes, names of layers fewer.
fn text(out: &mut Vec<u8>, value: &str) {
    let most = value.len().min(usize::from(u8::MAX));
    let end = (0..=most).rev().find(|at| value.is_char_boundary(*at)).unwrap_or(0);
    out.push(end as u8);
    out.extend_from_slice(&value.as_bytes()[..end]);
}

/// Every frame of what came, in order; `None` stands for one that is no frame. What is cut off at the end is none either.
pub(crate) fn frames(mut bytes: &[u8]) -> impl Iterator<Item = Option<Frame<'_>>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let Some((body, rest)) = split(bytes) else {
            bytes = &[];
            return Some(None);
        };
        bytes = rest;
        Some(read(Body(body)))
    })
}

/// Leaves out the packets: what is left is what must not be lost. Returns how many there were.
pub fn without_packets(bytes: &mut Vec<u8>) -> usize {
    let (mut at, mut kept, mut left_out) = (0, 0, 0);
    while let Some((body, _)) = split(&bytes[at..]) {
        let end = at + 2 + body.len();
        if body.first() == Some(&9) {
            left_out += 1;
        } else {
            bytes.copy_within(at..end, kept);
            kept += end - at;
        }
        at = end;
    }
    bytes.truncate(kept);
    left_out
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
}

/// What of a frame is not read yet.
struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        let len = usize::from(self.byte()?);
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn list<T>(&mut self, most: usize, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::from(self.byte()?);
        if count > most {
            return None;
        }
        (0..count).map(|_| one(self)).collect()
    }

    fn name(&mut self) -> Option<Name> {
        Some(Name { part: self.number()?, stream: self.number()? })
    }
}

fn read(mut body: Body<'_>) -> Option<Frame<'_>> {
    let frame = match body.byte()? {
        0 => Frame::Hello { room: body.number()?, is_answer: body.byte()? != 0, name: body.text()? },
        1 => Frame::Bye { name: body.text()? },
        2 => Frame::Offer {
            room: body.number()?,
            offered: Offered {
                stream: body.number()?,
                stable_id: body.number()?,
                source: *SOURCES.get(usize::from(body.byte()?))?,
                owner: body.text()?,
                names: body.list(crate::sdp::MAX_LAYERS, Body::text)?,
            },
        },
        3 => Frame::Gone { stream: body.number()? },
        4 => Frame::Want { stream: body.number()?, layers: body.byte()? },
        5 => Frame::Refresh { stream: body.number()?, layer: body.byte()? },
        6 => Frame::Clock {
            stream: body.number()?,
            layer: body.byte()?,
            age: i64::from_be_bytes(body.array()?),
            timestamp: body.number()?,
        },
        7 => Frame::Levels {
            room: body.number()?,
            levels: body.list(MAX_LEVELS, |body| Some((body.number()?, body.byte()?)))?,
        },
        8 => Frame::Heard {
            room: body.number()?,
            elected: body.list(MAX_HEARD, Body::name)?,
            speakers: body.list(MAX_HEARD, Body::name)?,
        },
        9 => return read_packet(body),
        10 => Frame::Layers {
            stream: body.number()?,
            layers: body.list(crate::sdp::MAX_LAYERS, |body| {
                let (pixels, bps, flags) = (body.number()?, body.number()?, body.byte()?);
                Some(Told { pixels, bps, is_live: flags & 1 == 1, is_offered: flags & 2 == 2 })
            })?,
        },
        _ => return None,
    };
    body.0.is_empty().then_some(frame)
}

fn read_packet(mut body: Body<'_>) -> Option<Frame<'_>> {
    let stream = body.number()?;
    let [codec, flags, level, layer] = body.array()?;
    let codec = codec_of(codec)?;
    let (epoch, sequence) = (body.number()?, u64::from_be_bytes(body.array()?));
    let timestamp = body.number()?;
    let len = usize::from(body.byte()?);
    let (value, payload) = body.0.split_at_checked(len)?;
    let mut frame = Content::parse(codec, payload);
    let description = (len > 0).then_some(Description { value, read: None });
    if description.is_some() {
        frame.begins_decoding = begins_sequence(value);
    }
    let level = AudioLevel { voice: flags & VOICE != 0, below_overload_db: level & 0x7f };
    let packet = MediaPacket {
        codec,
        layer,
        epoch,
        sequence,
        timestamp,
        marker: flags & MARKER != 0,
        audio_level: (flags & LEVEL != 0).then_some(level),
        frame,
        description,
        payload,
    };
    Some(Frame::Packet { stream, packet })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Equal frames are shown equally, and a packet's content follows from its payload.
    fn shown(frame: &Frame<'_>) -> String {
        format!("{frame:?}")
    }

    fn back(frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.write(&mut bytes);
        let read: Vec<_> = frames(&bytes).map(|it| shown(&it.expect("a frame"))).collect();
        assert_eq!(read, [shown(frame)]);
    }

    fn name() -> impl Strategy<Value = Name> {
        (any::<u32>(), any::<u32>()).prop_map(|(part, stream)| Name { part, stream })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            (a, b, c) in (any::<u32>(), any::<u32>(), any::<u32>()),
            (small, flag, big) in (any::<u8>(), any::<bool>(), any::<i64>()),
            word in "\\PC{0,60}",
            names in prop::collection::vec("[a-z]{1,16}", 0..=3),
            levels in prop::collection::vec((any::<u32>(), 0_u8..128), 0..=MAX_LEVELS),
            heard in prop::collection::vec(name(), 0..=4),
            source in 0_usize..4,
            codec in 0_usize..14,
            payload in prop::collection::vec(any::<u8>(), 0..1500),
        ) {
            back(&Frame::Hello { room: a, is_answer: flag, name: &word });
            back(&Frame::Bye { name: &word });
            let names = names.iter().map(String::as_str).collect();
            let offered = Offered { stream: b, source: SOURCES[source], stable_id: c, owner: &word, names };
            back(&Frame::Offer { room: a, offered });
            back(&Frame::Gone { stream: a });
            back(&Frame::Want { stream: a, layers: small });
            back(&Frame::Refresh { stream: a, layer: small });
            back(&Frame::Clock { stream: a, layer: small, age: big, timestamp: b });
            let told = Told { pixels: b, bps: c, is_live: flag, is_offered: !flag };
            back(&Frame::Layers { stream: a, layers: vec![told; usize::from(small) % 4] });
            back(&Frame::Levels { room: a, levels });
            back(&Frame::Heard { room: a, elected: heard.clone(), speakers: heard });
            let level = AudioLevel { voice: flag, below_overload_db: small & 0x7f };
            let h264 = H264Format { single_units: codec % 2 == 0, profile: PROFILES[codec / 2 % PROFILES.len()] };
            let codec = CODECS.get(codec).copied().unwrap_or(CodecKind::H264(h264));
            let packet = MediaPacket {
                codec,
                layer: small,
                epoch: a,
                sequence: big.cast_unsigned(),
                timestamp: b,
                marker: flag,
                audio_level: (codec == CodecKind::Opus).then_some(level),
                frame: Content::parse(codec, &payload),
                description: None,
                payload: &payload,
            };
            back(&Frame::Packet { stream: c, packet });
        }

        #[test]
        fn what_is_no_frame_is_refused_and_the_next_one_is_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = frames(&bytes).count();
            let mut framed = (bytes.len() as u16).to_be_bytes().to_vec();
            framed.extend_from_slice(&bytes);
            Frame::Gone { stream: 7 }.write(&mut framed);
            let last = frames(&framed).last().flatten();
            let is_next = matches!(last, Some(Frame::Gone { stream: 7 }));
            prop_assert!(is_next);
        }

        #[test]
        fn only_packets_are_left_out(kinds in prop::collection::vec(any::<bool>(), 0..20), stream in any::<u32>()) {
            let payload = [0x78; 90];
            let packet = MediaPacket {
                codec: CodecKind::Opus,
                layer: 0,
                epoch: 0,
                sequence: 1,
                timestamp: 2,
                marker: false,
                audio_level: None,
                frame: Content::parse(CodecKind::Opus, &payload),
                description: None,
                payload: &payload,
            };
            let (mut all, mut kept) = (Vec::new(), Vec::new());
            for is_packet in &kinds {
                if *is_packet {
                    Frame::Packet { stream, packet }.write(&mut all);
                } else {
                    Frame::Want { stream, layers: 3 }.write(&mut all);
                    Frame::Want { stream, layers: 3 }.write(&mut kept);
                }
            }
            prop_assert_eq!(without_packets(&mut all), kinds.iter().filter(|it| **it).count());
            prop_assert_eq!(all, kept);
        }
    }

    #[test]
    fn the_corpus_is_read_or_refused() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/relay");
        let files = std::fs::read_dir(folder).expect("the corpus").map(|it| it.expect("a file").path());
        for path in files {
            let bytes = std::fs::read(&path).expect("a file");
            let wrong = frames(&bytes).any(|it| it.is_none());
            assert_eq!(path.to_string_lossy().contains("-bad-"), wrong, "{}", path.display());
        }
    }

    #[test]
    fn what_is_too_long_for_a_frame_is_not_written() {
        let payload = vec![0; usize::from(u16::MAX)];
        let packet = MediaPacket {
            codec: CodecKind::Vp8,
            layer: 0,
            epoch: 0,
            sequence: 1,
            timestamp: 2,
            marker: false,
            audio_level: None,
            frame: Content::parse(CodecKind::Vp8, &payload),
            description: None,
            payload: &payload,
        };
        let mut bytes = Vec::new();
        Frame::Packet { stream: 1, packet }.write(&mut bytes);
        assert!(bytes.is_empty());
    }
}
