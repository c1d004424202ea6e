//! Media as they leave for the first time: a header of which most is the same each time, and a payload that lies elsewhere.

use wire::extension::AudioLevel;
use wire::rtp::{Outgoing, Template};

use super::{DownSlot, Leaving, NAMED_PACKETS, Path};

/// What of a slot's headers seldom changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    payload_type: u8,
    stream_id: u32,
    has_level: bool,
    is_named: bool,
}

/// The header of one kind, and where the values lie that change with each packet.
#[derive(Debug)]
pub(super) struct Head {
    kind: Kind,
    template: Template,
    transport_at: Option<usize>,
    level_at: Option<usize>,
}

impl DownSlot {
    /// Writes a packet at the end of the outgoing buffer, encrypted from `plain`: its payload, in which the slot's own numbers
    /// are written. Returns its bytes; `None` when its header is one that must be written whole.
    pub(super) fn write_media(
        &mut self,
        leaving: &Leaving<'_>,
        plain: &mut [u8],
        path: &mut Path<'_>,
    ) -> Option<usize> {
        let Leaving { admitted, packet, .. } = leaving;
        if packet.description.is_some() && self.extensions.dependency.is_some() {
            return None;
        }
        let kind = Kind {
            payload_type: leaving.payload_type,
            stream_id: leaving.stream_id,
            has_level: packet.audio_level.is_some(),
            is_named: self.packets < NAMED_PACKETS,
        };
        if self.head.as_ref().is_none_or(|head| head.kind != kind) {
            self.head = self.make_head(kind);
        }
        let head = self.head.as_ref()?;
        if let Some(picture) = admitted.picture {
            packet.frame.rewrite(plain, picture);
        }
        let keys = &*path.keys;
        let clear = head.template.bytes();
        let len = clear + plain.len() + keys.tag_bytes();
        path.out.fill(path.to, len, |bytes| {
            head.template.write(bytes, admitted.marker, leaving.index as u16, admitted.timestamp);
            if let Some(at) = head.transport_at {
                bytes[at..at + 2].copy_from_slice(&leaving.transport_sequence.to_be_bytes());
            }
            if let (Some(at), Some(level)) = (head.level_at, packet.audio_level) {
                bytes[at..=at].copy_from_slice(&level.encode());
            }
            keys.seal_rtp_from(plain, bytes, clear, leaving.ssrc, leaving.index);
        });
        Some(len)
    }

    fn make_head(&self, kind: Kind) -> Option<Head> {
        let header = Outgoing {
            marker: false,
            payload_type: kind.payload_type,
            sequence: 0,
            timestamp: 0,
            ssrc: self.ssrc,
            csrc: Some(kind.stream_id),
        };
        let ids = self.extensions;
        let level_id = ids.audio_level.filter(|_| kind.has_level);
        let level = AudioLevel { voice: false, below_overload_db: 0 }.encode();
        let values: [(Option<u8>, &[u8]); 3] = [
            (ids.transport_sequence, &[0, 0]),
            (level_id, &level),
            (ids.mid.filter(|_| kind.is_named), self.mid.as_bytes()),
        ];
        let mut extensions: [(u8, &[u8]); 3] = [(0, &[]); 3];
        let mut count = 0;
        for (id, value) in values {
            if let Some(id) = id {
                extensions[count] = (id, value);
                count += 1;
            }
        }
        let template = Template::new(&header, &extensions[..count])?;
        let place = |id: Option<u8>| id.and_then(|id| template.place(id));
        Some(Head { kind, template, transport_at: place(ids.transport_sequence), level_at: place(level_id) })
    }
}
