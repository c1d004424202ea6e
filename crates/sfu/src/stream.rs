//! What one participant publishes on one line, and who gets it.

use std::time::Instant;

use crate::Source;
use crate::cache::PacketCache;
use crate::clock::ntp_to_ticks;
use crate::forward::MediaPacket;
use crate::key_frames::KeyFrameRequests;
use crate::sdp::CodecKind;
use crate::speech;

/// One receiver of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    /// Key of the peer.
    pub(crate) peer: u32,
    /// Index of its slot.
    pub(crate) slot: usize,
}

/// One stream. It has one layer; more of them come with simulcast.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Key of the publisher.
    pub(crate) publisher: u32,
    pub(crate) source: Source,
    /// Stands as CSRC in every packet that is forwarded: a name that lasts as long as the publisher's stay.
    pub(crate) stable_id: u32,
    /// By `SetSources`; packets of a stream that is off go nowhere.
    pub(crate) on: bool,
    /// Of the last packet; `None` before the first.
    pub(crate) codec: Option<CodecKind>,
    pub(crate) routes: Vec<Route>,
    pub(crate) key_frames: KeyFrameRequests,
    pub(crate) cache: PacketCache,
    /// The publisher's clock against ours.
    reference: Option<Reference>,
    /// Loudest packet since the room looked last, in decibels below overload.
    peak: Option<u8>,
    started: bool,
}

/// A moment in our wall clock and in the stream's time stamps.
#[derive(Debug, Clone, Copy)]
struct Reference {
    ntp: u64,
    timestamp: u32,
}

impl Stream {
    pub(crate) fn new(publisher: u32, source: Source, stable_id: u32) -> Self {
        Self {
            publisher,
            source,
            stable_id,
            on: false,
            codec: None,
            routes: Vec::new(),
            key_frames: KeyFrameRequests::default(),
            cache: PacketCache::default(),
            reference: None,
            peak: None,
            started: false,
        }
    }

    /// Notes a packet of a stream that is on. Returns whether it is the first since it was switched on.
    pub(crate) fn packet(&mut self, packet: &MediaPacket<'_>, now: Instant) -> bool {
        self.codec = Some(packet.codec);
        if packet.codec == CodecKind::Opus {
            let level = packet.audio_level.map_or(speech::UNKNOWN_LEVEL, |it| it.below_overload_db);
            self.peak = Some(self.peak.map_or(level, |peak| peak.min(level)));
        } else {
            self.cache.insert(packet, now);
            if packet.frame.begins_decoding {
                self.key_frames.came(now);
            }
        }
        !std::mem::replace(&mut self.started, true)
    }

    /// Switches the stream on or off. What was known of its clock may not hold for the next camera.
    pub(crate) fn switch(&mut self, on: bool) {
        self.on = on;
        self.started = false;
        self.peak = None;
        self.reference = None;
        self.key_frames.cancel();
    }

    /// The publisher's report says that its `timestamp` was at `ntp` of our clock. Returns whether that was not known.
    pub(crate) fn reported(&mut self, ntp: u64, timestamp: u32) -> bool {
        self.reference.replace(Reference { ntp, timestamp }).is_none()
    }

    /// The publisher's time stamp at `ntp` of our clock.
    ///
    /// Nothing before its first sender report: a guess from arrivals would be off by what capture and encoding took,
    /// and receivers mix it into their estimate for as long as 20 reports.
    pub(crate) fn timestamp_at(&self, ntp: u64) -> Option<u32> {
        let reference = self.reference?;
        let elapsed = ntp_to_ticks(ntp.wrapping_sub(reference.ntp).cast_signed(), self.codec?.clock_rate());
        Some(reference.timestamp.wrapping_add(elapsed as u32))
    }

    /// The loudest packet since the last call, for [`speech::Speech::tick`].
    pub(crate) fn take_peak(&mut self) -> Option<u8> {
        self.peak.take()
    }
}
