//! One participant's connection: its transport, what it publishes, what it receives.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wire::rtcp::{ReportBlock, SenderInfo, TransportFeedback, write_pli};
use wire::rtp::Header;

use crate::bwe::Report;
use crate::clock::{Clock, Now};
use crate::drops::{Drop, Drops};
use crate::dtls::{DtlsServer, Progress};
use crate::forward::MediaPacket;
use crate::ice::{CONSENT_FAILURE, IceLite};
use crate::receive::{Received, Uplink};
use crate::sdp::Offer;
use crate::send::{Downlink, Path};
use crate::slab::Slab;
use crate::srtp::{Inbound, KeyPair, Outbound};
use crate::stream::{Route, Stream};
use crate::timers::Alarm;
use crate::{Outbox, Remote, Source, Tile};

/// From `AddPeer` to the end of the DTLS handshake. Longer keeps the dead in the room's memory, shorter loses people
/// on slow networks who still see "connecting".
pub(crate) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(20);

/// Between reports: browsers expect about one a second for lip-sync and for their own round-trip time.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Weight of a new round-trip time in the smoothed one, as in RFC 6298 §2.
const RTT_GAIN: f64 = 0.125;

/// A clock that runs away from ours is followed this slowly: 1/64 of the distance a report.
const CLOCK_GAIN_SHIFT: u32 = 6;

/// Why a peer is given up; the names stand in `PeerFailed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The handshake failed, the certificate was another's, or the peer closed the session.
    Dtls,
    /// DTLS was not up in time.
    Timeout,
    /// No authenticated check for too long.
    Consent,
    /// A bug met in the work for this peer.
    Panic,
    /// A bug met in the work for all of the worker's peers.
    Worker,
}

impl Failure {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dtls => "dtls",
            Self::Timeout => "timeout",
            Self::Consent => "consent",
            Self::Panic => "panic",
            Self::Worker => "worker",
        }
    }
}

/// What moved in a peer's transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transition {
    None,
    Connected,
    Failed(Failure),
}

/// ICE, DTLS and SRTP of one peer.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) ice: IceLite,
    dtls: DtlsServer,
    keys: Option<(Inbound, Outbound)>,
    created: Instant,
}

impl Transport {
    pub(crate) fn new(ice: IceLite, dtls: DtlsServer, now: Instant) -> Self {
        Self { ice, dtls, keys: None, created: now }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    /// Whether there is a way to send now.
    fn is_sending(&self, now: Instant) -> bool {
        self.has_consent(now) && self.ice.selected().is_some() && self.keys.is_some()
    }

    /// How to send now, or why not.
    pub(crate) fn path<'a>(&'a mut self, now: Instant, out: &'a mut Outbox) -> Result<Path<'a>, Drop> {
        if !self.has_consent(now) {
            return Err(Drop::NoConsent);
        }
        let to = self.ice.selected().ok_or(Drop::NoConsent)?;
        let (_, keys) = self.keys.as_mut().ok_or(Drop::SrtpEarly)?;
        Ok(Path { to, keys, out })
    }

    /// Tells the peer that it is not served any more.
    pub(crate) fn close(&mut self, now: Instant, out: &mut Outbox) {
        if let Some(to) = self.ice.selected()
            && self.has_consent(now)
        {
            self.dtls.close(to, out);
        }
    }

    /// RFC 7675 §5.1.
    pub(crate) fn has_consent(&self, now: Instant) -> bool {
        self.ice.has_consent(now)
    }

    fn dtls(&mut self, now: Instant, from: Remote, datagram: &[u8], out: &mut Outbox) -> Transition {
        let progress = self.dtls.receive(now, datagram, from, out);
        self.progress(progress)
    }

    fn progress(&mut self, progress: Progress) -> Transition {
        match progress {
            Progress::None => Transition::None,
            Progress::Failed => Transition::Failed(Failure::Dtls),
            Progress::Established(KeyPair { client, server }) => {
                self.keys = Some((Inbound::new(&client), Outbound::new(&server)));
                Transition::Connected
            }
        }
    }

    fn tick(&mut self, now: Instant, out: &mut Outbox) -> Transition {
        if !self.is_connected() && now >= self.created + HANDSHAKE_TIMEOUT {
            return Transition::Failed(Failure::Timeout);
        }
        if self.failure_at().is_some_and(|at| now >= at) {
            return Transition::Failed(Failure::Consent);
        }
        match self.ice.selected() {
            Some(to) if self.has_consent(now) => {
                let progress = self.dtls.timeout(now, to, out);
                self.progress(progress)
            }
            _ => Transition::None,
        }
    }

    fn failure_at(&self) -> Option<Instant> {
        self.ice.last_check().map(|at| at + CONSENT_FAILURE)
    }

    fn next_due(&self, now: Instant) -> Option<Instant> {
        let handshake = (!self.is_connected()).then_some(self.created + HANDSHAKE_TIMEOUT);
        let dtls =
            self.dtls.next_timeout().filter(|_| self.has_consent(now) && self.ice.selected().is_some());
        [handshake, dtls, self.failure_at()].into_iter().flatten().min()
    }
}

/// One participant.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) id: Arc<str>,
    /// Key of its room.
    pub(crate) room: u32,
    pub(crate) publish: bool,
    pub(crate) subscribe: bool,
    pub(crate) transport: Transport,
    pub(crate) uplink: Uplink,
    pub(crate) downlink: Downlink,
    pub(crate) view: Vec<Tile>,
    pub(crate) drops: Drops,
    pub(crate) alarm: Alarm,
    /// The last offer: a later one must keep its lines.
    pub(crate) offer: Offer,
    /// Of the SDP session: its id and how many answers there were.
    pub(crate) session: (u64, u64),
    rtt: Option<Duration>,
    /// Our NTP clock minus the peer's, with the shortest delay seen.
    clock_offset: Option<i64>,
    next_report: Instant,
    /// Report blocks under way; kept for its memory.
    blocks: Vec<ReportBlock>,
}

/// What makes a peer.
pub(crate) struct NewPeer {
    pub(crate) id: Arc<str>,
    pub(crate) room: u32,
    pub(crate) publish: bool,
    pub(crate) subscribe: bool,
    pub(crate) transport: Transport,
    pub(crate) uplink: Uplink,
    pub(crate) downlink: Downlink,
    pub(crate) offer: Offer,
    pub(crate) session_id: u64,
}

impl Peer {
    pub(crate) fn new(new: NewPeer, now: Instant) -> Self {
        Self {
            id: new.id,
            room: new.room,
            publish: new.publish,
            subscribe: new.subscribe,
            transport: new.transport,
            uplink: new.uplink,
            downlink: new.downlink,
            view: Vec::new(),
            drops: Drops::new(),
            alarm: Alarm::default(),
            offer: new.offer,
            session: (new.session_id, 0),
            rtt: None,
            clock_offset: None,
            next_report: now + REPORT_INTERVAL,
            blocks: Vec::new(),
        }
    }

    pub(crate) fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// The stream that the peer publishes from `source`.
    pub(crate) fn stream(&self, source: Source) -> Option<u32> {
        self.uplink.lines().iter().find(|line| line.source == source).map(|line| line.stream)
    }

    /// A DTLS record from an address that is the peer's.
    pub(crate) fn dtls(
        &mut self,
        now: Instant,
        from: Remote,
        datagram: &[u8],
        out: &mut Outbox,
    ) -> Transition {
        self.transport.dtls(now, from, datagram, out)
    }

    /// Opens an SRTP packet in place and finds what it is part of.
    pub(crate) fn open_rtp<'a>(
        &mut self,
        now: Instant,
        datagram: &'a mut [u8],
    ) -> Result<Received<'a>, Drop> {
        let header = Header::parse(datagram).map_err(|_| Drop::RtpMalformed)?;
        let (inbound, _) = self.transport.keys.as_mut().ok_or(Drop::SrtpEarly)?;
        let (_, end) = inbound.open_rtp(datagram, header.len)?;
        if !self.publish {
            return Err(Drop::NotPublisher);
        }
        self.uplink.packet(now, &header, &datagram[..end])
    }

    /// Opens an SRTCP packet in place.
    pub(crate) fn open_rtcp<'a>(&mut self, datagram: &'a mut [u8]) -> Result<&'a [u8], Drop> {
        let (inbound, _) = self.transport.keys.as_mut().ok_or(Drop::SrtpEarly)?;
        let end = inbound.open_rtcp(datagram)?;
        Ok(&datagram[..end])
    }

    /// Sends a packet of the stream in the slot of one of its routes. Returns whether the stream begins with it. `plain` is the
    /// payload, in which each receiver's own numbers are written.
    pub(crate) fn forward(
        &mut self,
        now: Now,
        route: &Route,
        stream: &Stream,
        (packet, plain): (&MediaPacket<'_>, &mut [u8]),
        out: &mut Outbox,
    ) -> Result<bool, Drop> {
        let mut path = self.transport.path(now.at, out)?;
        self.downlink.media(now, (route.slot, route.limit), stream, (packet, plain), &mut path)
    }

    /// Lets a stream begin with what followed its last key frame in a slot in which nothing was sent yet; returns whether it
    /// does.
    pub(crate) fn catch_up(
        &mut self,
        now: Now,
        (key, slot): (u32, usize),
        streams: &mut Slab<Stream>,
    ) -> bool {
        let content = self.downlink.slots[slot].content.as_ref();
        let shown = content.filter(|it| !it.cannot_decode && self.downlink.is_unused(slot));
        let Some(shown) = shown.map(|it| it.stream) else { return false };
        let Some(stream) = streams.get_mut(shown) else { return false };
        let Some(begin) = stream.open((key, slot), now.at) else { return false };
        self.downlink.replay(now, slot, (shown, stream), &begin);
        self.next_report = now.at; // which time of day it has
        true
    }

    /// Lets a stream's route go on with its next layer, if that can be now; returns whether it does.
    pub(crate) fn turn(&mut self, now: Now, route: usize, (key, stream): (u32, &mut Stream)) -> bool {
        let slot = stream.routes[route].slot;
        let Some(is_at_end) = self.downlink.is_at_end(slot) else { return false };
        let Some(begin) = stream.turn(route, is_at_end, now.at) else { return false };
        if self.transport.is_sending(now.at) {
            self.downlink.replay(now, slot, (key, stream), &begin);
            self.next_report = now.at;
        }
        true
    }

    /// Tells the receiver at once which time of day a stream has that has just begun in a slot.
    pub(crate) fn report_slot(
        &mut self,
        now: Instant,
        slot: usize,
        streams: &Slab<Stream>,
        clock: Clock,
        out: &mut Outbox,
    ) {
        if let Ok(mut path) = self.transport.path(now, out) {
            self.downlink.report_slot(now, slot, streams, clock, &mut path);
        }
    }

    /// A request of the peer for packets that it missed.
    pub(crate) fn repair(
        &mut self,
        now: Now,
        media: u32,
        sequences: impl Iterator<Item = u16>,
        streams: &Slab<Stream>,
        out: &mut Outbox,
    ) {
        let drops = &mut self.drops;
        match self.transport.path(now.at, out) {
            Ok(mut path) => {
                self.downlink.repair(now, (media, self.rtt), sequences, streams, &mut path, |reason| {
                    drops.count(reason);
                });
            }
            Err(reason) => drops.count(reason),
        }
    }

    /// When each of our packets arrived at the peer.
    pub(crate) fn transport_feedback(&mut self, now: Instant, feedback: &TransportFeedback<'_>) {
        self.downlink.bandwidth.feedback(now, feedback, self.rtt);
        let (packets, lost) = self.downlink.bandwidth.take_fates();
        self.downlink.lost(now, packets, lost);
    }

    /// A report of the peer about the slots that it receives, in whatever order: of its round trips the shortest counts.
    pub(crate) fn reception_report(
        &mut self,
        now: Instant,
        blocks: impl Iterator<Item = ReportBlock>,
        clock: Clock,
    ) {
        let samples = blocks.filter_map(|block| self.block_reported(now, &block, clock));
        if let Some(sample) = samples.min_by(f64::total_cmp) {
            let smoothed =
                self.rtt.map_or(sample, |rtt| rtt.as_secs_f64() + RTT_GAIN * (sample - rtt.as_secs_f64()));
            self.rtt = Some(Duration::from_secs_f64(smoothed.min(10.0)));
        }
    }

    /// Takes what a block says of its slot, and returns the round trip.
    fn block_reported(&mut self, now: Instant, block: &ReportBlock, clock: Clock) -> Option<f64> {
        let slot = self.downlink.slots.iter_mut().find(|slot| slot.ssrc == block.ssrc)?;
        slot.lost = block.cumulative_lost.max(0).unsigned_abs().into();
        slot.jitter_ms = f64::from(block.jitter) * 1000.0 / f64::from(slot.clock_rate());
        let before = slot.reported.replace((block.highest_sequence, now));
        let packets = before.map_or(0, |(before, _)| block.highest_sequence.wrapping_sub(before));
        // Numbers that leap tell nothing.
        let packets = if packets < 1 << 16 { packets } else { 0 };
        let is_numbered = slot.is_numbered();
        let sample = round_trip(now, block, clock);
        self.downlink.bandwidth.report(
            now,
            &Report {
                packets,
                loss: f64::from(block.fraction_lost) / 256.0,
                since: before.map(|(_, at)| at),
                rtt_us: sample.map(|it| (it * 1e6) as i64),
            },
        );
        if !is_numbered {
            self.downlink.lost(now, packets, packets * u32::from(block.fraction_lost) / 256);
        }
        sample
    }

    /// A sender report of the peer: relates its clock to ours. Returns the stream, the layer, and the moment of its
    /// time stamp in our clock.
    pub(crate) fn sender_report(
        &mut self,
        now: Instant,
        ssrc: u32,
        info: &SenderInfo,
        clock: Clock,
    ) -> Option<(u32, usize, u64)> {
        let (stream, layer) = self.uplink.sender_report(ssrc, info, now)?;
        let sample = clock.ntp(now).wrapping_sub(info.ntp).cast_signed();
        let offset = match self.clock_offset {
            // The shortest delay is nearest to the truth; a longer one moves the offset only as much as clocks drift.
            Some(offset) if sample > offset => offset + ((sample - offset) >> CLOCK_GAIN_SHIFT),
            _ => sample,
        };
        self.clock_offset = Some(offset);
        Some((stream, layer, info.ntp.wrapping_add_signed(offset)))
    }

    /// Does what is due.
    pub(crate) fn tick(
        &mut self,
        now: Instant,
        streams: &mut Slab<Stream>,
        clock: Clock,
        out: &mut Outbox,
    ) -> Transition {
        let transition = self.transport.tick(now, out);
        if transition != Transition::None {
            return transition;
        }
        let own_ssrc = self.uplink.own_ssrc();
        let Ok(mut path) = self.transport.path(now, out) else { return Transition::None };
        for line in self.uplink.lines() {
            let Some(stream) = streams.get_mut(line.stream) else { continue };
            for (at, layer) in stream.layers.iter_mut().enumerate() {
                if layer.key_frames.due(now).is_some_and(|at| at <= now) {
                    layer.key_frames.requested(now);
                    if let Some(media) = line.ssrc(at) {
                        path.rtcp(|bytes| write_pli(bytes, own_ssrc, media));
                    }
                }
            }
        }
        self.uplink.feedback(now, self.rtt, |write| path.rtcp(write));
        let drops = &mut self.drops;
        self.downlink.work(clock.moment(now), streams, &mut path, |reason| drops.count(reason));
        if self.next_report <= now {
            self.next_report = now + REPORT_INTERVAL;
            self.blocks.clear();
            self.uplink.report_blocks(now, &mut self.blocks);
            self.downlink.reports(now, own_ssrc, &self.blocks, streams, clock, &mut path);
        }
        Transition::None
    }

    /// When [`Self::tick`] is next to be called.
    pub(crate) fn next_due(&self, now: Instant, streams: &Slab<Stream>) -> Option<Instant> {
        let transport = self.transport.next_due(now);
        if !self.transport.is_connected() || !self.transport.has_consent(now) {
            return transport;
        }
        let own = self.uplink.lines().iter().filter_map(|line| streams.get(line.stream));
        let key_frames = own.flat_map(|stream| &stream.layers).filter_map(|layer| layer.key_frames.due(now));
        let dues = [self.uplink.feedback_due(), self.downlink.due(now), Some(self.next_report)];
        key_frames.chain(transport).chain(dues.into_iter().flatten()).min()
    }
}

/// Seconds from our last sender report to the arrival of this block, without what the peer kept it (RFC 3550 §6.4.1).
fn round_trip(now: Instant, block: &ReportBlock, clock: Clock) -> Option<f64> {
    if block.last_sender_report == 0 {
        return None;
    }
    // In units of 1/65536 s.
    let passed = clock.ntp_middle(now).wrapping_sub(block.last_sender_report);
    let rtt = passed.wrapping_sub(block.delay_since_last_sender_report);
    // Half the circle is nine hours: a report that claims it was delayed longer than the whole trip took.
    (rtt < 1 << 31).then(|| f64::from(rtt) / 65_536.0)
}
