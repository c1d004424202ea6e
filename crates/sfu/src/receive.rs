//! What a peer publishes: which line a packet belongs to, what is missing, and the feedback that tells it.

mod loss;
mod reception;
mod transport;

use std::sync::Arc;
use std::time::{Duration, Instant};

use wire::dependency::begins_sequence;
use wire::extension::{AudioLevel, transport_sequence};
use wire::red::Redundant;
use wire::rtcp::{ReportBlock, SenderInfo, write_nack};
use wire::rtp::Header;
use wire::seq::Unwrapper;

use self::loss::{Arrival, LossDetector};
use self::reception::Reception;
use self::transport::TransportArrivals;
use crate::Source;
use crate::codec::Frame;
use crate::drops::Drop;
use crate::forward::{Description, MediaPacket};
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
    /// What came with it once more.
    pub(crate) earlier: Option<Earlier<'a>>,
}

/// Earlier packets that came with another one (RFC 2198).
#[derive(Debug)]
pub(crate) struct Earlier<'a> {
    redundant: Redundant<'a>,
    line: usize,
}

impl Earlier<'_> {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.redundant.earlier().len()
    }
}

/// All send-only lines of one peer.
#[derive(Debug)]
pub(crate) struct Uplink {
    lines: Vec<UplinkLine>,
    /// What each SSRC is: latched from the offer, or from the names in an authenticated packet.
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
    layer: usize,
    repair: bool,
}

/// One source of the peer.
#[derive(Debug)]
pub(crate) struct UplinkLine {
    pub(crate) source: Source,
    /// Key of the stream that this line feeds.
    pub(crate) stream: u32,
    mid: Arc<str>,
    /// Names of the layers; empty where there is one without a name.
    rids: Vec<Arc<str>>,
    codecs: Vec<Codec>,
    extensions: ExtensionIds,
    /// In the order of the offer.
    layers: Vec<UplinkLayer>,
    /// Of the newest numbering among all layers.
    epoch: u32,
    /// Bytes that the last statistics counted.
    pub(crate) counted_bytes: u64,
}

/// One layer of a line: a stream of packets with a numbering of its own.
#[derive(Debug)]
struct UplinkLayer {
    reception: Option<Reception>,
    unwrapper: Unwrapper,
    loss: LossDetector,
    epoch: u32,
    recovered: u64,
}

impl Uplink {
    /// `stream` gives the key of the stream that a source feeds with layers of these names.
    pub(crate) fn new(
        lines: &[Line],
        own_ssrc: u32,
        now: Instant,
        mut stream: impl FnMut(Source, &[Arc<str>]) -> u32,
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
                uplink.ssrcs.push((*ssrc, Use { line: at, layer: 0, repair }));
            }
            uplink.lines.push(UplinkLine::new(line, source, stream(source, &line.rids)));
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
        let (codec, is_wrapped) =
            line.codec(header.payload_type, found.repair).ok_or(Drop::UnknownPayloadType)?;
        let payload = &packet[payload];
        let redundant = is_wrapped.then(|| Redundant::parse(payload)).transpose();
        let redundant = redundant.map_err(|_| Drop::RtpMalformed)?;
        let payload = redundant.map_or(payload, |it| it.newest.payload);
        let layer = &mut line.layers[found.layer];
        let (sequence, payload) = if found.repair {
            layer.repaired(payload)?
        } else {
            (layer.first_transmission(header, codec, &mut line.epoch, now), payload)
        };
        let outage = layer.record(sequence, codec, found.repair, packet.len(), now)?;
        let level = line
            .extensions
            .audio_level
            .and_then(|id| header.extension(packet, id))
            .and_then(AudioLevel::parse);
        let mut frame = Frame::parse(codec, payload);
        let description = line
            .extensions
            .dependency
            .filter(|_| codec.is_described())
            .and_then(|id| header.extension(packet, id))
            .map(|value| Description { value, read: None });
        if let Some(Description { value, .. }) = description {
            frame.begins_decoding = begins_sequence(value);
        }
        if frame.begins_decoding && codec != CodecKind::Opus {
            layer.loss.forget_before(sequence);
        }
        let packet = MediaPacket {
            codec,
            layer: found.layer as u8,
            epoch: layer.epoch,
            sequence,
            timestamp: header.timestamp,
            marker: header.marker,
            audio_level: level,
            frame,
            description,
            payload,
        };
        let earlier = redundant.map(|redundant| Earlier { redundant, line: found.line });
        Ok(Received { stream: line.stream, packet, outage, earlier })
    }

    /// The earlier packet number `at`, oldest first, of those that came with another one, if it was missing.
    ///
    /// Nothing names the numbers of earlier packets: senders put in the last ones, without a gap.
    pub(crate) fn recovered<'a>(
        &mut self,
        now: Instant,
        (carrier, earlier): (&MediaPacket<'a>, &Earlier<'a>),
        at: usize,
    ) -> Option<MediaPacket<'a>> {
        let line = &mut self.lines[earlier.line];
        let block = earlier.redundant.earlier().nth(at)?;
        let is_carried = line.codec(block.payload_type, false) == Some((carrier.codec, false));
        let back = (earlier.count() - at) as u64;
        if !is_carried || block.payload.is_empty() {
            return None;
        }
        let sequence = carrier.sequence.checked_sub(back)?;
        line.layers[0].record(sequence, carrier.codec, true, block.payload.len(), now).ok()?;
        let timestamp = carrier.timestamp.wrapping_sub(block.offset);
        Some(MediaPacket { sequence, timestamp, marker: false, payload: block.payload, ..*carrier })
    }

    /// The layer of a packet: by its SSRC, else by its mid (RFC 8843 §9.2) and the name of its layer (RFC 8852), which
    /// is then remembered: clients leave the names out once we have reported on an SSRC.
    fn find(&mut self, header: &Header, packet: &[u8]) -> Result<Use, Drop> {
        if let Some((_, found)) = self.ssrcs.iter().find(|(ssrc, _)| *ssrc == header.ssrc) {
            return Ok(*found);
        }
        let at = self.lines.iter().position(|line| line.is_named(header, packet)).ok_or(Drop::UnknownSsrc)?;
        let line = &self.lines[at];
        let repair = line.codecs.iter().any(|it| it.rtx_payload_type == Some(header.payload_type));
        let layer = line.layer(header, packet, repair).ok_or(Drop::UnknownSsrc)?;
        let found = Use { line: at, layer, repair };
        // A layer has one stream at a time: the newcomer takes the place of the last one.
        self.ssrcs.retain(|(_, it)| *it != found);
        self.ssrcs.push((header.ssrc, found));
        Ok(found)
    }

    /// A sender report of one of the layers; returns the stream's key and the layer.
    pub(crate) fn sender_report(
        &mut self,
        ssrc: u32,
        info: &SenderInfo,
        now: Instant,
    ) -> Option<(u32, usize)> {
        let (_, found) = self.ssrcs.iter().find(|(it, found)| *it == ssrc && !found.repair)?;
        let line = &mut self.lines[found.line];
        line.layers[found.layer].reception.as_mut()?.sender_report(info, now);
        Some((line.stream, found.layer))
    }

    /// The report blocks of all streams that came.
    pub(crate) fn report_blocks(&mut self, now: Instant, blocks: &mut Vec<ReportBlock>) {
        let layers = self.lines.iter_mut().flat_map(|line| &mut line.layers);
        blocks.extend(layers.filter_map(|it| it.reception.as_mut()).map(|it| it.report(now)));
    }

    /// When [`Self::feedback`] has something to send.
    pub(crate) fn feedback_due(&self) -> Option<Instant> {
        let layers = self.lines.iter().filter(|line| line.asks_again()).flat_map(|line| &line.layers);
        let losses = layers.filter_map(|layer| layer.loss.next_request());
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
            let asks_again = line.asks_again();
            for layer in &mut line.layers {
                self.requests.clear();
                // Also gives up what is too old, which is due even where nobody can be asked.
                layer.loss.requests(now, rtt, &mut self.requests);
                if let Some(ssrc) = layer.ssrc().filter(|_| asks_again && !self.requests.is_empty()) {
                    send(&mut |bytes| write_nack(bytes, own_ssrc, ssrc, &self.requests));
                }
            }
        }
        if self.arrivals.due().is_some_and(|at| at <= now) {
            let mut layers = self.lines.iter().flat_map(|line| &line.layers);
            let media = layers.find_map(UplinkLayer::ssrc).unwrap_or(0);
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
            rids: line.rids.clone(),
            codecs: line.codecs.clone(),
            extensions: line.extensions,
            layers: (0..line.rids.len().max(1)).map(|_| UplinkLayer::new()).collect(),
            epoch: 0,
            counted_bytes: 0,
        }
    }

    /// To name in a key-frame request, once something came.
    pub(crate) fn ssrc(&self, layer: usize) -> Option<u32> {
        self.layers.get(layer)?.ssrc()
    }

    pub(crate) fn packets(&self) -> u64 {
        self.receptions().map(|it| it.packets).sum()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.receptions().map(|it| it.bytes).sum()
    }

    pub(crate) fn lost(&self) -> u64 {
        self.receptions().map(Reception::lost).sum()
    }

    pub(crate) fn recovered(&self) -> u64 {
        self.layers.iter().map(|it| it.recovered).sum()
    }

    /// Of the worst layer.
    pub(crate) fn jitter_ms(&self) -> f64 {
        self.receptions().map(Reception::jitter_ms).fold(0.0, f64::max)
    }

    fn receptions(&self) -> impl Iterator<Item = &Reception> {
        self.layers.iter().filter_map(|it| it.reception.as_ref())
    }

    fn is_named(&self, header: &Header, packet: &[u8]) -> bool {
        self.extensions.mid.and_then(|id| header.extension(packet, id)) == Some(self.mid.as_bytes())
    }

    /// Which layer a packet says that it is of.
    fn layer(&self, header: &Header, packet: &[u8], repair: bool) -> Option<usize> {
        if self.rids.is_empty() {
            return Some(0);
        }
        let id = if repair { self.extensions.repaired_rid } else { self.extensions.rid };
        let name = header.extension(packet, id?)?;
        self.rids.iter().position(|rid| rid.as_bytes() == name)
    }

    /// What a payload type stands for, and whether packets of it carry earlier ones.
    fn codec(&self, payload_type: u8, repair: bool) -> Option<(CodecKind, bool)> {
        self.codecs.iter().find_map(|it| {
            let offered = if repair { it.rtx_payload_type } else { Some(it.payload_type) };
            let is_wrapped = !repair && it.red_payload_type == Some(payload_type);
            (offered == Some(payload_type) || is_wrapped).then_some((it.kind, is_wrapped))
        })
    }

    /// Only where the client keeps what it sent.
    fn asks_again(&self) -> bool {
        self.codecs.iter().any(|it| it.nack)
    }
}

impl UplinkLayer {
    fn new() -> Self {
        Self {
            reception: None,
            unwrapper: Unwrapper::new(),
            loss: LossDetector::default(),
            epoch: 0,
            recovered: 0,
        }
    }

    fn ssrc(&self) -> Option<u32> {
        self.reception.as_ref().map(Reception::ssrc)
    }

    /// Original number and payload of a retransmission; probing with padding only has neither.
    fn repaired<'a>(&self, payload: &'a [u8]) -> Result<(u64, &'a [u8]), Drop> {
        if self.reception.is_none() {
            return Err(Drop::UnknownSsrc);
        }
        let (original, payload) = payload.split_first_chunk::<RTX_HEAD>().ok_or(Drop::Duplicate)?;
        Ok((self.unwrapper.peek(u16::from_be_bytes(*original)), payload))
    }

    /// Number of a packet; another SSRC begins another numbering, of which `epochs` counts those of the whole line.
    fn first_transmission(
        &mut self,
        header: &Header,
        codec: CodecKind,
        epochs: &mut u32,
        now: Instant,
    ) -> u64 {
        if self.ssrc() != Some(header.ssrc) {
            self.unwrapper = Unwrapper::new();
            self.loss = LossDetector::default();
            *epochs += 1;
            self.epoch = *epochs;
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
    /// A packet passes once, whichever way it came: a slot must never number one twice, since its number is part of the nonce
    /// that it is encrypted with.
    fn record(
        &mut self,
        sequence: u64,
        codec: CodecKind,
        repair: bool,
        len: usize,
        now: Instant,
    ) -> Result<bool, Drop> {
        let arrival = self.loss.packet(sequence, now);
        if arrival == Arrival::Useless {
            return Err(Drop::Duplicate);
        }
        if let Some(reception) = &mut self.reception {
            reception.packet(sequence, len);
        }
        self.recovered += u64::from(repair);
        Ok(arrival == Arrival::AfterOutage && codec != CodecKind::Opus)
    }
}
