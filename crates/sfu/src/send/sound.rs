//! Sound on its way down: it never waits, and where packets are lost it carries earlier ones along.

use std::time::Instant;

use wire::red::{MAX_BLOCK_BYTES, MAX_OFFSET, write_earlier};

use super::redundancy::MOST;
use super::{DownSlot, Downlink, Path};
use crate::clock::Now;
use crate::drops::Drop;
use crate::forward::{Admitted, Limit, MediaPacket};
use crate::stream::Stream;

/// Earlier packets, oldest first: how many ticks before, and what they hold.
type Earlier<'a> = ([(u32, &'a [u8]); MOST], usize);

impl Downlink {
    /// Sends a packet of sound in slot `slot`. Returns whether the stream begins with it. `plain` is a copy of its payload
    /// that may be changed.
    pub(super) fn sound(
        &mut self,
        now: Now,
        slot: usize,
        stream: &Stream,
        (packet, plain): (&MediaPacket<'_>, &mut [u8]),
        path: &mut Path<'_>,
    ) -> Result<bool, Drop> {
        let depth = self.redundancy.depth();
        let place = &mut self.slots[slot];
        let (payload_type, _) = place.payload_types(packet.codec).ok_or(Drop::CannotDecode)?;
        let admitted =
            place.rewriter.admit(packet, Limit::ALL, now.at, |layer| stream.translate(packet, layer))?;
        if depth > 0
            && let Some(red) = place.red
            && let (earlier, count @ 1..) = place.earlier(stream, packet, admitted, depth, now.at)
        {
            let mut payload = std::mem::take(&mut self.redundant);
            payload.clear();
            write_earlier(&mut payload, payload_type, earlier[MOST - count..].iter().copied());
            payload.extend_from_slice(packet.payload);
            let whole = MediaPacket { payload: &payload, ..*packet };
            self.leave(now, (slot, red), stream.stable_id, (&whole, None, admitted, None), path);
            self.redundant = payload;
        } else {
            self.leave(
                now,
                (slot, payload_type),
                stream.stable_id,
                (packet, Some(plain), admitted, None),
                path,
            );
        }
        Ok(admitted.begins)
    }

    /// Of so many packets that went down so many were lost. Who takes no redundancy needs no room for it.
    pub(crate) fn lost(&mut self, now: Instant, packets: u32, lost: u32) {
        if self.slots.iter().any(|slot| slot.red.is_some()) {
            self.redundancy.told(now, packets, lost);
        }
    }
}

impl DownSlot {
    /// Up to `depth` packets that went out right before this one, and how many of the last places of the array they take.
    /// Receivers may know them by their order alone, so that there is no gap between them.
    fn earlier<'a>(
        &self,
        stream: &'a Stream,
        packet: &MediaPacket<'_>,
        admitted: Admitted,
        depth: usize,
        now: Instant,
    ) -> Earlier<'a> {
        let mut earlier: [(u32, &[u8]); MOST] = [(0, &[]); MOST];
        let mut count = 0;
        while count < depth {
            let sequence = admitted.sequence.wrapping_sub(count as u64 + 1) as u16;
            let Some(origin) = self.rewriter.origin(sequence) else { break };
            let cache = &stream.layers[usize::from(origin.layer)].cache;
            let Some(before) = cache.get(origin.epoch, origin.sequence, now) else { break };
            let offset = packet.timestamp.wrapping_sub(before.timestamp);
            if offset > MAX_OFFSET || before.payload.len() > MAX_BLOCK_BYTES {
                break;
            }
            count += 1;
            earlier[MOST - count] = (offset, before.payload);
        }
        (earlier, count)
    }
}
