//! What a stream sent lately, kept once for all its receivers: what they missed goes out again from it (RFC 4588, RFC 2198).

use std::time::{Duration, Instant};

use wire::dependency::Descriptor;

use crate::codec::Frame;
use crate::forward::{Description, MediaPacket};
use crate::sdp::CodecKind;

/// How much is kept.
#[derive(Debug)]
struct Size {
    /// Packets that can be found; a power of two.
    entries: usize,
    first_bytes: usize,
    most_bytes: usize,
}

/// At 1000 packets a second, more than any camera sends, a second; at first the bytes of a thumbnail, at most a second at
/// 8 Mbit/s. Larger costs memory per publisher, smaller loses repairs of good cameras.
const PICTURES: Size = Size { entries: 1024, first_bytes: 64 * 1024, most_bytes: 1024 * 1024 };

/// A second of speech, and of music more than redundancy reaches back to.
const SOUND: Size = Size { entries: 64, first_bytes: 8 * 1024, most_bytes: 8 * 1024 };

/// What the buffer grows for: jitter buffers wait about this long.
const WORTH_KEEPING: Duration = Duration::from_secs(1);

/// Older packets are not sent again.
const MAX_AGE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy)]
struct Entry {
    epoch: u32,
    sequence: u64,
    /// Counts all bytes ever written: tells where the payload is, and whether it still is there.
    written_at: u64,
    /// Of the descriptor, if there is one, and of the payload after it.
    described: u8,
    len: u16,
    timestamp: u32,
    marker: bool,
    codec: CodecKind,
    layer: u8,
    came: Instant,
}

/// Payloads in a ring of bytes, found by sequence number.
#[derive(Debug, Default)]
pub(crate) struct PacketCache {
    entries: Vec<Option<Entry>>,
    /// What the descriptors of entries say; empty where the codec has none.
    descriptors: Vec<Option<Descriptor>>,
    ring: Vec<u8>,
    /// What the ring may grow to.
    most_bytes: usize,
    /// Bytes ever written; the next payload begins here, or at the ring's next turn when it would not fit.
    written: u64,
}

impl PacketCache {
    pub(crate) fn insert(&mut self, packet: &MediaPacket<'_>, now: Instant) {
        if packet.description.is_some_and(|it| it.read.is_none()) {
            return; // it goes to nobody
        }
        let described = packet.description.map_or(&[][..], |it| it.value);
        let len = described.len() + packet.payload.len();
        if self.ring.is_empty() {
            let size = if packet.codec == CodecKind::Opus { SOUND } else { PICTURES };
            self.entries.resize(size.entries, None);
            self.ring.resize(size.first_bytes, 0);
            self.most_bytes = size.most_bytes;
        }
        if packet.payload.is_empty() || len > self.ring.len() {
            return;
        }
        if self.is_turned_by(len) {
            self.grow_for(now);
        }
        let size = self.ring.len() as u64;
        let at = if self.is_turned_by(len) { self.written.next_multiple_of(size) } else { self.written };
        let start = (at % size) as usize;
        let place = &mut self.ring[start..start + len];
        if !described.is_empty() {
            place[..described.len()].copy_from_slice(described);
            self.descriptors.resize(self.entries.len(), None);
            let at = packet.sequence as usize & (self.entries.len() - 1); // as in [`Self::place`]
            self.descriptors[at] = packet.description.and_then(|it| it.read);
        }
        place[described.len()..].copy_from_slice(packet.payload);
        self.written = at + len as u64;
        let place = self.place(packet.sequence);
        self.entries[place] = Some(Entry {
            epoch: packet.epoch,
            sequence: packet.sequence,
            written_at: at,
            described: described.len() as u8,
            len: len as u16,
            timestamp: packet.timestamp,
            marker: packet.marker,
            codec: packet.codec,
            layer: packet.layer,
            came: now,
        });
    }

    /// Which entry is a packet's; the count is a power of two.
    fn place(&self, sequence: u64) -> usize {
        sequence as usize & self.entries.len().wrapping_sub(1)
    }

    /// The packet, if it is still there and young enough.
    pub(crate) fn get(&self, epoch: u32, sequence: u64, now: Instant) -> Option<MediaPacket<'_>> {
        let entry = self.entries.get(self.place(sequence))?.as_ref()?;
        let is_young = now.saturating_duration_since(entry.came) <= MAX_AGE;
        if is_young { self.held(epoch, sequence) } else { None }
    }

    /// The packet, if it is still there.
    pub(crate) fn held(&self, epoch: u32, sequence: u64) -> Option<MediaPacket<'_>> {
        let entry = self.entries.get(self.place(sequence))?.as_ref()?;
        if entry.sequence != sequence || entry.epoch != epoch {
            return None;
        }
        let size = self.ring.len() as u64;
        if self.written > entry.written_at + size {
            return None;
        }
        let start = (entry.written_at % size) as usize;
        let kept = &self.ring[start..start + usize::from(entry.len)];
        let (value, payload) = kept.split_at(usize::from(entry.described));
        let read = self.descriptors.get(self.place(sequence)).copied().flatten();
        Some(MediaPacket {
            codec: entry.codec,
            layer: entry.layer,
            epoch,
            sequence,
            timestamp: entry.timestamp,
            marker: entry.marker,
            audio_level: None,
            frame: Frame::parse(entry.codec, payload),
            description: (!value.is_empty()).then_some(Description { value, read }),
            payload,
        })
    }

    /// Whether the next payload, of so many bytes, begins a turn of the ring.
    fn is_turned_by(&self, len: usize) -> bool {
        let size = self.ring.len() as u64;
        let left = size - self.written % size;
        len as u64 > left || left == size && self.written > 0
    }

    /// Doubles the ring when a turn of it took less than what is worth keeping, once or twice at the start of a stream.
    /// What it held moves along: some of it may wait to be sent.
    fn grow_for(&mut self, now: Instant) {
        let size = self.ring.len() as u64;
        if size as usize >= self.most_bytes {
            return;
        }
        let oldest = self
            .entries
            .iter()
            .flatten()
            .filter(|it| it.written_at + size > self.written)
            .map(|it| it.came)
            .min();
        if oldest.is_some_and(|came| now.saturating_duration_since(came) < WORTH_KEEPING) {
            let mut larger = vec![0; self.ring.len() * 2];
            for it in self.entries.iter().flatten().filter(|it| it.written_at + size >= self.written) {
                let (from, len) = ((it.written_at % size) as usize, usize::from(it.len));
                let to = (it.written_at % (2 * size)) as usize;
                larger[to..to + len].copy_from_slice(&self.ring[from..from + len]);
            }
            // What was older lies where newer bytes would be looked for.
            let oldest = self.written.saturating_sub(size);
            self.entries
                .iter_mut()
                .filter(|it| it.is_some_and(|it| it.written_at < oldest))
                .for_each(|it| *it = None);
            self.ring = larger;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u64, payload: &[u8]) -> MediaPacket<'_> {
        MediaPacket {
            codec: CodecKind::Av1,
            layer: 0,
            epoch: 3,
            sequence,
            timestamp: sequence as u32 * 10,
            marker: sequence.is_multiple_of(2),
            audio_level: None,
            frame: Frame::parse(CodecKind::Av1, payload),
            description: None,
            payload,
        }
    }

    #[test]
    fn gives_back_what_it_was_given() {
        let now = crate::testing::some_moment();
        let mut cache = PacketCache::default();
        cache.insert(&packet(70_000, b"one"), now);
        cache.insert(&packet(70_001, b"three"), now);
        let found = cache.get(3, 70_000, now).unwrap();
        assert_eq!((found.payload, found.timestamp, found.marker), (&b"one"[..], 700_000, true));
        assert!(cache.get(3, 70_002, now).is_none(), "never came");
        assert!(cache.get(4, 70_000, now).is_none(), "of another epoch");
        assert!(cache.get(3, 70_000, now + Duration::from_secs(3)).is_none(), "too old");
    }

    #[test]
    fn keeps_a_second_of_a_fast_stream_within_its_bounds() {
        let start = crate::testing::some_moment();
        let mut cache = PacketCache::default();
        let at = |n: u64| start + Duration::from_millis(2) * n as u32;
        let payload = |n: u64| vec![n as u8; 1000 + (n % 7) as usize];
        for n in 0..5000 {
            cache.insert(&packet(n, &payload(n)), at(n));
        }
        for n in 4500..5000 {
            assert_eq!(cache.get(3, n, at(5000)).unwrap().payload, payload(n), "500 packets are a second");
        }
        assert!(cache.get(3, 3000, at(5000)).is_none());
        assert!(cache.ring.len() <= PICTURES.most_bytes);
    }

    #[test]
    fn sound_takes_little() {
        let now = crate::testing::some_moment();
        let mut cache = PacketCache::default();
        let spoken = |sequence| MediaPacket { codec: CodecKind::Opus, ..packet(sequence, &[7; 120]) };
        (0..1000).for_each(|n| cache.insert(&spoken(n), now));
        assert!((950..1000).all(|n| cache.get(3, n, now).is_some()), "a second");
        assert_eq!((cache.ring.len(), cache.entries.len()), (SOUND.most_bytes, SOUND.entries));
    }
}
