//! Redundant audio data (RFC 2198): a packet that carries earlier ones once more.
//!
//! ```text
//! 1│type│offset│length   1│type│offset│length   …   0│type   earlier   earlier   …   the newest
//! ```

use crate::Error;
use crate::bytes::{array, u8_at};

/// Earlier packets in one payload: browsers send one or two, and more than these no jitter buffer waits for.
pub const MAX_BLOCKS: usize = 8;
/// The largest offset that fits, in ticks of the stream's clock: 341 ms of Opus.
pub const MAX_OFFSET: u32 = (1 << 14) - 1;
/// The largest earlier packet that fits, in bytes.
pub const MAX_BLOCK_BYTES: usize = (1 << 10) - 1;

const MORE: u8 = 0x80;
const HEAD: usize = 4;

/// A packet inside a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// As what it would be sent by itself.
    pub payload_type: u8,
    /// How much earlier than the newest it was sampled, in ticks of the stream's clock.
    pub offset: u32,
    /// Its payload.
    pub payload: &'a [u8],
}

/// A parsed payload.
#[derive(Debug, Clone, Copy)]
pub struct Redundant<'a> {
    heads: &'a [u8],
    earlier: &'a [u8],
    /// The newest packet: what the time stamp of the header belongs to.
    pub newest: Block<'a>,
}

impl<'a> Redundant<'a> {
    /// Reads the payload of one packet.
    ///
    /// Errors: [`Error::Truncated`]; [`Error::TooMany`] from [`MAX_BLOCKS`] earlier packets on.
    pub fn parse(payload: &'a [u8]) -> Result<Self, Error> {
        let (mut at, mut bytes) = (0, 0);
        while u8_at(payload, at)? & MORE != 0 {
            if at == MAX_BLOCKS * HEAD {
                return Err(Error::TooMany);
            }
            bytes += length(array(payload, at)?);
            at += HEAD;
        }
        let (heads, rest) = payload.split_at(at);
        let (payload_type, rest) = rest.split_first().ok_or(Error::Truncated)?;
        let (earlier, newest) = rest.split_at_checked(bytes).ok_or(Error::Truncated)?;
        let newest = Block { payload_type: *payload_type, offset: 0, payload: newest };
        Ok(Self { heads, earlier, newest })
    }

    /// Earlier packets, oldest first; there are at most [`MAX_BLOCKS`].
    pub fn earlier(&self) -> impl ExactSizeIterator<Item = Block<'a>> + use<'a> {
        let mut rest = self.earlier;
        self.heads.as_chunks::<HEAD>().0.iter().map(move |head| {
            let [kind, high, low, _] = *head;
            // Never beyond: the lengths were added up.
            let (payload, after) = rest.split_at_checked(length(*head)).unwrap_or_default();
            rest = after;
            let offset = u32::from(high) << 6 | u32::from(low >> 2);
            Block { payload_type: kind & !MORE, offset, payload }
        })
    }
}

fn length([_, _, high, low]: [u8; HEAD]) -> usize {
    usize::from(high & 0x03) << 8 | usize::from(low)
}

/// Appends everything of a payload but the newest packet, which the caller appends. Earlier ones come oldest first and are at
/// most [`MAX_BLOCKS`]; each fits [`MAX_OFFSET`] and [`MAX_BLOCK_BYTES`].
pub fn write_earlier<'a>(
    out: &mut Vec<u8>,
    payload_type: u8,
    earlier: impl Iterator<Item = (u32, &'a [u8])> + Clone,
) {
    for (offset, payload) in earlier.clone() {
        debug_assert!(offset <= MAX_OFFSET && payload.len() <= MAX_BLOCK_BYTES, "does not fit");
        let rest = offset << 10 | payload.len() as u32;
        let [_, a, b, c] = rest.to_be_bytes();
        out.extend_from_slice(&[MORE | payload_type, a, b, c]);
    }
    out.push(payload_type);
    for (_, payload) in earlier {
        out.extend_from_slice(payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let earlier = [(1920, &b"older"[..]), (960, b"old")];
        let mut bytes = Vec::new();
        write_earlier(&mut bytes, 111, earlier.into_iter());
        bytes.extend_from_slice(b"new");
        let read = Redundant::parse(&bytes).unwrap();
        assert_eq!(read.newest, Block { payload_type: 111, offset: 0, payload: b"new" });
        let blocks: Vec<_> = read.earlier().map(|it| (it.offset, it.payload)).collect();
        assert_eq!(blocks, earlier);
        assert!(read.earlier().all(|it| it.payload_type == 111));
        assert_eq!(read.earlier().len(), 2);
    }

    /// As Chromium sends it: one earlier packet of 2 bytes, 960 ticks before.
    #[test]
    fn a_recorded_head_is_read() {
        let read = Redundant::parse(&[0xef, 0x0f, 0x00, 0x02, 0x6f, 0xfc, 0x01, 0xfc, 0x02]).unwrap();
        let earlier: Vec<_> = read.earlier().collect();
        assert_eq!(earlier, [Block { payload_type: 111, offset: 960, payload: &[0xfc, 0x01] }]);
        assert_eq!(read.newest.payload, [0xfc, 0x02]);
    }

    #[test]
    fn lies_about_lengths_are_refused() {
        assert_eq!(Redundant::parse(&[]).unwrap_err(), Error::Truncated);
        assert_eq!(Redundant::parse(&[0x80, 0, 0]).unwrap_err(), Error::Truncated);
        assert_eq!(Redundant::parse(&[0x80, 0, 0, 3, 0x6f, 1, 2]).unwrap_err(), Error::Truncated);
        assert_eq!(Redundant::parse(&[0x80; 64]).unwrap_err(), Error::TooMany);
        assert!(Redundant::parse(&[0x6f]).unwrap().newest.payload.is_empty());
    }
}
