//! An independent WebRTC peer with made-up media.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sfu::Source;
use str0m::bwe::Bitrate;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::{Codec, PayloadParams};
use str0m::media::{
    Direction, KeyframeRequest, KeyframeRequestKind, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer,
};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, ExtensionSerializer, ExtensionValues, RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use wire::extension::URI_DEPENDENCY_DESCRIPTOR;

use crate::trail::Trail;
use crate::{Content, Scalability, Screen, Speaker, VideoCodec};

const AUDIO_INTERVAL: Duration = Duration::from_millis(20);
const AUDIO_TICKS: u32 = 960;
/// A silent encoder sends one packet in so many.
const DTX_INTERVAL: u32 = 20;
const VIDEO_INTERVAL: Duration = Duration::from_micros(33_333);
const VIDEO_TICKS: u32 = 3000;
/// Names of the layers, low to high.
const LAYERS: [&str; 3] = ["l", "m", "h"];
/// Payload types of H264 formats and of their retransmissions.
const H264_NUMBERS: [(u8, u8); 5] = [(127, 121), (125, 107), (108, 109), (124, 120), (123, 119)];
const SOURCES: [Source; 4] = [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio];

/// Id of the dependency descriptor in a client's offer.
const DEPENDENCY_ID: u8 = 12;

/// A dependency descriptor, which str0m carries and does not read.
#[derive(Debug)]
struct Described(Vec<u8>);

#[derive(Debug)]
struct Dependency;

impl ExtensionSerializer for Dependency {
    fn write_to(&self, buf: &mut [u8], values: &ExtensionValues) -> usize {
        let Some(Described(value)) = values.user_values.get() else { return 0 };
        buf[..value.len()].copy_from_slice(value);
        value.len()
    }

    fn parse_value(&self, buf: &[u8], values: &mut ExtensionValues) -> bool {
        values.user_values.set(Described(buf.to_vec()));
        true
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }

    fn requires_two_byte_form(&self, values: &ExtensionValues) -> bool {
        values.user_values.get::<Described>().is_some_and(|it| it.0.len() > 16)
    }
}

/// The shape of a client.
#[derive(Debug, Clone, Copy)]
pub struct ClientOptions {
    /// Receive-only video lines.
    pub video_slots: usize,
    /// Takes and, unless it has H264 only, sends VP8.
    pub vp8: bool,
    /// H264 that it takes and, without VP8, sends: (packetization mode 1, `profile-level-id`).
    pub h264: &'static [(bool, u32)],
    /// Sends its camera in three layers.
    pub simulcast: bool,
    /// Sends its pictures in three temporal layers.
    pub temporal: bool,
    /// Asks for no key frame while it is getting one, as libwebrtc.
    pub patient: bool,
    /// Takes VP9 …
    pub vp9: bool,
    /// … and sends it, its camera in three sizes and frame rates within one stream.
    pub scalability: Option<Scalability>,
    /// Sends the last packet of sound once more with each one, and takes such packets (RFC 2198).
    pub red: bool,
    /// May publish (command, not client).
    pub publish: bool,
    /// May receive (command, not client).
    pub subscribe: bool,
    /// A standard client: one audio and one video line, up if it may publish, else down.
    pub one_way: bool,
}

impl ClientOptions {
    /// A browser in a small meeting.
    pub const PARTICIPANT: Self = Self {
        video_slots: 4,
        vp8: true,
        h264: &[],
        simulcast: false,
        temporal: false,
        patient: false,
        vp9: false,
        scalability: None,
        red: false,
        publish: true,
        subscribe: true,
        one_way: false,
    };
    /// Plain H264: constrained baseline in packetization mode 1.
    pub const H264: &'static [(bool, u32)] = &[(true, 0x42_e01f)];
    /// A WHIP client.
    pub const PUBLISHER: Self = Self { subscribe: false, one_way: true, ..Self::PARTICIPANT };
    /// A WHEP client.
    pub const WATCHER: Self = Self { publish: false, one_way: true, ..Self::PARTICIPANT };
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self::PARTICIPANT
    }
}

/// One stream on its way up.
#[derive(Debug)]
struct Publication {
    source: Source,
    mid: Mid,
    layers: Vec<Layer>,
    /// `None` is off.
    next: Option<Instant>,
    stopped: Option<Instant>,
}

/// One layer of a stream on its way up.
#[derive(Debug)]
struct Layer {
    /// `None` where there is only one.
    rid: Option<Rid>,
    content: Content,
    active: bool,
    sequence: u64,
    trail: Trail,
    /// Counts what would be sent.
    turn: u32,
}

impl Layer {
    fn new(rid: Option<&str>, content: Content) -> Self {
        // str0m wants the first number below 65 536; that it wraps soon is the point.
        Self {
            rid: rid.map(Rid::from),
            content,
            active: true,
            sequence: 65_500,
            trail: Trail::default(),
            turn: 0,
        }
    }
}

impl Publication {
    fn is_audio(&self) -> bool {
        matches!(self.source, Source::Microphone | Source::ScreenAudio)
    }

    fn interval(&self) -> Duration {
        if self.is_audio() { AUDIO_INTERVAL } else { VIDEO_INTERVAL }
    }

    fn ticks(&self) -> u32 {
        if self.is_audio() { AUDIO_TICKS } else { VIDEO_TICKS }
    }
}

/// A client in the middle of a meeting: str0m in RTP mode, four publications, and a receiver per slot.
pub struct Client {
    /// Its id in the room.
    pub name: Arc<str>,
    /// Where the network sees it; datagrams to other places do not reach it.
    pub address: SocketAddr,
    /// Where it believes to be.
    local: SocketAddr,
    /// Video slots in the order of their m-lines.
    pub screens: Vec<Screen>,
    /// Audio slots in the order of their m-lines: three for speech, then the sound of shares.
    pub speakers: Vec<Speaker>,
    /// Key frames that were asked of it, by source and layer.
    pub key_frame_requests: BTreeMap<(Source, u8), u32>,
    /// RTP packets on SSRCs that the answer did not name.
    pub strays: u32,
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    publications: Vec<Publication>,
    video: VideoCodec,
    audio_level_db: i8,
    /// Nobody speaks: of twenty packets of sound one is sent (DTX).
    is_silent: bool,
    audio_mids: Vec<Mid>,
    video_mids: Vec<Mid>,
    deadline: Instant,
    outgoing: VecDeque<(SocketAddr, Vec<u8>)>,
    gone: bool,
}

impl Client {
    /// A client number `number` and its offer.
    pub(crate) fn new(
        now: Instant,
        name: &str,
        number: u32,
        address: SocketAddr,
        options: ClientOptions,
    ) -> (Self, String) {
        let mut rtc = RtcConfig::new()
            .clear_codecs()
            .enable_opus(true, options.red)
            .enable_vp8(options.vp8)
            .enable_vp9(options.vp9)
            .set_extension(DEPENDENCY_ID, Extension::with_serializer(URI_DEPENDENCY_DESCRIPTOR, Dependency))
            .set_rtp_mode(true);
        for ((number, again), (is_cut, profile)) in H264_NUMBERS.into_iter().zip(options.h264) {
            rtc.codec_config().add_h264(number.into(), Some(again.into()), *is_cut, *profile);
        }
        let mut rtc = rtc.build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("a valid address"));
        let mut changes = rtc.sdp_api();
        let simulcast = options.simulcast.then(|| Simulcast {
            send: LAYERS.into_iter().map(SimulcastLayer::new).collect(),
            recv: Vec::new(),
        });
        let (sends, audio_slots, video_slots) = match (options.one_way, options.publish) {
            (false, _) => (4, 4, options.video_slots),
            (true, true) => (2, 0, 0),
            (true, false) => (0, 1, 1),
        };
        let kinds = [
            (MediaKind::Audio, None),
            (MediaKind::Video, simulcast),
            (MediaKind::Video, None),
            (MediaKind::Audio, None),
        ];
        let up: Vec<_> = kinds
            .into_iter()
            .take(sends)
            .map(|(kind, simulcast)| changes.add_media(kind, Direction::SendOnly, None, None, simulcast))
            .collect();
        let mut add = |kind, direction| changes.add_media(kind, direction, None, None, None);
        let audio_mids: Vec<_> =
            (0..audio_slots).map(|_| add(MediaKind::Audio, Direction::RecvOnly)).collect();
        let video_mids: Vec<_> =
            (0..video_slots).map(|_| add(MediaKind::Video, Direction::RecvOnly)).collect();
        let (offer, pending) = changes.apply().expect("media were added");
        let video = match options.scalability {
            Some(_) => VideoCodec::Vp9,
            None if options.vp8 => VideoCodec::Vp8,
            None => VideoCodec::H264,
        };
        let publications = SOURCES
            .into_iter()
            .zip(up)
            .map(|(source, mid)| Publication {
                source,
                mid,
                layers: if options.simulcast && source == Source::Camera {
                    let content = |layer| Content::new(number, source, video).layer(layer);
                    LAYERS.into_iter().zip(0..).map(|(rid, at)| Layer::new(Some(rid), content(at))).collect()
                } else {
                    let content = Content::new(number, source, video);
                    let is_scalable = matches!(source, Source::Camera | Source::Screen);
                    let scalability = options.scalability.filter(|_| is_scalable);
                    vec![Layer::new(None, content.scalable(scalability))]
                },
                next: None,
                stopped: None,
            })
            .collect();
        let mut client = Self {
            name: Arc::from(name),
            address,
            local: address,
            screens: video_mids.iter().map(|_| Screen::new(options.patient)).collect(),
            speakers: audio_mids.iter().map(|_| Speaker::default()).collect(),
            key_frame_requests: BTreeMap::new(),
            strays: 0,
            rtc,
            pending: Some(pending),
            publications,
            video,
            audio_level_db: -30,
            is_silent: false,
            audio_mids,
            video_mids,
            deadline: now,
            outgoing: VecDeque::new(),
            gone: false,
        };
        let layers = client.publications.iter_mut().flat_map(|it| &mut it.layers);
        layers.for_each(|layer| layer.content.set_temporal(options.temporal));
        (client, offer.to_sdp_string())
    }

    /// Takes the server's answer to the last offer.
    pub(crate) fn answer(&mut self, now: Instant, sdp: &str) {
        let answer = SdpAnswer::from_sdp_string(sdp).expect("str0m reads the answer");
        let Some(pending) = self.pending.take() else { return };
        self.rtc.sdp_api().accept_answer(pending, answer).expect("str0m accepts the answer");
        for publication in self.publications.iter().filter(|it| !it.is_audio()) {
            for layer in &publication.layers {
                // Unlike browsers, str0m spends at most 15 % of its bitrate on retransmissions unless told otherwise.
                if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(publication.mid, layer.rid) {
                    stream.set_rtx_cache(1024, Duration::from_secs(3), None);
                }
            }
        }
        self.drain(now);
    }

    /// A new offer with new ICE credentials.
    pub(crate) fn restart_ice(&mut self, now: Instant) -> String {
        let mut changes = self.rtc.sdp_api();
        changes.ice_restart(true);
        let (offer, pending) = changes.apply().expect("a restart is a change");
        self.pending = Some(pending);
        self.drain(now);
        offer.to_sdp_string()
    }

    /// Moves to another address: a NAT rebinding. str0m learns nothing of it.
    pub fn rebind(&mut self, address: SocketAddr) {
        self.address = address;
    }

    /// Falls silent without a word: neither media nor checks leave it any more.
    pub fn vanish(&mut self) {
        self.gone = true;
    }

    /// ICE and DTLS are up.
    pub fn is_connected(&self) -> bool {
        self.rtc.is_connected()
    }

    /// Begins or ends sending one stream, as `replaceTrack` does.
    pub fn publish(&mut self, now: Instant, source: Source, on: bool) {
        let Some(publication) = self.publications.iter_mut().find(|it| it.source == source) else { return };
        if on == publication.next.is_some() {
            return;
        }
        if on {
            if let Some(stopped) = publication.stopped.take() {
                let frames = now.duration_since(stopped).as_micros() / publication.interval().as_micros();
                let ticks = frames as u32 * publication.ticks();
                publication.layers.iter_mut().for_each(|layer| layer.content.pause(ticks));
            }
            publication.next = Some(now);
        } else {
            publication.next = None;
            publication.stopped = Some(now);
        }
    }

    /// Sends these layers of the camera only, as a browser does by itself on a short uplink or when told to.
    pub fn set_layers(&mut self, active: &[u8]) {
        for publication in self.publications.iter_mut().filter(|it| it.source == Source::Camera) {
            for (layer, at) in publication.layers.iter_mut().zip(0..) {
                let on = active.contains(&at);
                if on && !layer.active {
                    layer.content.request_key_frame();
                }
                layer.active = on;
            }
        }
    }

    /// Lets the headers of the camera's packets say anything.
    pub fn lie(&mut self, seed: u64) {
        let camera = self.publications.iter_mut().filter(|it| it.source == Source::Camera);
        for (layer, at) in camera.flat_map(|it| &mut it.layers).zip(0..) {
            layer.content.lie(seed + at);
        }
    }

    /// Bits a second of each layer of the camera, low to high.
    pub fn set_camera_bitrates(&mut self, bps: &[u32]) {
        for publication in self.publications.iter_mut().filter(|it| it.source == Source::Camera) {
            publication.layers.iter_mut().zip(bps).for_each(|(layer, bps)| layer.content.set_bitrate(*bps));
        }
    }

    /// Bytes of each key frame of the camera's lowest layer, which has a bitrate.
    pub fn set_camera_key_frames(&mut self, bytes: usize) {
        let cameras = self.publications.iter_mut().filter(|it| it.source == Source::Camera);
        cameras.for_each(|camera| camera.layers[0].content.set_key_frame_bytes(bytes));
    }

    /// What the audio-level extension says of the microphone: 0 is loudest, −127 is silence.
    pub fn set_loudness(&mut self, level_db: i8) {
        self.audio_level_db = level_db;
    }

    /// Whether the microphone sends next to nothing because nobody speaks; then its level is silence.
    pub fn set_silent(&mut self, silent: bool) {
        self.is_silent = silent;
        self.set_loudness(if silent { -127 } else { -30 });
    }

    /// Says what its way down carries, as receivers do that estimate it themselves (draft-alvestrand-rmcat-remb-03).
    pub fn estimate(&mut self, now: Instant, bps: f64) {
        let mid = self.video_mids[0];
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, None) {
            stream.request_remb(Bitrate::from(bps));
        }
        self.input(Input::Timeout(now), now);
    }

    /// Key frames made of a source, in all its layers.
    pub fn key_frames_made(&self, source: Source) -> u32 {
        let layers = self.publications.iter().filter(|it| it.source == source).flat_map(|it| &it.layers);
        layers.map(|it| it.content.key_frames()).sum()
    }

    /// When [`Client::timeout`] is next to be called.
    pub(crate) fn next_timeout(&self) -> Instant {
        let media = self.publications.iter().filter_map(|it| it.next).min();
        let screens = self.screens.iter().filter_map(Screen::next_poll).min();
        [media, screens].into_iter().flatten().fold(self.deadline, Instant::min)
    }

    /// Does everything that is due.
    pub(crate) fn timeout(&mut self, now: Instant) {
        if self.deadline <= now {
            self.input(Input::Timeout(now), now);
        }
        if self.rtc.is_connected() {
            for index in 0..self.publications.len() {
                self.publish_due(now, index);
            }
        } else {
            // Time passes for tracks that cannot be sent yet.
            for publication in &mut self.publications {
                publication.next = publication.next.map(|at| at.max(now + publication.interval()));
            }
        }
        for index in 0..self.screens.len() {
            if self.screens.get_mut(index).is_some_and(|screen| screen.poll(now)) {
                self.request_key_frame(now, index);
            }
        }
    }

    /// Takes one datagram.
    pub(crate) fn receive(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        if let Ok(receive) = Receive::new(Protocol::Udp, from, self.local, datagram) {
            self.input(Input::Receive(now, receive), now);
        }
    }

    /// The next datagram to send.
    pub(crate) fn outgoing(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        let next = self.outgoing.pop_front();
        next.filter(|_| !self.gone)
    }

    fn input(&mut self, input: Input<'_>, now: Instant) {
        if self.rtc.is_alive() {
            // A refused input is what a browser would drop in silence; what came of it shows in the records.
            let _ = self.rtc.handle_input(input);
            self.drain(now);
        }
    }

    fn drain(&mut self, now: Instant) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(deadline)) => {
                    self.deadline = deadline.max(now + Duration::from_millis(1));
                    return;
                }
                Ok(Output::Transmit(transmit)) => {
                    self.outgoing.push_back((transmit.destination, transmit.contents.to_vec()));
                }
                Ok(Output::Event(Event::RtpPacket(packet))) => self.packet(now, &packet),
                Ok(Output::Event(Event::KeyframeRequest(request))) => self.key_frame_requested(request),
                Ok(Output::Event(_)) => {}
                Err(_) => {
                    self.deadline = now + Duration::from_secs(3600);
                    return;
                }
            }
        }
    }

    fn packet(&mut self, now: Instant, packet: &RtpPacket) {
        let ssrc = packet.header.ssrc;
        let Some(mid) = self.rtc.direct_api().stream_rx(&ssrc).map(|stream| stream.mid()) else {
            self.strays += 1;
            return;
        };
        let (sequence, timestamp) = (*packet.seq_no, packet.header.timestamp);
        if let Some(index) = self.video_mids.iter().position(|slot| *slot == mid) {
            let marker = packet.header.marker;
            let codec = match self.codec(packet.header.payload_type) {
                Some(Codec::H264) => VideoCodec::H264,
                Some(Codec::Vp9) => VideoCodec::Vp9,
                _ => VideoCodec::Vp8,
            };
            let described = packet.header.ext_vals.user_values.get::<Described>().map(|it| it.0.as_slice());
            self.screens[index].receive(
                now,
                sequence,
                (codec, timestamp, marker),
                &packet.payload,
                described,
            );
        } else if let Some(index) = self.audio_mids.iter().position(|slot| *slot == mid) {
            let redundant = self.params(packet.header.payload_type).is_none();
            self.speakers[index].receive(now, (sequence, timestamp), &packet.payload, redundant);
        } else {
            self.strays += 1;
        }
    }

    fn key_frame_requested(&mut self, request: KeyframeRequest) {
        let Some(publication) = self.publications.iter_mut().find(|it| it.mid == request.mid) else { return };
        for (layer, at) in publication.layers.iter_mut().zip(0..).filter(|(it, _)| it.rid == request.rid) {
            layer.content.request_key_frame();
            *self.key_frame_requests.entry((publication.source, at)).or_default() += 1;
        }
    }

    fn request_key_frame(&mut self, now: Instant, screen: usize) {
        let mid = self.video_mids[screen];
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, None) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
        self.input(Input::Timeout(now), now);
    }

    fn publish_due(&mut self, now: Instant, index: usize) {
        let Some(publication) = self.publications.get(index) else { return };
        let codec = match (publication.is_audio(), self.video) {
            (true, _) => Codec::Opus,
            (false, VideoCodec::Vp8) => Codec::Vp8,
            (false, VideoCodec::H264) => Codec::H264,
            (false, VideoCodec::Vp9) => Codec::Vp9,
        };
        // A line that the answer made inactive has no format.
        let Some(payload_type) = self.payload_type(publication.mid, codec) else { return };
        let level = self.audio_level_db;
        while let Some(publication) = self.publications.get_mut(index)
            && let Some(due) = publication.next.filter(|due| *due <= now)
        {
            publication.next = Some(due + publication.interval());
            let (is_audio, ticks, mid) = (publication.is_audio(), publication.ticks(), publication.mid);
            for at in 0..publication.layers.len() {
                self.publish_frame(now, (index, at), mid, payload_type, is_audio.then_some(level), ticks);
            }
        }
    }

    fn publish_frame(
        &mut self,
        now: Instant,
        (index, at): (usize, usize),
        mid: Mid,
        payload_type: Pt,
        level: Option<i8>,
        ticks: u32,
    ) {
        let layer = &mut self.publications[index].layers[at];
        layer.turn = layer.turn.wrapping_add(1);
        let is_left_out = level.is_some() && self.is_silent && !layer.turn.is_multiple_of(DTX_INTERVAL);
        let (rid, active) = (layer.rid, layer.active && !is_left_out);
        if !active {
            layer.content.pause(ticks);
            return;
        }
        let red = self.params(payload_type).and_then(PayloadParams::red);
        let layer = &mut self.publications[index].layers[at];
        for mut made in layer.content.next_frame(ticks) {
            let mut payload_type = payload_type;
            if let Some(red) = red {
                let trail = &mut self.publications[index].layers[at].trail;
                made.payload = trail.wrap(*payload_type, made.timestamp, made.payload);
                payload_type = red;
            }
            let sequence = self.publications[index].layers[at].sequence;
            self.publications[index].layers[at].sequence += 1;
            let mut values = ExtensionValues {
                audio_level: level,
                voice_activity: level.map(|level| level > -50),
                ..ExtensionValues::default()
            };
            if let Some(description) = made.description {
                values.user_values.set(Described(description));
            }
            let write = RtpWrite::new(payload_type, sequence.into(), made.timestamp, now, made.payload)
                .marker(made.marker)
                .ext_vals(values)
                .nackable(level.is_none());
            if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(mid, rid) {
                stream.write_rtp(write);
            }
            self.drain(now);
            self.input(Input::Timeout(now), now);
        }
    }

    /// The number of a codec among those that the answer chose for a line.
    fn payload_type(&self, mid: Mid, codec: Codec) -> Option<Pt> {
        let chosen = self.rtc.media(mid)?.remote_pts();
        chosen.iter().copied().find(|payload_type| self.codec(*payload_type) == Some(codec))
    }

    fn codec(&self, payload_type: Pt) -> Option<Codec> {
        self.params(payload_type).map(|params| params.spec().codec)
    }

    fn params(&self, payload_type: Pt) -> Option<&PayloadParams> {
        self.rtc.codec_config().params().iter().find(|params| params.pt() == payload_type)
    }
}
