//! How a packet is written for its receiver: whole, or, as most media, behind a header of which most is the same each time and
//! from a payload that lies elsewhere.

use std::time::Instant;

use wire::dependency::Rewritten;
use wire::extension::AudioLevel;
use wire::rtcp::SenderInfo;
use wire::rtp::{Outgoing, Template, write_header};

use super::{DownSlot, Path, probing};
use crate::clock::Clock;
use crate::forward::{Admitted, MediaPacket};
use crate::slab::Slab;
use crate::stream::Stream;

/// Packets of a slot that carry its mid: until the receiver has surely bound the SSRC that the answer named anyway.
const NAMED_PACKETS: u64 = 100;

/// One packet as it leaves for one receiver.
pub(super) struct Leaving<'a> {
    pub(super) payload_type: u8,
    pub(super) ssrc: u32,
    /// Number on that SSRC, with the roll-over counter above 16 bits.
    pub(super) index: u64,
    /// Of what is sent again (RFC 4588 §4).
    pub(super) original: Option<u16>,
    pub(super) stream_id: u32,
    pub(super) transport_sequence: u16,
    pub(super) admitted: Admitted,
    pub(super) packet: &'a MediaPacket<'a>,
}

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

    /// A packet that was sent as `sequence` and is still kept, how it goes out again, and as which payload type.
    pub(super) fn kept<'a>(
        &self,
        sequence: u16,
        stream: &'a Stream,
        now: Instant,
    ) -> Option<(MediaPacket<'a>, Admitted, u8)> {
        let origin = self.rewriter.origin(sequence)?;
        let packet =
            stream.layers[usize::from(origin.layer)].cache.get(origin.epoch, origin.sequence, now)?;
        Some((packet, self.rewriter.again(&packet)?, self.payload_types(packet.codec)?.1?))
    }

    /// Writes a packet of nothing but padding on the SSRC of retransmissions; returns its bytes.
    pub(super) fn write_padding(&self, transport_sequence: u16, path: &mut Path<'_>) -> usize {
        let header = Outgoing {
            marker: false,
            payload_type: self.rtx().unwrap_or_default(),
            sequence: self.rtx_sequence as u16,
            timestamp: self.rewriter.last_timestamp(),
            ssrc: self.rtx_ssrc,
            csrc: None,
        };
        let transport_sequence = transport_sequence.to_be_bytes();
        let id = self.extensions.transport_sequence.unwrap_or_default();
        let keys = &mut *path.keys;
        let mut sent = 0;
        path.out.push(path.to, |bytes| {
            let start = bytes.len();
            let head = write_header(bytes, &header, &[(id, &transport_sequence)]);
            probing::write_padding(bytes, start, probing::PADDING);
            keys.seal_rtp(bytes, start, head, self.rtx_sequence);
            sent = bytes.len() - start;
        });
        sent
    }

    /// Writes and encrypts a packet at the end of the outgoing buffer; returns its bytes.
    pub(super) fn write(&self, leaving: &Leaving<'_>, path: &mut Path<'_>) -> usize {
        let Leaving { admitted, packet, .. } = leaving;
        let header = Outgoing {
            marker: admitted.marker,
            payload_type: leaving.payload_type,
            sequence: leaving.index as u16,
            timestamp: admitted.timestamp,
            ssrc: leaving.ssrc,
            csrc: Some(leaving.stream_id),
        };
        let transport_sequence = leaving.transport_sequence.to_be_bytes();
        let level = packet.audio_level.map(AudioLevel::encode);
        let dependency = packet.description.filter(|_| !admitted.empty).and_then(|it| {
            let active = (admitted.active != 0).then_some(admitted.active);
            Some(it.read?.rewrite(it.value, admitted.frame, active))
        });
        let mut extensions: [(u8, &[u8]); 4] = [(0, &[]); 4];
        let mut count = 0;
        let named = self.packets < NAMED_PACKETS;
        let candidates: [(Option<u8>, Option<&[u8]>); 4] = [
            (self.extensions.transport_sequence, Some(&transport_sequence)),
            (self.extensions.audio_level, level.as_ref().map(<[u8; 1]>::as_slice)),
            (self.extensions.mid.filter(|_| named), Some(self.mid.as_bytes())),
            (self.extensions.dependency, dependency.as_ref().map(Rewritten::as_bytes)),
        ];
        for (id, value) in candidates {
            if let (Some(id), Some(value)) = (id, value) {
                extensions[count] = (id, value);
                count += 1;
            }
        }
        let keys = &mut *path.keys;
        let mut sent = 0;
        path.out.push(path.to, |bytes| {
            let start = bytes.len();
            let head = write_header(bytes, &header, &extensions[..count]);
            if let Some(original) = leaving.original {
                bytes.extend_from_slice(&original.to_be_bytes());
            }
            let payload = bytes.len();
            match (admitted.empty, leaving.original) {
                (false, _) => bytes.extend_from_slice(packet.payload),
                (true, None) => probing::write_padding(bytes, start, 1),
                (true, Some(_)) => {} // the number says it all
            }
            if let Some(picture) = admitted.picture {
                packet.frame.rewrite(&mut bytes[payload..], picture);
            }
            keys.seal_rtp(bytes, start, head, leaving.index);
            sent = bytes.len() - start;
        });
        sent
    }

    /// What a sender report says of this slot now: the time of day of the publisher's clock, in the slot's numbering.
    pub(super) fn sender_info(
        &self,
        now: Instant,
        streams: &Slab<Stream>,
        clock: Clock,
    ) -> Option<SenderInfo> {
        let stream = streams.get(self.content.as_ref()?.stream)?;
        let ntp = clock.ntp(now);
        let rtp_timestamp = self.rewriter.timestamp_of(stream.timestamp_at(self.rewriter.layer()?, ntp)?)?;
        Some(SenderInfo { ntp, rtp_timestamp, packets: self.packets as u32, bytes: self.octets })
    }
}
