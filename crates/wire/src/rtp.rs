//! RTP packets (RFC 3550 §5.1) and their header extensions (RFC 8285).

use std::ops::Range;

use crate::Error;
use crate::bytes::{array, u8_at, u16_at, u32_at};

/// Length of a header without CSRCs and extensions.
pub const FIXED_HEADER_BYTES: usize = 12;
/// Marks a block of extensions with four-bit ids and lengths (RFC 8285 §4.2).
const ONE_BYTE_PROFILE: u16 = 0xBEDE;
/// Marks a block of extensions with eight-bit ids and lengths; the low four bits are free (RFC 8285 §4.3).
const TWO_BYTE_PROFILE: u16 = 0x1000;

/// A parsed header. It holds offsets, not references, so that the payload can be decrypted in place after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Meaning by codec; for video: last packet of a frame.
    pub marker: bool,
    /// 7 bits.
    pub payload_type: u8,
    /// As on the wire; see [`crate::seq::Unwrapper`].
    pub sequence: u16,
    /// In the codec's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// How many contributing sources follow the fixed header.
    pub csrc_count: u8,
    /// The payload ends with padding; checked by [`Header::payload`], since SRTP encrypts its length.
    pub padding: bool,
    /// Whole header with CSRCs and extension block, in bytes: where the payload begins.
    pub len: usize,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    None,
    OneByte,
    TwoByte,
    /// A block of a profile nobody here knows; skipped.
    Other,
}

impl Header {
    /// Reads the header of an RTP or SRTP packet.
    ///
    /// Errors: [`Error::Truncated`], [`Error::Version`].
    pub fn parse(packet: &[u8]) -> Result<Self, Error> {
        let first = u8_at(packet, 0)?;
        if first >> 6 != 2 {
            return Err(Error::Version);
        }
        let second = u8_at(packet, 1)?;
        let csrc_count = first & 0x0f;
        let mut len = FIXED_HEADER_BYTES + 4 * usize::from(csrc_count);
        let mut form = Form::None;
        if first & 0x10 != 0 {
            form = match u16_at(packet, len)? {
                ONE_BYTE_PROFILE => Form::OneByte,
                profile if profile & 0xfff0 == TWO_BYTE_PROFILE => Form::TwoByte,
                _ => Form::Other,
            };
            len += 4 + 4 * usize::from(u16_at(packet, len + 2)?);
        }
        let header = Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence: u16_at(packet, 2)?,
            timestamp: u32_at(packet, 4)?,
            ssrc: u32_at(packet, 8)?,
            csrc_count,
            padding: first & 0x20 != 0,
            len,
            form,
        };
        if packet.len() < len {
            return Err(Error::Truncated);
        }
        Ok(header)
    }

    /// Where the payload lies in the decrypted `packet` that this header was parsed from, without padding.
    ///
    /// An empty range is a packet of padding only (a probe). Errors: [`Error::Padding`], [`Error::Truncated`].
    pub fn payload(&self, packet: &[u8]) -> Result<Range<usize>, Error> {
        let Some(body) = packet.len().checked_sub(self.len) else { return Err(Error::Truncated) };
        if !self.padding {
            return Ok(self.len..packet.len());
        }
        let count = usize::from(packet.last().copied().unwrap_or(0));
        if count == 0 || count > body {
            return Err(Error::Padding);
        }
        Ok(self.len..packet.len() - count)
    }

    /// The contributing sources in `packet`.
    pub fn csrcs<'a>(&self, packet: &'a [u8]) -> impl Iterator<Item = u32> + 'a {
        let end = FIXED_HEADER_BYTES + 4 * usize::from(self.csrc_count);
        let list = packet.get(FIXED_HEADER_BYTES..end).unwrap_or_default();
        list.chunks_exact(4).filter_map(|c| array(c, 0).ok()).map(u32::from_be_bytes)
    }

    /// The header extensions in `packet`, as (id, value). A malformed element ends the list.
    pub fn extensions<'a>(&self, packet: &'a [u8]) -> Extensions<'a> {
        let start = FIXED_HEADER_BYTES + 4 * usize::from(self.csrc_count) + 4;
        let block = match self.form {
            Form::OneByte | Form::TwoByte => packet.get(start..self.len).unwrap_or_default(),
            Form::None | Form::Other => &[],
        };
        Extensions { rest: block, two_byte: self.form == Form::TwoByte }
    }

    /// The value of extension `id`, the first one if it is repeated.
    pub fn extension<'a>(&self, packet: &'a [u8], id: u8) -> Option<&'a [u8]> {
        self.extensions(packet).find(|(found, _)| *found == id).map(|(_, value)| value)
    }
}

/// Iterates over the header extensions of one packet.
#[derive(Debug, Clone)]
pub struct Extensions<'a> {
    rest: &'a [u8],
    two_byte: bool,
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // Id 0 is padding of a single byte in both forms.
        let padding = self.rest.iter().take_while(|byte| **byte == 0).count();
        self.rest = self.rest.get(padding..)?;
        let (id, len, head) = if self.two_byte {
            (*self.rest.first()?, usize::from(*self.rest.get(1)?), 2)
        } else {
            let byte = *self.rest.first()?;
            (byte >> 4, usize::from(byte & 0x0f) + 1, 1)
        };
        // One-byte id 15 is reserved and stops the list (RFC 8285 §4.2); id 0 with a length is no padding.
        let reserved = !self.two_byte && (id == 15 || id == 0);
        let value = self.rest.get(head..head + len).filter(|_| !reserved);
        self.rest = self.rest.get(head + len..).filter(|_| !reserved).unwrap_or_default();
        value.map(|value| (id, value))
    }
}

/// What a fresh header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing {
    /// See [`Header::marker`].
    pub marker: bool,
    /// 7 bits; higher ones are cut off.
    pub payload_type: u8,
    /// See [`Header::sequence`].
    pub sequence: u16,
    /// See [`Header::timestamp`].
    pub timestamp: u32,
    /// See [`Header::ssrc`].
    pub ssrc: u32,
    /// At most one contributing source.
    pub csrc: Option<u32>,
}

/// Appends a header to `out`; the payload goes right behind it. Returns the header's length in bytes.
///
/// `extensions` are (id, value); the one-byte form is used when all fit it: ids 1–14, 1–16 bytes. Id 0 and values over
/// 255 bytes are left out.
pub fn write_header(out: &mut Vec<u8>, header: &Outgoing, extensions: &[(u8, &[u8])]) -> usize {
    let (mut head, len) = fixed_head(header, !extensions.is_empty());
    if extensions.is_empty() {
        out.extend_from_slice(&head[..len]);
        return len;
    }
    if let Some(end) = put_short_extensions(&mut head, len, extensions) {
        out.extend_from_slice(&head[..end]);
        return end;
    }
    let start = out.len();
    out.extend_from_slice(&head[..len]);
    write_extensions(out, extensions);
    out.len() - start
}

/// A header that is written once and stands before many packets, with what changes from one to the next.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    bytes: [u8; HEAD_BYTES],
    len: usize,
}

impl Template {
    /// Like [`write_header`]; `None` when the extensions need more room than most do, or the two-byte form.
    pub fn new(header: &Outgoing, extensions: &[(u8, &[u8])]) -> Option<Self> {
        let (mut bytes, mut len) = fixed_head(header, !extensions.is_empty());
        if !extensions.is_empty() {
            len = put_short_extensions(&mut bytes, len, extensions)?;
        }
        Some(Self { bytes, len })
    }

    /// Bytes of the header.
    pub fn bytes(&self) -> usize {
        self.len
    }

    /// Where in the header the value of an extension lies.
    pub fn place(&self, id: u8) -> Option<usize> {
        let header = Header::parse(&self.bytes[..self.len]).ok()?;
        let value = header.extension(&self.bytes, id)?;
        Some(value.as_ptr().addr() - self.bytes.as_ptr().addr())
    }

    /// Writes it at the start of `packet`, which is as long at least.
    pub fn write(&self, packet: &mut [u8], marker: bool, sequence: u16, timestamp: u32) {
        match packet.first_chunk_mut() {
            Some(first) => *first = self.bytes, // what lies behind is written later; cheaper than counting
            None => packet[..self.len].copy_from_slice(&self.bytes[..self.len]),
        }
        let Some(fixed) = packet.first_chunk_mut::<FIXED_HEADER_BYTES>() else { return };
        fixed[1] = fixed[1] & 0x7f | u8::from(marker) << 7;
        fixed[2..4].copy_from_slice(&sequence.to_be_bytes());
        fixed[4..8].copy_from_slice(&timestamp.to_be_bytes());
    }
}

/// What comes before the extensions, and its length.
fn fixed_head(header: &Outgoing, extended: bool) -> ([u8; HEAD_BYTES], usize) {
    let mut head = [0; HEAD_BYTES];
    head[0] = 0x80 | u8::from(extended) << 4 | u8::from(header.csrc.is_some());
    head[1] = u8::from(header.marker) << 7 | header.payload_type & 0x7f;
    head[2..4].copy_from_slice(&header.sequence.to_be_bytes());
    head[4..8].copy_from_slice(&header.timestamp.to_be_bytes());
    head[8..12].copy_from_slice(&header.ssrc.to_be_bytes());
    let mut len = FIXED_HEADER_BYTES;
    if let Some(csrc) = header.csrc {
        head[12..16].copy_from_slice(&csrc.to_be_bytes());
        len = 16;
    }
    (head, len)
}

/// What is put together before it is appended as a whole: nearly every header of media fits.
const HEAD_BYTES: usize = 64;

/// The block in the one-byte form from byte `start` on, and where it ends. `None` when it does not fit, or wants the other form.
fn put_short_extensions(
    head: &mut [u8; HEAD_BYTES],
    start: usize,
    extensions: &[(u8, &[u8])],
) -> Option<usize> {
    let mut at = start + 4;
    for &(id, value) in extensions {
        let fits =
            matches!(id, 1..=14) && matches!(value.len(), 1..=16) && at + 1 + value.len() <= HEAD_BYTES;
        if !fits {
            return None;
        }
        head[at] = id << 4 | (value.len() - 1) as u8;
        // Byte by byte: a call to copy two or three costs more than they do.
        for (to, from) in head[at + 1..].iter_mut().zip(value) {
            *to = *from;
        }
        at += 1 + value.len();
    }
    let end = at.next_multiple_of(4); // what lies between is zero, which is padding; HEAD_BYTES is a whole number of words
    head[start..start + 2].copy_from_slice(&ONE_BYTE_PROFILE.to_be_bytes());
    head[start + 2..start + 4].copy_from_slice(&(((end - start - 4) / 4) as u16).to_be_bytes());
    Some(end)
}

fn write_extensions(out: &mut Vec<u8>, extensions: &[(u8, &[u8])]) {
    let start = out.len();
    let one_byte =
        extensions.iter().all(|(id, value)| (1..=14).contains(id) && (1..=16).contains(&value.len()));
    let profile = if one_byte { ONE_BYTE_PROFILE } else { TWO_BYTE_PROFILE };
    out.extend_from_slice(&profile.to_be_bytes());
    out.extend_from_slice(&[0, 0]); // length in words, known below
    for &(id, value) in extensions {
        let Ok(len) = u8::try_from(value.len()) else { continue };
        match (one_byte, id) {
            (_, 0) => continue,
            (true, _) => out.push(id << 4 | (len - 1)),
            (false, _) => out.extend_from_slice(&[id, len]),
        }
        out.extend_from_slice(value);
    }
    while !(out.len() - start).is_multiple_of(4) {
        out.push(0);
    }
    let words = (out.len() - start - 4) / 4;
    crate::bytes::put_u16(out, start + 2, words as u16);
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Outgoing =
        Outgoing { marker: true, payload_type: 96, sequence: 7, timestamp: 9, ssrc: 11, csrc: None };

    fn packet(extensions: &[(u8, &[u8])], payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_header(&mut out, &PLAIN, extensions);
        out.extend_from_slice(payload);
        out
    }

    #[test]
    fn reads_what_it_writes() {
        let mut out = Vec::new();
        let len = write_header(&mut out, &Outgoing { csrc: Some(77), ..PLAIN }, &[(1, &[5]), (3, b"mid")]);
        let header = Header::parse(&out).unwrap();
        assert_eq!(header.len, len);
        assert_eq!((header.sequence, header.timestamp, header.ssrc), (7, 9, 11));
        assert_eq!(header.csrcs(&out).collect::<Vec<_>>(), [77]);
        assert_eq!(header.extension(&out, 3), Some(&b"mid"[..]));
        assert_eq!(header.extension(&out, 2), None);
    }

    #[test]
    fn a_template_writes_the_same() {
        let extensions: [(u8, &[u8]); 2] = [(3, &[0, 0]), (4, b"mid")];
        let header = Outgoing { csrc: Some(77), ..PLAIN };
        let template = Template::new(&header, &extensions).unwrap();
        assert_eq!((template.place(3), template.place(4), template.place(5)), (Some(21), Some(24), None));
        for room in [template.bytes(), 200] {
            let mut packet = vec![9; room];
            template.write(&mut packet, false, 500, 600);
            let mut expected = Vec::new();
            let changed = Outgoing { marker: false, sequence: 500, timestamp: 600, ..header };
            assert_eq!(write_header(&mut expected, &changed, &extensions), template.bytes());
            assert_eq!(packet[..template.bytes()], expected);
        }
        assert!(Template::new(&header, &[(1, &[9; 17])]).is_none());
    }

    #[test]
    fn long_values_take_the_two_byte_form() {
        let long = [9_u8; 17];
        let out = packet(&[(1, &long), (200, &[])], b"p");
        let header = Header::parse(&out).unwrap();
        assert_eq!(header.extensions(&out).collect::<Vec<_>>(), [(1, &long[..]), (200, &[][..])]);
        assert_eq!(header.payload(&out), Ok(out.len() - 1..out.len()));
    }

    #[test]
    fn padding_is_cut_off_and_checked() {
        let mut out = packet(&[], &[1, 2, 3, 0, 2]);
        out[0] |= 0x20;
        let header = Header::parse(&out).unwrap();
        assert_eq!(header.payload(&out), Ok(12..15));
        *out.last_mut().unwrap() = 6;
        assert_eq!(header.payload(&out), Err(Error::Padding));
        *out.last_mut().unwrap() = 0;
        assert_eq!(header.payload(&out), Err(Error::Padding));
    }

    #[test]
    fn the_reserved_id_ends_the_list() {
        let mut out = packet(&[(1, &[5]), (2, &[6])], &[]);
        out[18] = 0xf0;
        let header = Header::parse(&out).unwrap();
        assert_eq!(header.extensions(&out).collect::<Vec<_>>(), [(1, &[5][..])]);
    }

    #[test]
    fn short_and_foreign_packets_are_refused() {
        let out = packet(&[(1, &[5])], &[]);
        assert_eq!(Header::parse(&out[..out.len() - 1]), Err(Error::Truncated));
        assert_eq!(Header::parse(&[]), Err(Error::Truncated));
        assert_eq!(Header::parse(&[0x40; 12]), Err(Error::Version));
    }
}
