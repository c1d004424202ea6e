//! H.264 payloads (RFC 6184 §5): whether a decoder can begin here, and with what size.

use crate::bits::Bits;

const NAL_IDR: u8 = 5;
const NAL_SPS: u8 = 7;
const AGGREGATE_STAP_A: u8 = 24;
const FRAGMENT_FU_A: u8 = 28;

/// Whether this packet begins a key frame: it holds an IDR slice or a sequence parameter set.
///
/// A fragment counts only with its first packet. Malformed payloads are no key frames.
pub fn is_key_frame(payload: &[u8]) -> bool {
    let Some(first) = payload.first() else { return false };
    match first & 0x1f {
        AGGREGATE_STAP_A => Aggregate::of(payload).filter_map(kind_of).any(begins_decoding),
        FRAGMENT_FU_A => {
            payload.get(1).is_some_and(|header| header & 0x80 != 0 && begins_decoding(header & 0x1f))
        }
        kind => begins_decoding(kind),
    }
}

/// Width and height in pixels, where the packet holds a sequence parameter set (H.264 §7.3.2.1.1).
pub fn frame_size(payload: &[u8]) -> Option<(u16, u16)> {
    match payload.first()? & 0x1f {
        NAL_SPS => parse_sps(payload),
        AGGREGATE_STAP_A => {
            let mut units = Aggregate::of(payload);
            units.find(|unit| kind_of(unit) == Some(NAL_SPS)).and_then(parse_sps)
        }
        _ => None,
    }
}

/// Profiles whose parameter sets tell a chroma format and scaling lists.
const HIGH_PROFILES: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// Reads a unit up to its cropping.
fn parse_sps(unit: &[u8]) -> Option<(u16, u16)> {
    let mut bits = Bits::escaped(unit.get(1..)?);
    let profile = bits.number(8)?;
    bits.number(16)?; // constraints and level
    bits.unsigned()?; // its id
    let mut chroma = 1;
    if HIGH_PROFILES.contains(&profile) {
        chroma = bits.unsigned()?;
        if chroma == 3 {
            bits.bit()?; // separate planes
        }
        bits.unsigned()?; // depth of luma
        bits.unsigned()?; // depth of chroma
        bits.bit()?; // transform bypass
        if bits.bit()? {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if bits.bit()? {
                    skip_scaling_list(&mut bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    bits.unsigned()?; // length of frame numbers
    skip_picture_order(&mut bits)?;
    bits.unsigned()?; // reference frames
    bits.bit()?; // gaps in frame numbers
    let blocks = [bits.unsigned()?, bits.unsigned()?];
    let is_frames_only = bits.bit()?;
    if !is_frames_only {
        bits.bit()?; // adaptive
    }
    bits.bit()?; // direct inference
    let mut crop = [0; 4];
    if bits.bit()? {
        for side in &mut crop {
            *side = bits.unsigned()?;
        }
    }
    let [left, right, top, bottom] = crop;
    let fields = if is_frames_only { 1 } else { 2 };
    let (across, down) = match chroma {
        1 => (2, 2 * fields),
        2 => (2, fields),
        _ => (1, fields),
    };
    let size = |blocks: u32, cut: u32| u16::try_from((16 * (blocks + 1)).checked_sub(cut)?).ok();
    let width = size(blocks[0], across * (left + right))?;
    let height = size(fields * (blocks[1] + 1) - 1, down * (top + bottom))?;
    Some((width, height))
}

fn skip_scaling_list(bits: &mut Bits<'_>, len: u32) -> Option<()> {
    let (mut last, mut next) = (8, 8);
    for _ in 0..len {
        if next != 0 {
            next = (last + bits.signed()?).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

fn skip_picture_order(bits: &mut Bits<'_>) -> Option<()> {
    match bits.unsigned()? {
        0 => {
            bits.unsigned()?;
        }
        1 => {
            bits.bit()?;
            bits.signed()?;
            bits.signed()?;
            for _ in 0..bits.unsigned()?.min(255) {
                bits.signed()?;
            }
        }
        _ => {}
    }
    Some(())
}

/// Appends a sequence parameter set of constrained baseline for pictures of this size, even and at least 16 each: for tests
/// and load generators, which publish without an encoder.
pub fn write_sps(out: &mut Vec<u8>, (width, height): (u16, u16)) {
    let (width, height) = (u32::from(width.max(16)), u32::from(height.max(16)));
    let blocks = |pixels: u32| pixels.div_ceil(16) - 1;
    let cut = |pixels: u32| (16 * (blocks(pixels) + 1) - pixels) / 2;
    let mut bits = Vec::new();
    let mut code = |value: u32| {
        let value = value + 1;
        let len = 32 - value.leading_zeros();
        bits.extend(std::iter::repeat_n(false, len as usize - 1));
        bits.extend((0..len).rev().map(|at| value >> at & 1 == 1));
    };
    for value in [0, 0, 2, 1] {
        code(value); // id, length of frame numbers, order as decoded, one reference
    }
    code(0); // its one bit is set: gaps are allowed
    code(blocks(width));
    code(blocks(height));
    // Frames only, direct inference, cropping: one bit each; then the four sides.
    for value in [0, 0, 0, 0, cut(width), 0, cut(height)] {
        code(value);
    }
    code(1); // 0 for no usability information, then the stop bit and what follows it
    out.extend_from_slice(&[0x67, 0x42, 0xe0, 0x1f]);
    let bytes = bits
        .chunks(8)
        .map(|bits| bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << (7 - at)));
    out.extend(bytes);
}

/// The type of a unit.
fn kind_of(unit: &[u8]) -> Option<u8> {
    unit.first().map(|header| header & 0x1f)
}

fn begins_decoding(kind: u8) -> bool {
    kind == NAL_IDR || kind == NAL_SPS
}

/// The units in a STAP-A; an empty one ends them.
struct Aggregate<'a> {
    rest: &'a [u8],
}

impl<'a> Aggregate<'a> {
    fn of(payload: &'a [u8]) -> Self {
        Self { rest: payload.get(1..).unwrap_or_default() }
    }
}

impl<'a> Iterator for Aggregate<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (size, rest) = self.rest.split_first_chunk()?;
        let (unit, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        self.rest = rest;
        Some(unit).filter(|unit| !unit.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_units() {
        assert!(is_key_frame(&[0x65, 1]));
        assert!(is_key_frame(&[0x67, 1]));
        assert!(!is_key_frame(&[0x61, 1]));
        assert!(!is_key_frame(&[]));
    }

    #[test]
    fn aggregates_are_searched() {
        assert!(is_key_frame(&[0x78, 0, 1, 0x68, 0, 1, 0x65]));
        assert!(!is_key_frame(&[0x78, 0, 1, 0x68, 0, 1, 0x61]));
        assert!(!is_key_frame(&[0x78, 0xff, 0xff, 0x65]), "a unit past the end");
        assert!(!is_key_frame(&[0x78, 0, 0, 0, 1, 0x65]), "an empty unit ends the search");
    }

    #[test]
    fn only_the_first_fragment_begins_a_frame() {
        assert!(is_key_frame(&[0x7c, 0x85]));
        assert!(!is_key_frame(&[0x7c, 0x45]));
        assert!(!is_key_frame(&[0x7c]));
    }

    #[test]
    fn sizes_are_read_as_written() {
        for size in [(320, 180), (640, 360), (1280, 720), (1920, 1080), (16, 16), (426, 240)] {
            let mut unit = Vec::new();
            write_sps(&mut unit, size);
            assert_eq!(frame_size(&unit), Some(size));
            let mut aggregate = vec![0x78, 0, 1, 0x68, 0, unit.len() as u8];
            aggregate.extend_from_slice(&unit);
            assert_eq!(frame_size(&aggregate), Some(size));
            for end in 0..unit.len() - 1 {
                assert_eq!(frame_size(&unit[..end]), None, "cut at {end}");
            }
        }
        assert_eq!(frame_size(&[0x65, 1, 2, 3]), None, "a slice tells none");
    }

    #[test]
    fn sizes_of_other_profiles_and_with_cropping_are_read() {
        // High profile at 1280 by 720, with usability information.
        let high = [0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00];
        assert_eq!(frame_size(&high), Some((1280, 720)));
        // Constrained baseline at 640 by 360, cropped.
        let baseline =
            [0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x17, 0xfc, 0xb0, 0x0f, 0x08, 0x84, 0x6a];
        assert_eq!(frame_size(&baseline), Some((640, 360)));
    }
}
