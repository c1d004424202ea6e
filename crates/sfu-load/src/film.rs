//! What publishers send: a grey picture of 320×180 that decodes, and Opus that is silence. Behind both, where decoders do
//! not look, stands a mark: when the packet was sent, and its number.
//!
//! The two frames were encoded once by libvpx: a key frame, and the sixtieth frame of a picture that stands still, which
//! can follow itself for ever. A VP8 decoder ignores what follows its last partition (RFC 6386 §9.5).

use std::time::{Duration, Instant};

use wire::vp8::Descriptor;

const KEY: &[u8] = include_bytes!("../film/key.vp8");
const DELTA: &[u8] = include_bytes!("../film/delta.vp8");

/// Where a key frame says how wide and high it is (RFC 6386 §9.1).
const SIZE_OFFSET: usize = 6;
const SIZE: [u16; 2] = [320, 180];

/// Before the mark: no codec writes this by chance.
const MAGIC: [u8; 8] = *b"\xf1load\x00\xe3\x1d";
const MARK_BYTES: usize = MAGIC.len() + 16;
/// A descriptor of ours: flags, picture id of 15 bits, index and id of the temporal layer (RFC 7741 §4.2).
const DESCRIPTOR_BYTES: usize = 6;
/// The smallest payload of a picture: the whole key frame with its mark stands in one packet.
pub const LEAST_BYTES: usize = DESCRIPTOR_BYTES + KEY.len() + MARK_BYTES;

/// Opus (RFC 6716 §3.2.5): full band, 20 ms, stereo, code 3 with padding, one frame of silence; the mark is the padding.
const SILENCE: [u8; 5] = [0xff, 0x41, MARK_BYTES as u8, 0xff, 0xfe];

/// What stands in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When it was sent, since the clock's zero.
    pub sent: Duration,
    /// How many of its stream were sent before it.
    pub number: u64,
    /// Which of the publisher's streams it is of.
    pub layer: u8,
}

/// One packet of a picture.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// Which frame.
    pub frame: u64,
    /// The first of its packets.
    pub begins: bool,
    /// Of a key frame.
    pub key_frame: bool,
    /// Its head says that it is so many times twice as wide and high as it is.
    pub doublings: u8,
}

/// Appends a packet's payload of `bytes`, which are at least [`LEAST_BYTES`].
pub fn write_picture(out: &mut Vec<u8>, piece: Piece, mark: Mark, bytes: usize) {
    let start = out.len();
    // X, then S; I, L and T are present; TID 0, not synchronising.
    out.extend_from_slice(&[0x80 | u8::from(piece.begins) << 4, 0xe0]);
    out.extend_from_slice(&(0x8000 | piece.frame as u16 & 0x7fff).to_be_bytes());
    out.extend_from_slice(&[piece.frame as u8, 0x00]);
    if piece.begins {
        let frame = out.len();
        out.extend_from_slice(if piece.key_frame { KEY } else { DELTA });
        if piece.key_frame && piece.doublings > 0 {
            let size = SIZE.map(|side| (side << piece.doublings).to_le_bytes());
            out[frame + SIZE_OFFSET..][..4].copy_from_slice(size.as_flattened());
        }
        write_mark(out, mark);
    }
    out.resize(start + bytes, 0x5a);
}

/// Appends a payload of sound.
pub fn write_sound(out: &mut Vec<u8>, mark: Mark) {
    out.extend_from_slice(&SILENCE);
    write_mark(out, mark);
}

fn write_mark(out: &mut Vec<u8>, mark: Mark) {
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&(mark.sent.as_nanos() as u64).to_be_bytes());
    out.extend_from_slice(&((u64::from(mark.layer) << 56) | mark.number).to_be_bytes());
}

/// The mark of a picture's payload and whether it begins a key frame, if the packet begins a frame of ours. A server may
/// have written another descriptor.
pub fn read_picture(payload: &[u8]) -> Option<(Mark, bool)> {
    let descriptor = Descriptor::parse(payload).ok().filter(Descriptor::begins_frame)?;
    let frame = payload.get(descriptor.len..)?;
    let len = if descriptor.key_frame { KEY.len() } else { DELTA.len() };
    Some((read_mark(frame.get(len..)?)?, descriptor.key_frame))
}

fn read_mark(bytes: &[u8]) -> Option<Mark> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    let word = |at: usize| rest.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes);
    let (sent, number) = (Duration::from_nanos(word(0)?), word(8)?);
    Some(Mark { sent, number: number & ((1 << 56) - 1), layer: (number >> 56) as u8 })
}

/// The clock of the marks: all clients of one process share it.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// Zero is now.
    pub fn starting(now: Instant) -> Self {
        Self(now)
    }

    /// For a mark.
    pub fn at(self, now: Instant) -> Duration {
        now.saturating_duration_since(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_behind_another_descriptor() {
        let mark = Mark { sent: Duration::from_micros(77), number: 9, layer: 2 };
        for key_frame in [true, false] {
            let mut payload = Vec::new();
            write_picture(
                &mut payload,
                Piece { frame: 40_000, begins: true, key_frame, doublings: 2 },
                mark,
                1100,
            );
            assert_eq!(payload.len(), 1100);
            assert_eq!(read_picture(&payload), Some((mark, key_frame)));
            let mut plain = vec![0x10];
            plain.extend_from_slice(&payload[DESCRIPTOR_BYTES..]);
            assert_eq!(read_picture(&plain), Some((mark, key_frame)));
        }
    }

    #[test]
    fn what_begins_no_frame_has_no_mark() {
        let mark = Mark { sent: Duration::ZERO, number: 0, layer: 0 };
        let mut payload = Vec::new();
        write_picture(
            &mut payload,
            Piece { frame: 1, begins: false, key_frame: false, doublings: 0 },
            mark,
            400,
        );
        assert_eq!(read_picture(&payload), None);
        assert_eq!(read_picture(&[]), None);
        assert_eq!(read_picture(&[0x10, 0x00]), None, "somebody else's key frame");
    }
}
