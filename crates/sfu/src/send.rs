//! What a peer receives: its slots, numbered, encrypted in the outgoing buffer, repaired and reported.

mod budget;
mod resent;
mod slot;

pub(crate) use self::slot::DownSlot;

use std::net::SocketAddr;
use std::time::Instant;

use wire::extension::AudioLevel;
use wire::rtcp::{ReportBlock, SenderInfo, write_cname, write_receiver_report, write_sender_report};
use wire::rtp::{Outgoing, write_header};

use self::budget::RepairBudget;
use crate::Outbox;
use crate::clock::Clock;
use crate::drops::Drop;
use crate::forward::{Admitted, MediaPacket};
use crate::random::Random;
use crate::sdp::{CNAME, Line, Role};
use crate::slab::Slab;
use crate::srtp::Outbound;
use crate::stream::Stream;

/// Packets of a slot that carry its mid: until the receiver has surely bound the SSRC that the answer named anyway.
const NAMED_PACKETS: u64 = 100;

/// Where and how to send to one peer, for the time of one call.
pub(crate) struct Path<'a> {
    pub(crate) to: SocketAddr,
    pub(crate) keys: &'a mut Outbound,
    pub(crate) out: &'a mut Outbox,
}

impl Path<'_> {
    /// Sends what `write` appends as one RTCP datagram.
    pub(crate) fn rtcp(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let keys = &mut *self.keys;
        self.out.push(self.to, |bytes| {
            let start = bytes.len();
            write(bytes);
            if bytes.len() > start {
                keys.seal_rtcp(bytes, start);
            }
        });
    }
}

/// All receive-only lines of one peer.
#[derive(Debug)]
pub(crate) struct Downlink {
    pub(crate) slots: Vec<DownSlot>,
    /// Runs through all packets of the transport.
    transport_sequence: u16,
    budget: RepairBudget,
}

impl Downlink {
    pub(crate) fn new(lines: &[Line], random: &mut Random, now: Instant) -> Self {
        let mut downlink = Self { slots: Vec::new(), transport_sequence: 0, budget: RepairBudget::default() };
        downlink.add(lines, random, now);
        downlink
    }

    /// Adds slots for those of `lines` that are slots.
    pub(crate) fn add(&mut self, lines: &[Line], random: &mut Random, now: Instant) {
        for line in lines {
            let Role::Slot(kind) = line.role else { continue };
            let ssrc = self.unused_ssrc(None, random);
            let ssrcs = [ssrc, self.unused_ssrc(Some(ssrc), random)];
            self.slots.push(DownSlot::new(line, kind, ssrcs, random, now));
        }
    }

    /// Two slots with one SSRC would share nonces, and nobody could tell them apart.
    fn unused_ssrc(&self, taken: Option<u32>, random: &mut Random) -> u32 {
        loop {
            let ssrc = random.u32();
            let is_used = |slot: &DownSlot| slot.ssrc == ssrc || slot.rtx_ssrc == ssrc;
            if taken != Some(ssrc) && !self.slots.iter().any(is_used) {
                return ssrc;
            }
        }
    }

    /// Sends a packet of the stream in slot `slot`. Returns whether the stream begins with it.
    pub(crate) fn media(
        &mut self,
        now: Instant,
        slot: usize,
        stream: &Stream,
        packet: &MediaPacket<'_>,
        path: &mut Path<'_>,
    ) -> Result<bool, Drop> {
        let slot = &mut self.slots[slot];
        let payload_type = slot.payload_types(packet.codec).ok_or(Drop::CannotDecode)?.0;
        let admitted = slot.rewriter.admit(packet, now, |layer| stream.translate(packet, layer))?;
        let sent = slot.write(
            &Leaving {
                payload_type,
                ssrc: slot.ssrc,
                index: admitted.sequence,
                original: None,
                stream_id: stream.stable_id,
                transport_sequence: self.transport_sequence,
                admitted,
                packet,
            },
            path,
        );
        self.transport_sequence = self.transport_sequence.wrapping_add(1);
        slot.packets += 1;
        slot.bytes += sent as u64;
        slot.octets = slot.octets.wrapping_add(packet.payload.len() as u32);
        self.budget.earn(sent);
        Ok(admitted.begins)
    }

    /// Answers a request for packets of the slot with SSRC `media`; `drop` counts those that are not sent again.
    pub(crate) fn repair(
        &mut self,
        now: Instant,
        media: u32,
        sequences: impl Iterator<Item = u16>,
        streams: &Slab<Stream>,
        path: &mut Path<'_>,
        mut drop: impl FnMut(Drop),
    ) {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.ssrc == media) else { return };
        let Some(stream) = slot.content.as_ref().and_then(|it| streams.get(it.stream)) else { return };
        for sequence in sequences {
            let found = slot
                .rewriter
                .origin(sequence)
                .and_then(|it| stream.layers[usize::from(it.layer)].cache.get(it.epoch, it.sequence, now))
                .and_then(|packet| {
                    Some((packet, slot.rewriter.again(&packet)?, slot.payload_types(packet.codec)?.1?))
                });
            let Some((packet, admitted, payload_type)) = found else {
                drop(Drop::NackExpired);
                continue;
            };
            if !self.budget.allows(packet.payload.len()) || !slot.resent.allows(sequence, now) {
                drop(Drop::NackLimited);
                continue;
            }
            let sent = slot.write(
                &Leaving {
                    payload_type,
                    ssrc: slot.rtx_ssrc,
                    index: slot.rtx_sequence,
                    original: Some(sequence),
                    stream_id: stream.stable_id,
                    transport_sequence: self.transport_sequence,
                    admitted,
                    packet: &packet,
                },
                path,
            );
            self.transport_sequence = self.transport_sequence.wrapping_add(1);
            self.budget.spend(sent);
            slot.rtx_sequence += 1;
            slot.retransmitted += 1;
        }
    }

    /// Sends the sender report of one slot, if its stream flows.
    pub(crate) fn report_slot(
        &self,
        now: Instant,
        slot: usize,
        streams: &Slab<Stream>,
        clock: Clock,
        path: &mut Path<'_>,
    ) {
        let slot = &self.slots[slot];
        if let Some(info) = slot.sender_info(now, streams, clock) {
            path.rtcp(|bytes| {
                write_sender_report(bytes, slot.ssrc, &info, &[]);
                write_cname(bytes, slot.ssrc, CNAME.as_bytes());
            });
        }
    }

    /// Sends the reports of all slots in one compound, with `blocks` about what the peer itself publishes.
    pub(crate) fn reports(
        &self,
        now: Instant,
        own_ssrc: u32,
        blocks: &[ReportBlock],
        streams: &Slab<Stream>,
        clock: Clock,
        path: &mut Path<'_>,
    ) {
        path.rtcp(|bytes| {
            // A compound begins with a report (RFC 3550 §6.1).
            write_receiver_report(bytes, own_ssrc, blocks);
            write_cname(bytes, own_ssrc, CNAME.as_bytes());
            for slot in &self.slots {
                if let Some(info) = slot.sender_info(now, streams, clock) {
                    write_sender_report(bytes, slot.ssrc, &info, &[]);
                }
            }
        });
    }
}

/// One packet as it leaves for one receiver.
struct Leaving<'a> {
    payload_type: u8,
    ssrc: u32,
    /// Number on that SSRC, with the roll-over counter above 16 bits.
    index: u64,
    /// Of what is sent again (RFC 4588 §4).
    original: Option<u16>,
    stream_id: u32,
    transport_sequence: u16,
    admitted: Admitted,
    packet: &'a MediaPacket<'a>,
}

impl DownSlot {
    /// Writes and encrypts a packet at the end of the outgoing buffer; returns its bytes.
    fn write(&self, leaving: &Leaving<'_>, path: &mut Path<'_>) -> usize {
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
        let mut extensions: [(u8, &[u8]); 3] = [(0, &[]); 3];
        let mut count = 0;
        let named = self.packets < NAMED_PACKETS;
        let candidates: [(Option<u8>, Option<&[u8]>); 3] = [
            (self.extensions.transport_sequence, Some(&transport_sequence)),
            (self.extensions.audio_level, level.as_ref().map(<[u8; 1]>::as_slice)),
            (self.extensions.mid.filter(|_| named), Some(self.mid.as_bytes())),
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
            bytes.extend_from_slice(packet.payload);
            if let (Some(descriptor), Some((picture, tl0))) = (packet.frame.vp8, admitted.picture) {
                descriptor.rewrite(&mut bytes[payload..], picture, tl0);
            }
            keys.seal_rtp(bytes, start, head, leaving.index);
            sent = bytes.len() - start;
        });
        sent
    }

    /// What a sender report says of this slot now: the time of day of the publisher's clock, in the slot's numbering.
    fn sender_info(&self, now: Instant, streams: &Slab<Stream>, clock: Clock) -> Option<SenderInfo> {
        let stream = streams.get(self.content.as_ref()?.stream)?;
        let ntp = clock.ntp(now);
        let rtp_timestamp = self.rewriter.timestamp_of(stream.timestamp_at(self.rewriter.layer()?, ntp)?)?;
        Some(SenderInfo { ntp, rtp_timestamp, packets: self.packets as u32, bytes: self.octets })
    }
}
