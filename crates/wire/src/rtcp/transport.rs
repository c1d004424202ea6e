//! Transport-wide feedback: when each packet of a transport arrived
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
//!
//! A packet holds one two-bit symbol per sequence number, packed into 16-bit chunks, then one delta per packet that
//! arrived. Times are in ticks of 250 µs; the reference time counts 64 ms.

use super::{FORMAT_TRANSPORT_WIDE, TRANSPORT_FEEDBACK, put_words, write_packet};
use crate::Error;
use crate::bytes::{array, u8_at, u16_at, u24_at, u32_at};

/// Unit of deltas.
const TICK_US: i64 = 250;
/// Ticks of one unit of reference time, 64 ms.
const REFERENCE_TICKS: i64 = 256;
/// The run-length field has 13 bits.
const MAX_RUN: usize = 0x1fff;
const ONE_BIT_SYMBOLS: usize = 14;
const TWO_BIT_SYMBOLS: usize = 7;
/// Sequence numbers that one packet of ours covers: its chunks and deltas stay below 1200 bytes.
const MAX_SPAN: u64 = 400;

/// What happened to one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symbol {
    Lost = 0,
    /// One byte of delta: 0–63.75 ms.
    Small = 1,
    /// Two bytes of delta: ±8.19 s.
    Large = 2,
}

impl Symbol {
    /// Of its two bits. The reserved value 3 carries no delta and counts as lost.
    fn from_bits(bits: u16) -> Self {
        match bits & 3 {
            1 => Self::Small,
            2 => Self::Large,
            _ => Self::Lost,
        }
    }

    fn delta_bytes(self) -> usize {
        self as usize
    }
}

/// One sequence number of a feedback packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Transport-wide sequence number.
    pub sequence: u16,
    /// µs on the receiver's clock, which starts anywhere and wraps after 12 days; `None` is lost, or not there yet.
    pub arrived_us: Option<i64>,
}

/// A parsed feedback packet, wholly checked: iterating over it cannot fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportFeedback<'a> {
    /// Who reports.
    pub sender: u32,
    /// Any stream of the transport.
    pub media: u32,
    /// First sequence number.
    pub base_sequence: u16,
    /// How many sequence numbers.
    pub status_count: u16,
    /// Signed 24 bits, in units of 64 ms.
    pub reference_time: i32,
    /// Counts feedback packets, to tell when one was lost.
    pub feedback_count: u8,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl<'a> TransportFeedback<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Error> {
        let status_count = u16_at(body, 10)?;
        let reference_time = (u24_at(body, 12)? as i32) << 8 >> 8;
        let rest = body.get(16..).ok_or(Error::Truncated)?;
        let (chunk_bytes, delta_bytes) = measure(rest, usize::from(status_count))?;
        let (chunks, deltas) = rest.split_at_checked(chunk_bytes).ok_or(Error::Truncated)?;
        Ok(Self {
            sender: u32_at(body, 0)?,
            media: u32_at(body, 4)?,
            base_sequence: u16_at(body, 8)?,
            status_count,
            reference_time,
            feedback_count: u8_at(body, 15)?,
            chunks,
            deltas: deltas.get(..delta_bytes).ok_or(Error::Truncated)?,
        })
    }

    /// Every sequence number in order; at most 65 535.
    pub fn arrivals(&self) -> Arrivals<'a> {
        Arrivals {
            symbols: Symbols {
                chunks: self.chunks,
                bits: 0,
                width: 0,
                step: 0,
                left: 0,
                remaining: self.status_count,
            },
            deltas: self.deltas,
            sequence: self.base_sequence,
            ticks: i64::from(self.reference_time) * REFERENCE_TICKS,
        }
    }
}

/// Bytes that the chunks and the deltas of `count` symbols take.
fn measure(rest: &[u8], count: usize) -> Result<(usize, usize), Error> {
    let mut at = 0;
    let mut deltas = 0;
    let mut left = count;
    while left > 0 {
        let chunk = u16_at(rest, at)?;
        at += 2;
        let covered = left.min(symbols_in(chunk));
        deltas += if chunk & 0x8000 == 0 {
            covered * Symbol::from_bits(chunk >> 13).delta_bytes()
        } else {
            (0..covered).map(|index| symbol_at(chunk, index).delta_bytes()).sum()
        };
        left -= covered;
        // A run of length zero covers nothing; it costs its two bytes, so the walk still ends.
    }
    Ok((at, deltas))
}

fn symbols_in(chunk: u16) -> usize {
    match chunk >> 14 {
        0 | 1 => usize::from(chunk) & MAX_RUN,
        2 => ONE_BIT_SYMBOLS,
        _ => TWO_BIT_SYMBOLS,
    }
}

fn symbol_at(chunk: u16, index: usize) -> Symbol {
    match chunk >> 14 {
        0 | 1 => Symbol::from_bits(chunk >> 13),
        2 => Symbol::from_bits(chunk >> (13_usize.saturating_sub(index)) & 1),
        _ => Symbol::from_bits(chunk >> (12_usize.saturating_sub(2 * index))),
    }
}

/// Unpacks chunks into symbols.
#[derive(Debug, Clone)]
struct Symbols<'a> {
    chunks: &'a [u8],
    /// Of the chunk at hand, the next symbol in its upper `width` bits.
    bits: u16,
    width: u32,
    /// How far the one after it lies: a run repeats its only one.
    step: u32,
    /// Symbols of it not yet given.
    left: usize,
    /// Symbols of the packet not yet given.
    remaining: u16,
}

impl Iterator for Symbols<'_> {
    type Item = Symbol;

    fn next(&mut self) -> Option<Symbol> {
        self.remaining = self.remaining.checked_sub(1)?;
        while self.left == 0 {
            let chunk = u16::from_be_bytes(array(self.chunks, 0).ok()?);
            self.chunks = self.chunks.get(2..)?;
            self.left = symbols_in(chunk);
            (self.bits, self.width, self.step) = match chunk >> 14 {
                0 | 1 => (chunk << 1, 2, 0),
                2 => (chunk << 2, 1, 1),
                _ => (chunk << 2, 2, 2),
            };
        }
        let symbol = Symbol::from_bits(self.bits >> (16 - self.width));
        self.bits <<= self.step;
        self.left -= 1;
        Some(symbol)
    }
}

/// See [`TransportFeedback::arrivals`].
#[derive(Debug, Clone)]
pub struct Arrivals<'a> {
    symbols: Symbols<'a>,
    deltas: &'a [u8],
    sequence: u16,
    ticks: i64,
}

impl Iterator for Arrivals<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let symbol = self.symbols.next()?;
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        let delta = match symbol {
            Symbol::Lost => return Some(Arrival { sequence, arrived_us: None }),
            Symbol::Small => {
                let (delta, rest) = self.deltas.split_first()?;
                self.deltas = rest;
                i64::from(*delta)
            }
            Symbol::Large => {
                let (delta, rest) = self.deltas.split_first_chunk()?;
                self.deltas = rest;
                i64::from(i16::from_be_bytes(*delta))
            }
        };
        self.ticks += delta;
        Some(Arrival { sequence, arrived_us: Some(self.ticks * TICK_US) })
    }
}

/// Appends one feedback packet and returns how many of `arrivals` it covers; call again with the rest.
///
/// `arrivals` are (extended sequence number, µs on any steady clock, not negative), strictly ascending by number; the
/// packet begins at `base`, and what lies between that and the first arrival is told as lost; a `base` that is not near
/// before it is moved to it. The packet ends before a gap that would make it too long or a delta beyond ±8.19 s. Returns 0
/// only for an empty slice.
pub fn write_transport_feedback(
    out: &mut Vec<u8>,
    sender: u32,
    media: u32,
    feedback_count: u8,
    base: u64,
    arrivals: &[(u64, i64)],
) -> usize {
    let Some(&(first, first_us)) = arrivals.first() else { return 0 };
    let base = if (1..MAX_SPAN).contains(&first.saturating_sub(base)) { base } else { first };
    let reference = first_us.div_euclid(TICK_US).div_euclid(REFERENCE_TICKS);
    let covered = fitting(arrivals, base, reference * REFERENCE_TICKS);
    let arrivals = arrivals.get(..covered).unwrap_or(arrivals);
    let plan = Plan { arrivals, next: base, ticks: reference * REFERENCE_TICKS };
    let count = arrivals.last().map_or(0, |(last, _)| last - base + 1);

    write_packet(out, TRANSPORT_FEEDBACK, FORMAT_TRANSPORT_WIDE, |out| {
        put_words(out, &[sender, media]);
        out.extend_from_slice(&(base as u16).to_be_bytes());
        out.extend_from_slice(&(count as u16).to_be_bytes());
        put_words(out, &[(reference as u32) << 8 | u32::from(feedback_count)]);
        write_chunks(out, plan.clone());
        for (symbol, delta) in plan {
            match symbol {
                Symbol::Lost => {}
                Symbol::Small => out.push(delta as u8),
                Symbol::Large => out.extend_from_slice(&(delta as i16).to_be_bytes()),
            }
        }
    });
    covered
}

/// How many leading arrivals fit one packet whose numbers begin at `base` and whose times begin at `ticks`.
fn fitting(arrivals: &[(u64, i64)], base: u64, mut ticks: i64) -> usize {
    let mut previous = None;
    arrivals
        .iter()
        .take_while(|(sequence, arrived_us)| {
            let now = arrived_us.div_euclid(TICK_US);
            let fits = previous.is_none_or(|previous| *sequence > previous)
                && sequence - base < MAX_SPAN
                && i16::try_from(now - ticks).is_ok();
            ticks = now;
            previous = Some(*sequence);
            fits
        })
        .count()
}

/// Gives the symbol and delta of each sequence number from the first arrival to the last.
#[derive(Clone)]
struct Plan<'a> {
    arrivals: &'a [(u64, i64)],
    next: u64,
    ticks: i64,
}

impl Iterator for Plan<'_> {
    type Item = (Symbol, i64);

    fn next(&mut self) -> Option<(Symbol, i64)> {
        let ((sequence, arrived_us), rest) = self.arrivals.split_first()?;
        let lost = *sequence != self.next;
        self.next += 1;
        if lost {
            return Some((Symbol::Lost, 0));
        }
        self.arrivals = rest;
        let now = arrived_us.div_euclid(TICK_US);
        let delta = now - self.ticks;
        self.ticks = now;
        let symbol = if (0..=255).contains(&delta) { Symbol::Small } else { Symbol::Large };
        Some((symbol, delta))
    }
}

fn write_chunks(out: &mut Vec<u8>, plan: Plan<'_>) {
    let mut symbols = plan.map(|(symbol, _)| symbol);
    loop {
        let Some(first) = symbols.clone().next() else { return };
        let run = symbols.clone().take_while(|symbol| *symbol == first).take(MAX_RUN).count();
        let narrow = symbols.clone().take(ONE_BIT_SYMBOLS).all(|symbol| symbol != Symbol::Large);
        let (chunk, used) = if run >= ONE_BIT_SYMBOLS || (!narrow && run >= TWO_BIT_SYMBOLS) {
            ((first as u16) << 13 | run as u16, run)
        } else if narrow {
            (vector(0x8000, 1, symbols.clone().take(ONE_BIT_SYMBOLS)), ONE_BIT_SYMBOLS)
        } else {
            (vector(0xc000, 2, symbols.clone().take(TWO_BIT_SYMBOLS)), TWO_BIT_SYMBOLS)
        };
        out.extend_from_slice(&chunk.to_be_bytes());
        symbols.by_ref().take(used).for_each(drop);
    }
}

/// A chunk of symbols of `width` bits below the two bits of `kind`.
fn vector(kind: u16, width: u16, symbols: impl Iterator<Item = Symbol>) -> u16 {
    let mut shift = 14;
    symbols.fold(kind, |chunk, symbol| {
        shift -= width;
        chunk | (symbol as u16) << shift
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Packet, packets};
    use super::*;

    fn round_trip(arrivals: &[(u64, i64)]) -> Vec<Arrival> {
        let mut rest = arrivals;
        let mut read = Vec::new();
        while !rest.is_empty() {
            let mut out = Vec::new();
            let covered = write_transport_feedback(&mut out, 1, 2, 3, rest[0].0, rest);
            rest = &rest[covered..];
            let Some(Ok(Packet::TransportFeedback(feedback))) = packets(&out).next() else {
                panic!("no feedback")
            };
            assert_eq!((feedback.sender, feedback.media, feedback.feedback_count), (1, 2, 3));
            read.extend(feedback.arrivals());
        }
        read
    }

    #[test]
    fn gaps_are_lost_and_times_are_kept() {
        let read = round_trip(&[(65_534, 64_000), (65_535, 64_250), (65_538, 1_000_000), (65_539, 999_500)]);
        let expected = [
            (65_534, Some(64_000)),
            (65_535, Some(64_250)),
            (0, None),
            (1, None),
            (2, Some(1_000_000)),
            (3, Some(999_500)),
        ];
        assert_eq!(read.iter().map(|a| (a.sequence, a.arrived_us)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn losses_before_the_first_arrival_are_told_from_the_base_on() {
        let first_of = |base| {
            let mut out = Vec::new();
            assert_eq!(write_transport_feedback(&mut out, 1, 2, 0, base, &[(1000, 500)]), 1);
            let Some(Ok(Packet::TransportFeedback(feedback))) = packets(&out).next() else {
                panic!("no feedback")
            };
            assert_eq!(feedback.arrivals().last().unwrap().arrived_us, Some(500));
            feedback.base_sequence
        };
        assert_eq!(first_of(990), 990);
        assert_eq!(first_of(1000), 1000);
        assert_eq!(first_of(1001), 1000, "a late arrival begins its own packet");
        assert_eq!(first_of(1000 - MAX_SPAN), 1000, "an outage is told as nothing");
    }

    #[test]
    fn a_pause_begins_another_packet() {
        let read = round_trip(&[(1, 0), (2, 10_000_000), (5000, 10_000_250)]);
        assert_eq!(read.iter().filter_map(|a| a.arrived_us).collect::<Vec<_>>(), [0, 10_000_000, 10_000_250]);
    }

    #[test]
    fn long_runs_are_one_chunk() {
        let arrivals: Vec<_> = (0..300).map(|n| (n, n as i64 * 250)).collect();
        let mut out = Vec::new();
        assert_eq!(write_transport_feedback(&mut out, 1, 2, 0, 0, &arrivals), 300);
        assert_eq!(out.len(), 20 + 2 + 300 + 2, "one chunk, a byte each, padding");
    }

    #[test]
    fn missing_deltas_are_an_error() {
        let arrivals: Vec<_> = (0..20).map(|n| (n, n as i64 * 250)).collect();
        let mut out = Vec::new();
        write_transport_feedback(&mut out, 1, 2, 0, 0, &arrivals);
        out.truncate(out.len() - 4);
        out[3] -= 1;
        assert_eq!(packets(&out).next(), Some(Err(Error::Truncated)));
    }
}
