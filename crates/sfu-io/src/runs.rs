//! Joins datagrams to one receiver into runs that the kernel cuts apart again (`UDP_SEGMENT`).
//!
//! The engine forwards packet by packet, so an outbox holds p1→a, p1→b, p2→a, p2→b. Here that becomes two runs, p1 p2→a
//! and p1 p2→b: one system call and one walk through the network stack each, without copying. Datagrams to one receiver
//! keep their order.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use sfu::{Batch, MAX_SEGMENTS, Outbox, Remote};

/// One call of `sendmsg`.
#[derive(Debug)]
pub(crate) struct Run {
    /// Receiver.
    pub(crate) to: Remote,
    /// Bytes of each datagram but the last.
    pub(crate) segment: usize,
    /// Where the bytes are in the outbox: start and length.
    parts: [(usize, usize); MAX_SEGMENTS],
    used: usize,
    /// Bytes of all parts.
    len: usize,
}

impl Run {
    fn new(batch: &Batch) -> Self {
        let mut parts = [(0, 0); MAX_SEGMENTS];
        parts[0] = (batch.start, batch.len);
        Self { to: batch.to, segment: batch.segment, parts, used: 1, len: batch.len }
    }

    /// The bytes, in order: whole datagrams in each part.
    pub(crate) fn parts<'a>(&self, outbox: &'a Outbox) -> impl ExactSizeIterator<Item = &'a [u8]> {
        self.parts[..self.used].iter().map(|(start, len)| &outbox.bytes()[*start..start + len])
    }

    /// How many datagrams it makes.
    pub(crate) fn datagrams(&self) -> usize {
        self.len.div_ceil(self.segment)
    }

    /// Appends, if the run stays one of equal datagrams (the last may be shorter) and short enough.
    fn append(&mut self, batch: &Batch) -> bool {
        let whole = self.len.is_multiple_of(self.segment);
        let fits = batch.segment == self.segment || (batch.len == batch.segment && batch.len < self.segment);
        let count = self.datagrams() + batch.len.div_ceil(batch.segment);
        if !whole || !fits || count > MAX_SEGMENTS {
            return false;
        }
        self.parts[self.used] = (batch.start, batch.len);
        self.used += 1;
        self.len += batch.len;
        true
    }
}

/// Finds the runs of an outbox. Keeps its memory from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    runs: Vec<Run>,
    /// The last run of each receiver, by its place in the list.
    last: HashMap<Remote, usize, BuildHasherDefault<AddressHasher>>,
}

impl Joiner {
    /// Every datagram of the outbox in some run; the runs of one receiver in order.
    pub(crate) fn join(&mut self, outbox: &Outbox) -> &[Run] {
        self.runs.clear();
        self.last.clear();
        for (batch, _) in outbox.batches() {
            let place = self.last.entry(batch.to).or_insert(usize::MAX);
            if self.runs.get_mut(*place).is_some_and(|run| run.append(batch)) {
                continue;
            }
            *place = self.runs.len();
            self.runs.push(Run::new(batch));
        }
        &self.runs
    }
}

/// Multiplies and rotates. The table lives for one outbox of a few hundred authenticated addresses, so that collisions
/// made on purpose cost next to nothing, and the standard hasher would cost as much as encryption.
#[derive(Debug, Default)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u16(&mut self, value: u16) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }

    fn write_u64(&mut self, value: u64) {
        // 2⁶⁴ ÷ golden ratio, odd: spreads every bit upwards; the rotation brings it down again.
        self.0 = (self.0.rotate_left(26) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(32)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use sfu::Outbox;

    use super::Joiner;

    /// Receiver and datagrams of each run, as (byte, length).
    fn joined(datagrams: &[(u16, u8, usize)]) -> Vec<(u16, usize, Vec<u8>)> {
        let mut outbox = Outbox::new();
        for (port, byte, len) in datagrams {
            let to = SocketAddr::from(([127, 0, 0, 1], *port));
            outbox.push(to, |buffer| buffer.resize(buffer.len() + len, *byte));
        }
        let mut joiner = Joiner::default();
        let runs = joiner.join(&outbox).iter();
        runs.map(|run| {
            let bytes: Vec<u8> = run.parts(&outbox).flatten().copied().collect();
            let firsts = bytes.chunks(run.segment).map(|datagram| datagram[0]).collect();
            (run.to.address.port(), run.datagrams(), firsts)
        })
        .collect()
    }

    #[test]
    fn interleaved_receivers_get_one_run_each() {
        let datagrams = [(1, 10, 100), (2, 10, 100), (1, 11, 100), (2, 11, 100), (1, 12, 60), (2, 12, 60)];
        assert_eq!(joined(&datagrams), [(1, 3, vec![10, 11, 12]), (2, 3, vec![10, 11, 12])]);
    }

    #[test]
    fn a_short_datagram_ends_a_run() {
        let datagrams = [(1, 10, 100), (2, 0, 9), (1, 11, 60), (2, 0, 9), (1, 12, 60)];
        assert_eq!(joined(&datagrams), [(1, 2, vec![10, 11]), (2, 2, vec![0, 0]), (1, 1, vec![12])]);
    }

    #[test]
    fn a_longer_datagram_begins_a_run() {
        let datagrams = [(1, 10, 60), (2, 0, 9), (1, 11, 100), (2, 1, 8), (1, 12, 100)];
        assert_eq!(joined(&datagrams), [(1, 1, vec![10]), (2, 2, vec![0, 1]), (1, 2, vec![11, 12])]);
    }

    #[test]
    fn runs_are_bounded_and_keep_their_order() {
        let datagrams: Vec<_> = (0..20).flat_map(|n| [(1, n, 100), (2, n, 100)]).collect();
        let runs = joined(&datagrams);
        for port in [1, 2] {
            let own: Vec<_> = runs.iter().filter(|run| run.0 == port).collect();
            assert_eq!(own.iter().map(|run| run.1).collect::<Vec<_>>(), [8, 8, 4]);
            let order: Vec<u8> = own.iter().flat_map(|run| run.2.clone()).collect();
            assert_eq!(order, (0..20).collect::<Vec<_>>());
        }
    }
}
