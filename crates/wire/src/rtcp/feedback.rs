//! Retransmission and key-frame requests (RFC 4585, RFC 5104) and the receiver's bitrate estimate (REMB).

use super::{
    FORMAT_FIR, FORMAT_NACK, FORMAT_PLI, PAYLOAD_FEEDBACK, TRANSPORT_FEEDBACK, put_words, write_packet,
};
use crate::Error;
use crate::bytes::{array, u8_at, u16_at, u24_at, u32_at};

/// Generic NACK (RFC 4585 §6.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nack<'a> {
    /// Who asks.
    pub sender: u32,
    /// Of which stream.
    pub media: u32,
    pairs: &'a [u8],
}

impl<'a> Nack<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Error> {
        Ok(Self {
            sender: u32_at(body, 0)?,
            media: u32_at(body, 4)?,
            pairs: body.get(8..).ok_or(Error::Truncated)?,
        })
    }

    /// The missing sequence numbers. A datagram of 1500 bytes can name about 6000: the caller bounds what it serves.
    pub fn sequences(&self) -> impl Iterator<Item = u16> + 'a {
        self.pairs.chunks_exact(4).flat_map(|pair| {
            let first = u16_at(pair, 0).unwrap_or(0);
            let mask = u16_at(pair, 2).unwrap_or(0);
            let following = (0..16).filter(move |bit| mask >> bit & 1 != 0);
            std::iter::once(first).chain(following.map(move |bit| first.wrapping_add(bit + 1)))
        })
    }
}

/// Appends a generic NACK for `lost`, ascending (wrapping). Nothing when empty.
pub fn write_nack(out: &mut Vec<u8>, sender: u32, media: u32, lost: &[u16]) {
    if lost.is_empty() {
        return;
    }
    write_packet(out, TRANSPORT_FEEDBACK, FORMAT_NACK, |out| {
        put_words(out, &[sender, media]);
        let mut rest = lost;
        while let Some((&first, later)) = rest.split_first() {
            let mut mask = 0_u16;
            let covered = later
                .iter()
                .take_while(|seq| {
                    let distance = seq.wrapping_sub(first);
                    let fits = (1..=16).contains(&distance);
                    if fits {
                        mask |= 1 << (distance - 1);
                    }
                    fits
                })
                .count();
            out.extend_from_slice(&first.to_be_bytes());
            out.extend_from_slice(&mask.to_be_bytes());
            rest = later.get(covered..).unwrap_or_default();
        }
    });
}

/// Appends a picture loss indication (RFC 4585 §6.3.1).
pub fn write_pli(out: &mut Vec<u8>, sender: u32, media: u32) {
    write_packet(out, PAYLOAD_FEEDBACK, FORMAT_PLI, |out| put_words(out, &[sender, media]));
}

/// Full intra request (RFC 5104 §4.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fir<'a> {
    /// Who asks.
    pub sender: u32,
    entries: &'a [u8],
}

/// One stream of a full intra request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirEntry {
    /// Of which stream.
    pub media: u32,
    /// Changes with each new request; a repetition keeps it.
    pub command_sequence: u8,
}

impl<'a> Fir<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Error> {
        Ok(Self { sender: u32_at(body, 0)?, entries: body.get(8..).ok_or(Error::Truncated)? })
    }

    /// Whose key frames are asked for.
    pub fn entries(&self) -> impl Iterator<Item = FirEntry> + 'a {
        self.entries.chunks_exact(8).filter_map(|entry| {
            Some(FirEntry { media: u32_at(entry, 0).ok()?, command_sequence: u8_at(entry, 4).ok()? })
        })
    }
}

/// Appends a full intra request for one stream.
pub fn write_fir(out: &mut Vec<u8>, sender: u32, entry: FirEntry) {
    write_packet(out, PAYLOAD_FEEDBACK, FORMAT_FIR, |out| {
        put_words(out, &[sender, 0, entry.media, u32::from(entry.command_sequence) << 24]);
    });
}

/// Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03 §2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remb<'a> {
    /// Who estimates.
    pub sender: u32,
    /// For all the named streams together; saturates.
    pub bitrate_bps: u64,
    ssrcs: &'a [u8],
}

impl<'a> Remb<'a> {
    /// Whether an application-layer feedback body is one.
    pub(super) fn is_remb(body: &[u8]) -> bool {
        body.get(8..12) == Some(b"REMB")
    }

    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Error> {
        let count = usize::from(u8_at(body, 12)?);
        let packed = u24_at(body, 13)?;
        let mantissa = u64::from(packed & 0x3_ffff);
        let exponent = packed >> 18;
        let bitrate_bps = if exponent > mantissa.leading_zeros() && mantissa != 0 {
            u64::MAX
        } else {
            mantissa << exponent
        };
        let ssrcs = body.get(16..16 + 4 * count).ok_or(Error::Truncated)?;
        Ok(Self { sender: u32_at(body, 0)?, bitrate_bps, ssrcs })
    }

    /// The streams that it covers.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> + 'a {
        self.ssrcs.chunks_exact(4).filter_map(|c| array(c, 0).ok()).map(u32::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Packet, packets};
    use super::*;

    #[test]
    fn nack_packs_runs_over_the_wrap() {
        let lost = [65_530, 65_535, 0, 10, 300];
        let mut out = Vec::new();
        write_nack(&mut out, 1, 2, &lost);
        assert_eq!(out.len(), 12 + 2 * 4, "the first four fit one pair");
        let Some(Ok(Packet::Nack(nack))) = packets(&out).next() else { panic!("no NACK") };
        assert_eq!((nack.sender, nack.media), (1, 2));
        assert_eq!(nack.sequences().collect::<Vec<_>>(), lost);
    }

    #[test]
    fn no_loss_no_nack() {
        let mut out = Vec::new();
        write_nack(&mut out, 1, 2, &[]);
        assert!(out.is_empty());
    }

    #[test]
    fn fir_round_trip() {
        let entry = FirEntry { media: 7, command_sequence: 3 };
        let mut out = Vec::new();
        write_fir(&mut out, 1, entry);
        let Some(Ok(Packet::Fir(fir))) = packets(&out).next() else { panic!("no FIR") };
        assert_eq!(fir.entries().collect::<Vec<_>>(), [entry]);
    }

    #[test]
    fn remb_is_read() {
        // Exponent 2, mantissa 250 000: 1 Mbit/s for stream 9.
        let packed = (2 << 18) + 250_000_u32;
        let mut out = vec![0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 1];
        out.extend_from_slice(&packed.to_be_bytes()[1..]);
        out.extend_from_slice(&9_u32.to_be_bytes());
        let Some(Ok(Packet::Remb(remb))) = packets(&out).next() else { panic!("no REMB") };
        assert_eq!(remb.bitrate_bps, 1_000_000);
        assert_eq!(remb.ssrcs().collect::<Vec<_>>(), [9]);
    }

    #[test]
    fn an_absurd_estimate_saturates() {
        let mut out = vec![0x8f, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 0];
        out.extend_from_slice(&[0xff; 3]);
        let Some(Ok(Packet::Remb(remb))) = packets(&out).next() else { panic!("no REMB") };
        assert_eq!(remb.bitrate_bps, u64::MAX);
    }
}
