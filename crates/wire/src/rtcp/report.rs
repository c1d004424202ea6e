//! Sender and receiver reports (RFC 3550 §6.4).

use super::{RECEIVER_REPORT, SENDER_REPORT, put_words, write_packet};
use crate::Error;
use crate::bytes::{u8_at, u24_at, u32_at, u64_at};

/// The count field has five bits.
pub const MAX_REPORT_BLOCKS: usize = 31;
const BLOCK_BYTES: usize = 24;

/// The sender's part of a sender report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall-clock time, 32.32 bits of seconds since 1900.
    pub ntp: u64,
    /// The same moment in the stream's clock.
    pub rtp_timestamp: u32,
    /// RTP packets sent so far.
    pub packets: u32,
    /// Payload bytes sent so far.
    pub bytes: u32,
}

impl SenderInfo {
    /// Reads it behind the SSRC of a sender report's body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Error> {
        Ok(Self {
            ntp: u64_at(body, 4)?,
            rtp_timestamp: u32_at(body, 12)?,
            packets: u32_at(body, 16)?,
            bytes: u32_at(body, 20)?,
        })
    }

    /// The middle 32 bits of the time, as [`ReportBlock::last_sender_report`] repeats them.
    pub fn compact_ntp(&self) -> u32 {
        (self.ntp >> 16) as u32
    }
}

/// How one stream is received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream.
    pub ssrc: u32,
    /// Of the packets since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Since the beginning, 24 bits; duplicates can make it negative.
    pub cumulative_lost: i32,
    /// Highest sequence number with its cycles above.
    pub highest_sequence: u32,
    /// In units of the stream's clock.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's time; 0 when there was none.
    pub last_sender_report: u32,
    /// Since that arrived, in 1/65536 s.
    pub delay_since_last_sender_report: u32,
}

impl ReportBlock {
    fn parse(block: &[u8]) -> Result<Self, Error> {
        let lost = u24_at(block, 5)? as i32;
        Ok(Self {
            ssrc: u32_at(block, 0)?,
            fraction_lost: u8_at(block, 4)?,
            cumulative_lost: (lost << 8) >> 8, // sign of 24 bits
            highest_sequence: u32_at(block, 8)?,
            jitter: u32_at(block, 12)?,
            last_sender_report: u32_at(block, 16)?,
            delay_since_last_sender_report: u32_at(block, 20)?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let lost = self.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff) as u32 & 0xff_ffff;
        put_words(
            out,
            &[
                self.ssrc,
                u32::from(self.fraction_lost) << 24 | lost,
                self.highest_sequence,
                self.jitter,
                self.last_sender_report,
                self.delay_since_last_sender_report,
            ],
        );
    }
}

/// The report blocks of one packet; iterate over a copy of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportBlocks<'a> {
    rest: &'a [u8],
}

impl<'a> ReportBlocks<'a> {
    pub(super) fn parse(body: &'a [u8], start: usize, count: u8) -> Result<Self, Error> {
        let end = start + BLOCK_BYTES * usize::from(count);
        body.get(start..end).map(|rest| Self { rest }).ok_or(Error::Truncated)
    }
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.rest.split_at_checked(BLOCK_BYTES)?;
        self.rest = rest;
        ReportBlock::parse(block).ok()
    }
}

/// Appends a sender report; blocks past the 31st are left out.
pub fn write_sender_report(out: &mut Vec<u8>, ssrc: u32, info: &SenderInfo, blocks: &[ReportBlock]) {
    let blocks = blocks.get(..MAX_REPORT_BLOCKS).unwrap_or(blocks);
    write_packet(out, SENDER_REPORT, blocks.len() as u8, |out| {
        put_words(out, &[ssrc]);
        out.extend_from_slice(&info.ntp.to_be_bytes());
        put_words(out, &[info.rtp_timestamp, info.packets, info.bytes]);
        for block in blocks {
            block.write(out);
        }
    });
}

/// Appends a receiver report; blocks past the 31st are left out.
pub fn write_receiver_report(out: &mut Vec<u8>, ssrc: u32, blocks: &[ReportBlock]) {
    let blocks = blocks.get(..MAX_REPORT_BLOCKS).unwrap_or(blocks);
    write_packet(out, RECEIVER_REPORT, blocks.len() as u8, |out| {
        put_words(out, &[ssrc]);
        for block in blocks {
            block.write(out);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::{Packet, packets};
    use super::*;

    #[test]
    fn sender_report_round_trip() {
        let info = SenderInfo { ntp: 0x0102_0304_0506_0708, rtp_timestamp: 3, packets: 4, bytes: 5 };
        let block = ReportBlock {
            ssrc: 9,
            fraction_lost: 128,
            cumulative_lost: -2,
            highest_sequence: 70_000,
            jitter: 6,
            last_sender_report: 7,
            delay_since_last_sender_report: 8,
        };
        let mut out = Vec::new();
        write_sender_report(&mut out, 1, &info, &[block]);
        let Some(Ok(Packet::SenderReport { ssrc, info: read, blocks })) = packets(&out).next() else {
            panic!("no sender report");
        };
        assert_eq!((ssrc, read), (1, info));
        assert_eq!(blocks.collect::<Vec<_>>(), [block]);
        assert_eq!(info.compact_ntp(), 0x0304_0506);
    }

    #[test]
    fn blocks_must_fit() {
        let mut out = Vec::new();
        write_receiver_report(&mut out, 1, &[ReportBlock::default()]);
        out[0] += 1;
        assert_eq!(packets(&out).next(), Some(Err(Error::Truncated)));
    }

    #[test]
    fn too_many_blocks_are_cut() {
        let mut out = Vec::new();
        write_receiver_report(&mut out, 1, &[ReportBlock::default(); 40]);
        let Some(Ok(Packet::ReceiverReport { blocks, .. })) = packets(&out).next() else {
            panic!("no receiver report");
        };
        assert_eq!(blocks.count(), MAX_REPORT_BLOCKS);
    }
}
