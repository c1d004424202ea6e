//! What a sender of redundant sound remembers (RFC 2198), as Chromium does it: the last packet goes along with each.

use str0m::rtp::{RedEncoder, RedundantBlock};

/// The last packet.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    last: Option<(u32, Vec<u8>)>,
}

impl Trail {
    /// The payload that holds `payload` and the one before it.
    pub(crate) fn wrap(&mut self, payload_type: u8, timestamp: u32, payload: Vec<u8>) -> Vec<u8> {
        let last = self.last.take().map(|(at, payload)| RedundantBlock {
            pt: payload_type,
            timestamp_offset: timestamp.wrapping_sub(at),
            payload,
        });
        let blocks: Vec<_> = last.into_iter().filter(RedundantBlock::fits).collect();
        let whole = RedEncoder::encode(payload_type, &payload, &blocks);
        self.last = Some((timestamp, payload));
        whole
    }
}
