//! What a peer publishes: which line a packet belongs to, what is missing, and the feedback that tells it.

mod loss;
mod reception;
mod transport;

use std::sync::Arc;
use std::time::{Duration, Instant};

use wire::extension::{AudioLevel, transport_sequence};
use wire::rtcp::{ReportBlock, SenderInfo, write_nack};
use wire::rtp::Header;
use wire::seq::Unwrapper;

use self::loss::{Arrival, LossDetector};
use self::reception::Reception;
use self::transport::TransportArrivals;
use crate::Source;
use crate::codec::Frame;
use crate::drops::Drop;
use crate::forward::MediaPacket;
use crate::sdp::{Codec, CodecKind, ExtensionIds, Line, Role};

/// Bytes before the payload of a retransmission: the original sequence number (RFC 4588 §4).
const RTX_HEAD: usize = 2;

/// A packet that counts, and where it goes.
#[derive(Debug)]
pub(crate) struct Received<'a> {
    /// Key of the stream that it is part of.
    pub(crate) stream: u32,
    pub(crate) packet: MediaPacket<'a>,
    /// So much is missing that only a key frame helps.
    pub(crate) outage: bool,
}

/// All send-only lines of one peer.
#[derive(Debug)]
pub(crate) struct Uplink {
    lines: Vec<UplinkLine>,
    /// What each SSRC is: latched from the offer, or from the mid of an authenticated packet.
    ssrcs: Vec<(u32, Use)>,
    arrivals: TransportArrivals,
    /// Signs our reports and requests.
    own_ssrc: u32,
    /// Sequence numbers to ask for; kept for its memory.
    requests: Vec<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Use {
    line: usize,
    repair: bool,
}

/// One source of the peer.
#[derive(Debug)]
pub(crate) struct UplinkLine {
    pub(crate) source: Source,
    /// Key of the stream that this line feeds.
    pub(crate) stream: u32,
    mid: Arc<str>,
    codecs: Vec<Codec>,
    extensions: ExtensionIds,
    reception: Option<Reception>,
    unwrapper: Unwrapper,
    loss: LossDetector,
    epoch: u32,
    pub(crate) recovered: u64,
    /// Bytes that the last statistics counted.
    pub(crate) counted_bytes: u64,
}

impl Uplink {
    /// `stream` gives the key of the stream that a source feeds.
    pub(crate) fn new(
        lines: &[Line],
        own_ssrc: u32,
        now: Instant,
        mut stream: impl FnMut(Source) -> u32,
    ) -> Self {
        let mut uplink = Self {
            lines: Vec::new(),
            ssrcs: Vec::new(),
            arrivals: TransportArrivals::new(now),
            own_ssrc,
            requests: Vec::new(),
        };
        for line in lines {
            let Role::Send(source) = line.role else { continue };
            let at = uplink.lines.len();
            for ssrc in &line.ssrcs {
                let repair = line.retransmission_ssrcs.iter().any(|(_, rtx)| rtx == ssrc);
                uplink.ssrcs.push((*ssrc, Use { line: at, repair }));
            }
            uplink.lines.push(UplinkLine::new(line, source, stream(source)));
        }
        uplink
    }

    pub(crate) fn lines(&self) -> &[UplinkLine] {
        &self.lines
    }

    pub(crate) fn lines_mut(&mut self) -> impl Iterator<Item = &mut UplinkLine> {
        self.lines.iter_mut()
    }

    /// Takes a decrypted packet, whose header was parsed before.
    pub(crate) fn packet<'a>(
        &mut self,
        now: Instant,
        header: &Header,
        packet: &'a [u8],
    ) -> Result<Received<'a>, Drop> {
        let payload = header.payload(packet).map_err(|_| Drop::RtpMalformed)?;
        let found = self.find(header, packet)?;
        let line = &mut self.lines[found.line];
        if let Some(id) = line.extensions.transport_sequence
            && let Some(sequence) = header.extension(packet, id).and_then(transport_sequence)
        {
            self.arrivals.packet(sequence, now);
        }
        let codec = line.codec(header.payload_type, found.repair).ok_or(Drop::UnknownPayloadType)?;
        let payload = &packet[payload];
        let (sequence, payload) = if found.repair {
            line.repaired(payload)?
        } else {
            (line.first_transmission(header, codec, now), payload)
        };
        let outage = line.record(sequence, codec, found.repair, packet.len(), now)?;
        let level = line
            .extensions
            .audio_level
            .and_then(|id| header.extension(packet, id))
            .and_then(AudioLevel::parse);
        let frame = Frame::parse(codec, payload);
        if frame.begins_decoding {
            line.loss.forget_before(sequence);
        }
        let packet = MediaPacket {
            codec,
            epoch: line.epoch,
            sequence,
            timestamp: header.timestamp,
            marker: header.marker,
            audio_level: level,
            frame,
            payload,
        };
        Ok(Received { stream: line.stream, packet, outage })
    }

    /// The line of a packet: by its SSRC, else by its mid (RFC 8843 §9.2), which is then remembered.
    fn find(&mut self, header: &Header, packet: &[u8]) -> Result<Use, Drop> {
        if let Some((_, found)) = self.ssrcs.iter().find(|(ssrc, _)| *ssrc == header.ssrc) {
            return Ok(*found);
        }
        let at = self.lines.iter().position(|line| line.is_named(header, packet)).ok_or(Drop::UnknownSsrc)?;
        let repair = self.lines[at].codecs.iter().any(|it| it.rtx_payload_type == Some(header.payload_type));
        let found = Use { line: at, repair };
        // A line has one stream at a time: the newcomer takes the place of the last one.
        self.ssrcs.retain(|(_, it)| *it != found);
        self.ssrcs.push((header.ssrc, found));
        Ok(found)
    }

    /// A sender report of one of the streams; returns the stream's key.
    pub(crate) fn sender_report(&mut self, ssrc: u32, info: &SenderInfo, now: Instant) -> Option<u32> {
        let (_, found) = self.ssrcs.iter().find(|(it, found)| *it == ssrc && !found.repair)?;
        let line = &mut self.lines[found.line];
        line.reception.as_mut()?.sender_report(info, now);
        Some(line.stream)
    }

    /// The report blocks of all streams that came.
    pub(crate) fn report_blocks(&mut self, now: Instant, blocks: &mut Vec<ReportBlock>) {
        blocks.extend(
            self.lines.iter_mut().filter_map(|line| line.reception.as_mut()).map(|it| it.report(now)),
        );
    }

    /// When [`Self::feedback`] has something to send.
    pub(crate) fn feedback_due(&self) -> Option<Instant> {
        let losses =
            self.lines.iter().filter(|line| line.asks_again()).filter_map(|line| line.loss.next_request());
        losses.chain(self.arrivals.due()).min()
    }

    /// Writes what is due: requests for missing packets and transport-wide feedback. `send` sends one RTCP packet.
    pub(crate) fn feedback(
        &mut self,
        now: Instant,
        rtt: Option<Duration>,
        mut send: impl FnMut(&mut dyn FnMut(&mut Vec<u8>)),
    ) {
        let own_ssrc = self.own_ssrc;
        for line in &mut self.lines {
            self.requests.clear();
            // Also gives up what is too old, which is due even where nobody can be asked.
            line.loss.requests(now, rtt, &mut self.requests);
            if let Some(reception) =
                line.reception.as_ref().filter(|_| line.asks_again() && !self.requests.is_empty())
            {
                send(&mut |bytes| write_nack(bytes, own_ssrc, reception.ssrc(), &self.requests));
            }
        }
        if self.arrivals.due().is_some_and(|at| at <= now) {
            let media = self.lines.iter().find_map(|line| line.reception.as_ref()).map_or(0, Reception::ssrc);
            self.arrivals.flush(own_ssrc, media, send);
        }
    }

    pub(crate) fn own_ssrc(&self) -> u32 {
        self.own_ssrc
    }
}

impl UplinkLine {
    fn new(line: &Line, source: Source, stream: u32) -> Self {
        Self {
            source,
            stream,
            mid: Arc::clone(&line.mid),
            codecs: line.codecs.clone(),
            extensions: line.extensions,
            reception: None,
            unwrapper: Unwrapper::new(),
            loss: LossDetector::default(),
            epoch: 0,
            recovered: 0,
            counted_bytes: 0,
        }
    }

    /// To name in a key-frame request, once something came.
    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.reception.as_ref().map(Reception::ssrc)
    }

    pub(crate) fn packets(&self) -> u64 {
        self.reception.as_ref().map_or(0, |it| it.packets)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.reception.as_ref().map_or(0, |it| it.bytes)
    }

    pub(crate) fn lost(&self) -> u64 {
        self.reception.as_ref().map_or(0, Reception::lost)
    }

    pub(crate) fn jitter_ms(&self) -> f64 {
        self.reception.as_ref().map_or(0.0, Reception::jitter_ms)
    }

    fn is_named(&self, header: &Header, packet: &[u8]) -> bool {
        self.extensions.mid.and_then(|id| header.extension(packet, id)) == Some(self.mid.as_bytes())
    }

    fn codec(&self, payload_type: u8, repair: bool) -> Option<CodecKind> {
        let offered = |it: &Codec| if repair { it.rtx_payload_type } else { Some(it.payload_type) };
        self.codecs.iter().find(|it| offered(it) == Some(payload_type)).map(|it| it.kind)
    }

    /// Only where the client keeps what it sent.
    fn asks_again(&self) -> bool {
        self.codecs.iter().any(|it| it.nack)
    }

    /// Original number and payload of a retransmission; probing with padding only has neither.
    fn repaired<'a>(&self, payload: &'a [u8]) -> Result<(u64, &'a [u8]), Drop> {
        if self.reception.is_none() {
            return Err(Drop::UnknownSsrc);
        }
        let (original, payload) = payload.split_first_chunk::<RTX_HEAD>().ok_or(Drop::Duplicate)?;
        Ok((self.unwrapper.peek(u16::from_be_bytes(*original)), payload))
    }

    fn first_transmission(&mut self, header: &Header, codec: CodecKind, now: Instant) -> u64 {
        if self.reception.as_ref().is_none_or(|it| it.ssrc() != header.ssrc) {
            self.unwrapper = Unwrapper::new();
            self.loss = LossDetector::default();
            self.epoch += 1;
            let first = self.unwrapper.peek(header.sequence);
            self.reception = Some(Reception::new(header.ssrc, codec.clock_rate(), first, now));
        }
        if let Some(reception) = &mut self.reception {
            reception.arrival(header.timestamp, now);
        }
        self.unwrapper.unwrap(header.sequence)
    }

    /// Counts the packet; whether so many are missing before it that only a key frame helps.
    ///
    /// A video packet passes once, whichever way it came: a slot must never number one twice, since its number is part
    /// of the nonce that it is encrypted with.
    fn record(
        &mut self,
        sequence: u64,
        codec: CodecKind,
        repair: bool,
        len: usize,
        now: Instant,
    ) -> Result<bool, Drop> {
        let arrival = match codec {
            CodecKind::Opus => Arrival::InOrder,
            CodecKind::Vp8 | CodecKind::H264 => self.loss.packet(sequence, now),
        };
        if arrival == Arrival::Useless {
            return Err(Drop::Duplicate);
        }
        if let Some(reception) = &mut self.reception {
            reception.packet(sequence, len);
        }
        self.recovered += u64::from(repair);
        Ok(arrival == Arrival::AfterOutage)
    }
}
