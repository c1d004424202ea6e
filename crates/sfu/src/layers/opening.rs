//! Where somebody can begin with a layer: the last key frame and what followed ([decision 17]).
//!
//! [decision 17]: ../../../../docs/decisions/0017-newcomers.md

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::cache::PacketCache;
use crate::forward::MediaPacket;

/// Who comes is sent what followed the last key frame, up to this age. Longer makes a newcomer's picture late until it has caught
/// up, shorter lets it wait: publishers are asked for one in 300 ms at most.
const CATCH_UP: Duration = Duration::from_millis(500);
/// No more of it than this, since it leaves in one burst where nothing is known of the way: 400 ms at 5 Mbit/s.
const CATCH_UP_BYTES: usize = 256 * 1024;

/// A picture that is being sent gets so long to end before another layer takes its place. Packets of one picture come apart
/// by no more than a few pictures; longer keeps who waits for a smaller layer on a large one.
const END: Duration = Duration::from_millis(100);

/// Packets of one numbering, from the first of a key frame on.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) epoch: u32,
    pub(crate) sequences: RangeInclusive<u64>,
    timestamp: u32,
    came: Instant,
}

impl Opening {
    /// Notes a packet of a layer that has this one. A key frame that comes late opens nothing: the newer one is nearer.
    pub(super) fn note(opening: &mut Option<Self>, packet: &MediaPacket<'_>, now: Instant) {
        let MediaPacket { epoch, sequence, timestamp, .. } = *packet;
        match opening {
            // What a described frame needs is told only to those who saw what came before.
            _ if packet.description.is_some() => *opening = None,
            Some(it) if it.epoch == epoch && (!packet.frame.begins_decoding || it.timestamp == timestamp) => {
                it.extend(packet);
            }
            Some(it) if it.epoch == epoch && sequence < *it.sequences.end() => {}
            _ if packet.frame.begins_decoding => {
                *opening = Some(Self { epoch, sequences: sequence..=sequence, timestamp, came: now });
            }
            _ => *opening = None,
        }
    }

    fn extend(&mut self, packet: &MediaPacket<'_>) {
        let (first, newest) = (*self.sequences.start(), *self.sequences.end());
        let is_earlier = packet.frame.begins_decoding && packet.timestamp == self.timestamp;
        let first = if is_earlier { first.min(packet.sequence) } else { first };
        self.sequences = first..=newest.max(packet.sequence);
    }

    /// What was published since then can be caught up with.
    pub(super) fn is_young(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.came) <= CATCH_UP
    }

    /// Who waits with it for another picture's end waits no longer.
    pub(crate) fn is_overdue(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.came) >= END
    }

    /// All of it is at hand, and no more than may leave in one burst.
    pub(super) fn is_whole(&self, cache: &PacketCache, now: Instant) -> bool {
        let first = *self.sequences.start();
        let before = first.checked_sub(1).and_then(|it| cache.get(self.epoch, it, now));
        // Where the codec does not say which packet is a picture's first, the one before it does.
        let is_first = cache.get(self.epoch, first, now).is_some_and(|it| it.frame.begins_picture)
            || before.is_some_and(|it| it.timestamp != self.timestamp);
        let mut bytes = 0;
        is_first
            && self.sequences.clone().all(|sequence| {
                let packet = cache.get(self.epoch, sequence, now);
                bytes += packet.map_or(0, |it| it.payload.len());
                packet.is_some() && bytes <= CATCH_UP_BYTES
            })
    }
}
