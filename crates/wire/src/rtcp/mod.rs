//! RTCP: compound packets (RFC 3550 §6.1) and reduced-size ones (RFC 5506).
//!
//! [`packets`] walks a decrypted datagram; the `write_*` functions append one packet each to a `Vec<u8>`, so that
//! several calls make a compound.

mod feedback;
mod report;
mod source;
mod transport;

pub use feedback::{Fir, FirEntry, Nack, Remb, write_fir, write_nack, write_pli};
pub use report::{
    MAX_REPORT_BLOCKS, ReportBlock, ReportBlocks, SenderInfo, write_receiver_report, write_sender_report,
};
pub use source::{Goodbye, SourceDescription, write_cname, write_goodbye};
pub use transport::{Arrival, Arrivals, TransportFeedback, write_transport_feedback};

use crate::Error;
use crate::bytes::{u8_at, u16_at, u32_at};

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;

/// Formats of [`TRANSPORT_FEEDBACK`]: RFC 4585 §6.2.1, draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.
const FORMAT_NACK: u8 = 1;
const FORMAT_TRANSPORT_WIDE: u8 = 15;
/// Formats of [`PAYLOAD_FEEDBACK`]: RFC 4585 §6.3.1, RFC 5104 §4.3.1, draft-alvestrand-rmcat-remb-03 §2.2.
const FORMAT_PLI: u8 = 1;
const FORMAT_FIR: u8 = 4;
const FORMAT_APPLICATION: u8 = 15;

/// One RTCP packet, borrowed from its datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Says which wall-clock time a time stamp has, and how much was sent.
    SenderReport {
        /// The stream that it is about.
        ssrc: u32,
        /// Its numbers.
        info: SenderInfo,
        /// What the sender itself receives.
        blocks: ReportBlocks<'a>,
    },
    /// What somebody who sends nothing receives.
    ReceiverReport {
        /// The reporter.
        ssrc: u32,
        /// One block per stream.
        blocks: ReportBlocks<'a>,
    },
    /// Names of streams.
    SourceDescription(SourceDescription<'a>),
    /// Streams that end.
    Goodbye(Goodbye<'a>),
    /// Sequence numbers to send again.
    Nack(Nack<'a>),
    /// A picture was lost: send a key frame.
    Pli {
        /// Who asks.
        sender: u32,
        /// Of which stream.
        media: u32,
    },
    /// Send a key frame, whatever was lost.
    Fir(Fir<'a>),
    /// The receiver's estimate of what it can take.
    Remb(Remb<'a>),
    /// When each packet of a transport arrived.
    TransportFeedback(TransportFeedback<'a>),
    /// Well-formed, of no interest here.
    Other {
        /// RTCP packet type.
        packet_type: u8,
        /// Count or format field.
        format: u8,
    },
}

/// Walks the packets of a decrypted datagram. The first malformed one ends the walk with its error.
pub fn packets(datagram: &[u8]) -> Packets<'_> {
    Packets { rest: datagram }
}

/// See [`packets`].
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let result = split(self.rest).and_then(|(head, body, rest)| {
            self.rest = rest;
            parse(&head, body)
        });
        if result.is_err() {
            self.rest = &[];
        }
        Some(result)
    }
}

/// First byte's count and the packet type.
struct Head {
    format: u8,
    packet_type: u8,
}

/// Splits one packet off: its head, its body after the first four bytes and without padding, and what follows.
fn split(data: &[u8]) -> Result<(Head, &[u8], &[u8]), Error> {
    let first = u8_at(data, 0)?;
    if first >> 6 != 2 {
        return Err(Error::Version);
    }
    let head = Head { format: first & 0x1f, packet_type: u8_at(data, 1)? };
    let end = 4 + 4 * usize::from(u16_at(data, 2)?);
    let (packet, rest) = data.split_at_checked(end).ok_or(Error::Truncated)?;
    let mut body = packet.get(4..).ok_or(Error::Truncated)?;
    if first & 0x20 != 0 {
        let count = usize::from(body.last().copied().ok_or(Error::Padding)?);
        let kept = body.len().checked_sub(count).filter(|_| count != 0).ok_or(Error::Padding)?;
        body = body.get(..kept).ok_or(Error::Padding)?;
    }
    Ok((head, body, rest))
}

fn parse<'a>(head: &Head, body: &'a [u8]) -> Result<Packet<'a>, Error> {
    let Head { format, packet_type } = *head;
    match (packet_type, format) {
        (SENDER_REPORT, count) => Ok(Packet::SenderReport {
            ssrc: u32_at(body, 0)?,
            info: SenderInfo::parse(body)?,
            blocks: ReportBlocks::parse(body, 24, count)?,
        }),
        (RECEIVER_REPORT, count) => Ok(Packet::ReceiverReport {
            ssrc: u32_at(body, 0)?,
            blocks: ReportBlocks::parse(body, 4, count)?,
        }),
        (SOURCE_DESCRIPTION, count) => Ok(Packet::SourceDescription(SourceDescription::new(body, count))),
        (GOODBYE, count) => Goodbye::parse(body, count).map(Packet::Goodbye),
        (TRANSPORT_FEEDBACK, FORMAT_NACK) => Nack::parse(body).map(Packet::Nack),
        (TRANSPORT_FEEDBACK, FORMAT_TRANSPORT_WIDE) => {
            TransportFeedback::parse(body).map(Packet::TransportFeedback)
        }
        (PAYLOAD_FEEDBACK, FORMAT_PLI) => {
            Ok(Packet::Pli { sender: u32_at(body, 0)?, media: u32_at(body, 4)? })
        }
        (PAYLOAD_FEEDBACK, FORMAT_FIR) => Fir::parse(body).map(Packet::Fir),
        (PAYLOAD_FEEDBACK, FORMAT_APPLICATION) if Remb::is_remb(body) => Remb::parse(body).map(Packet::Remb),
        _ => Ok(Packet::Other { packet_type, format }),
    }
}

/// Appends one packet: head, then what `write` appends, padded with zeros to whole words; fills in the length.
fn write_packet(out: &mut Vec<u8>, packet_type: u8, format: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0x80 | format & 0x1f, packet_type, 0, 0]);
    write(out);
    while !(out.len() - start).is_multiple_of(4) {
        out.push(0);
    }
    let words = (out.len() - start) / 4 - 1;
    crate::bytes::put_u16(out, start + 2, words as u16);
}

/// Appends big-endian 32-bit words.
fn put_words(out: &mut Vec<u8>, words: &[u32]) {
    for word in words {
        out.extend_from_slice(&word.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compound_is_walked_in_order() {
        let mut out = Vec::new();
        write_receiver_report(&mut out, 1, &[]);
        write_cname(&mut out, 1, b"name");
        write_pli(&mut out, 1, 2);
        let kinds: Vec<_> = packets(&out).map(Result::unwrap).collect();
        assert!(matches!(kinds[0], Packet::ReceiverReport { ssrc: 1, .. }));
        assert!(matches!(kinds[1], Packet::SourceDescription(_)));
        assert_eq!(kinds[2], Packet::Pli { sender: 1, media: 2 });
        assert_eq!(kinds.len(), 3);
    }

    #[test]
    fn an_error_ends_the_walk() {
        let mut out = Vec::new();
        write_pli(&mut out, 1, 2);
        out.extend_from_slice(&[0x81, 206, 0, 9]);
        let mut walk = packets(&out);
        assert!(walk.next().unwrap().is_ok());
        assert_eq!(walk.next(), Some(Err(Error::Truncated)));
        assert_eq!(walk.next(), None);
    }

    #[test]
    fn padding_is_cut_off_and_checked() {
        let padded = [0xa1, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4];
        assert_eq!(packets(&padded).next(), Some(Ok(Packet::Pli { sender: 1, media: 2 })));
        let mut wrong = padded;
        wrong[15] = 0;
        assert_eq!(packets(&wrong).next(), Some(Err(Error::Padding)));
        wrong[15] = 13;
        assert_eq!(packets(&wrong).next(), Some(Err(Error::Padding)));
    }

    #[test]
    fn unknown_kinds_are_passed_over() {
        let extended_report = [0x80, 207, 0, 1, 0, 0, 0, 1];
        assert_eq!(packets(&extended_report).next(), Some(Ok(Packet::Other { packet_type: 207, format: 0 })));
    }
}
