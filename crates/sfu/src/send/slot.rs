//! One fixed place in a downlink (DESIGN §6).

use std::sync::Arc;
use std::time::Instant;

use super::packet::Head;
use super::resent::Resent;
use crate::codec::{AUDIO_CLOCK, VIDEO_CLOCK};
use crate::forward::Rewriter;
use crate::random::Random;
use crate::sdp::{CodecKind, ExtensionIds, Line, SlotKind};
use crate::{LayerReason, Slot, Source};

/// What fills a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    /// Key of the stream.
    pub(crate) stream: u32,
    /// Whose.
    pub(crate) peer: Arc<str>,
    pub(crate) source: Source,
    /// The stream begins no earlier.
    pub(crate) rtp_timestamp: u32,
    pub(crate) cannot_decode: bool,
    /// There is no room for it on the way down.
    pub(crate) paused: bool,
    /// Which layer of a picture it gets, and why: as the last statistics saw it.
    pub(crate) layer: Option<Arc<str>>,
    pub(crate) reason: Option<LayerReason>,
}

/// A receive-only line of the peer's offer, and what we send on it.
#[derive(Debug)]
pub(crate) struct DownSlot {
    pub(crate) mid: Arc<str>,
    pub(crate) kind: SlotKind,
    pub(crate) ssrc: u32,
    pub(crate) rtx_ssrc: u32,
    pub(crate) extensions: ExtensionIds,
    pub(crate) content: Option<Content>,
    pub(crate) rewriter: Rewriter,
    /// Number of the next retransmission, with its roll-over counter.
    pub(crate) rtx_sequence: u64,
    pub(crate) resent: Resent,
    /// Sent on the SSRC since the beginning.
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// Payload bytes, as sender reports count them.
    pub(crate) octets: u32,
    pub(crate) retransmitted: u64,
    /// Of `bytes`, what the last statistics counted.
    pub(crate) counted_bytes: u64,
    /// As the receiver reported last.
    pub(crate) lost: u64,
    pub(crate) jitter_ms: f64,
    /// The highest number of which the receiver reported, and when.
    pub(crate) reported: Option<(u32, Instant)>,
    /// (codec, payload type, retransmission payload type) as the client numbers them.
    codecs: Vec<(CodecKind, u8, Option<u8>)>,
    /// Of the last packet of media.
    pub(super) head: Option<Head>,
    /// Payload type of packets of sound that carry earlier ones (RFC 2198).
    pub(super) red: Option<u8>,
}

impl DownSlot {
    /// `ssrcs` are that of media and that of retransmissions.
    pub(crate) fn new(
        line: &Line,
        kind: SlotKind,
        ssrcs: [u32; 2],
        random: &mut Random,
        now: Instant,
    ) -> Self {
        let [ssrc, rtx_ssrc] = ssrcs;
        let clock_rate = if kind == SlotKind::Video { VIDEO_CLOCK } else { AUDIO_CLOCK };
        Self {
            mid: Arc::clone(&line.mid),
            kind,
            ssrc,
            rtx_ssrc,
            extensions: line.extensions,
            content: None,
            rewriter: Rewriter::new(clock_rate, random.u32() as u16, random.u32(), now),
            rtx_sequence: u64::from(random.u32() & 0x7fff),
            resent: Resent::default(),
            packets: 0,
            bytes: 0,
            octets: 0,
            retransmitted: 0,
            counted_bytes: 0,
            lost: 0,
            jitter_ms: 0.0,
            reported: None,
            codecs: line.codecs.iter().map(|it| (it.kind, it.payload_type, it.rtx_payload_type)).collect(),
            head: None,
            red: line.codecs.iter().find_map(|it| it.red_payload_type),
        }
    }

    /// Payload type of media and of retransmissions, if the client decodes the codec: of the very format, else of one that has
    /// more than is needed.
    pub(crate) fn payload_types(&self, codec: CodecKind) -> Option<(u8, Option<u8>)> {
        let same = self.codecs.iter().find(|(it, ..)| *it == codec);
        let taken = same.or_else(|| self.codecs.iter().find(|(it, ..)| it.decodes(codec)));
        taken.map(|(_, media, rtx)| (*media, *rtx))
    }

    /// Payload type of retransmissions, of whichever codec.
    pub(crate) fn rtx(&self) -> Option<u8> {
        self.codecs.iter().find_map(|(.., rtx)| *rtx)
    }

    /// Whether its packets carry transport-wide numbers: lines differ in that (Firefox numbers no sound).
    pub(crate) fn is_numbered(&self) -> bool {
        self.extensions.transport_sequence.is_some()
    }

    pub(crate) fn clock_rate(&self) -> u32 {
        if self.kind == SlotKind::Video { VIDEO_CLOCK } else { AUDIO_CLOCK }
    }

    /// Fills the slot with another stream, or empties it.
    pub(crate) fn fill(&mut self, content: Option<(u32, Arc<str>, Source)>) {
        let rtp_timestamp = self.rewriter.switch();
        self.content = content.map(|(stream, peer, source)| Content {
            stream,
            peer,
            source,
            rtp_timestamp,
            cannot_decode: false,
            paused: false,
            layer: None,
            reason: None,
        });
    }

    /// Notes whether the client decodes the codec of what is in the slot; returns whether that is news.
    pub(crate) fn judge(&mut self, codec: Option<CodecKind>) -> bool {
        let cannot = codec.is_some_and(|codec| self.payload_types(codec).is_none());
        self.content.as_mut().is_some_and(|it| std::mem::replace(&mut it.cannot_decode, cannot) != cannot)
    }

    /// Notes whether there is room for what is in the slot; returns whether that is news.
    pub(crate) fn pause(&mut self, paused: bool) -> bool {
        self.content.as_mut().is_some_and(|it| std::mem::replace(&mut it.paused, paused) != paused)
    }

    /// As events show it.
    pub(crate) fn describe(&self) -> Slot {
        let empty = match self.kind {
            SlotKind::Speech => Source::Microphone,
            SlotKind::ScreenAudio => Source::ScreenAudio,
            SlotKind::Video => Source::Camera,
        };
        Slot {
            mid: Arc::clone(&self.mid),
            peer: self.content.as_ref().map(|it| Arc::clone(&it.peer)),
            source: self.content.as_ref().map_or(empty, |it| it.source),
            rtp_timestamp: self.content.as_ref().map_or(0, |it| it.rtp_timestamp),
            cannot_decode: self.content.as_ref().is_some_and(|it| it.cannot_decode),
            paused: self.content.as_ref().is_some_and(|it| it.paused),
        }
    }
}
