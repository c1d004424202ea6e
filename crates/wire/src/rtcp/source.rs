//! Source descriptions and goodbyes (RFC 3550 §6.5, §6.6).

use super::{GOODBYE, SOURCE_DESCRIPTION, put_words, write_packet};
use crate::Error;
use crate::bytes::{array, u32_at};

const ITEM_CNAME: u8 = 1;

/// Names of streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDescription<'a> {
    rest: &'a [u8],
    chunks: u8,
}

impl<'a> SourceDescription<'a> {
    pub(super) fn new(body: &'a [u8], chunks: u8) -> Self {
        Self { rest: body, chunks }
    }

    /// (SSRC, CNAME) of each chunk that has one. A malformed chunk ends the list.
    pub fn cnames(&self) -> Cnames<'a> {
        Cnames { rest: self.rest, chunks: self.chunks }
    }
}

/// See [`SourceDescription::cnames`].
#[derive(Debug, Clone)]
pub struct Cnames<'a> {
    rest: &'a [u8],
    chunks: u8,
}

impl<'a> Iterator for Cnames<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while self.chunks > 0 {
            self.chunks -= 1;
            let ssrc = u32_at(self.rest, 0).ok()?;
            let (cname, used) = chunk_cname(self.rest)?;
            self.rest = self.rest.get(used..).unwrap_or_default();
            if let Some(cname) = cname {
                return Some((ssrc, cname));
            }
        }
        None
    }
}

/// The CNAME among a chunk's items, and the chunk's whole length with its padding to words.
fn chunk_cname(chunk: &[u8]) -> Option<(Option<&[u8]>, usize)> {
    let mut at = 4;
    let mut cname = None;
    loop {
        let kind = *chunk.get(at)?;
        if kind == 0 {
            return Some((cname, (at / 4 + 1) * 4));
        }
        let len = usize::from(*chunk.get(at + 1)?);
        let value = chunk.get(at + 2..at + 2 + len)?;
        if kind == ITEM_CNAME {
            cname = Some(value);
        }
        at += 2 + len;
    }
}

/// Streams that end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goodbye<'a> {
    sources: &'a [u8],
}

impl<'a> Goodbye<'a> {
    pub(super) fn parse(body: &'a [u8], count: u8) -> Result<Self, Error> {
        body.get(..4 * usize::from(count)).map(|sources| Self { sources }).ok_or(Error::Truncated)
    }

    /// Their SSRCs.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> + 'a {
        self.sources.chunks_exact(4).filter_map(|c| array(c, 0).ok()).map(u32::from_be_bytes)
    }
}

/// Appends a source description with one CNAME, cut at 255 bytes.
pub fn write_cname(out: &mut Vec<u8>, ssrc: u32, cname: &[u8]) {
    let cname = cname.get(..255).unwrap_or(cname);
    write_packet(out, SOURCE_DESCRIPTION, 1, |out| {
        put_words(out, &[ssrc]);
        out.extend_from_slice(&[ITEM_CNAME, cname.len() as u8]);
        out.extend_from_slice(cname);
        out.push(0); // ends the items; the packet's padding to words does the rest
    });
}

/// Appends a goodbye for at most 31 streams.
pub fn write_goodbye(out: &mut Vec<u8>, ssrcs: &[u32]) {
    let ssrcs = ssrcs.get(..31).unwrap_or(ssrcs);
    write_packet(out, GOODBYE, ssrcs.len() as u8, |out| put_words(out, ssrcs));
}

#[cfg(test)]
mod tests {
    use super::super::{Packet, packets};
    use super::*;

    #[test]
    fn cname_round_trip_at_every_alignment() {
        for len in 0..9 {
            let name = &b"abcdefgh"[..len];
            let mut out = Vec::new();
            write_cname(&mut out, 5, name);
            let Some(Ok(Packet::SourceDescription(sdes))) = packets(&out).next() else { panic!("no SDES") };
            assert_eq!(sdes.cnames().collect::<Vec<_>>(), [(5, name)]);
        }
    }

    #[test]
    fn goodbye_round_trip() {
        let mut out = Vec::new();
        write_goodbye(&mut out, &[1, 2]);
        let Some(Ok(Packet::Goodbye(bye))) = packets(&out).next() else { panic!("no BYE") };
        assert_eq!(bye.ssrcs().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn an_item_past_the_end_is_nothing() {
        let broken = [0x81, 202, 0, 2, 0, 0, 0, 1, 1, 200, b'a', b'b'];
        let Some(Ok(Packet::SourceDescription(sdes))) = packets(&broken).next() else { panic!("no SDES") };
        assert_eq!(sdes.cnames().count(), 0);
    }
}
