//! Writes the answer: ICE-lite, DTLS server, one bundle, every line mirrored.

use std::fmt::Write as _;

use wire::extension::{
    URI_ABS_SEND_TIME, URI_AUDIO_LEVEL, URI_DEPENDENCY_DESCRIPTOR, URI_MID, URI_REPAIRED_RID, URI_RID,
    URI_TRANSPORT_SEQUENCE,
};

use super::{Codec, CodecKind, Line, MediaKind, Offer, Role, Shape, SlotKind};
use crate::{Protocol, Remote, Source};

/// The canonical name of all our streams (RFC 7022); who speaks in a slot is told by CSRC and signalling.
pub const CNAME: &str = "meetinghouse";

/// What we send on in one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotStream {
    /// Of media.
    pub ssrc: u32,
    /// Of retransmissions; announced where the client takes them.
    pub rtx_ssrc: u32,
}

/// Our side of the connection.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Random per connection, 62 bits (RFC 8866 §5.2).
    pub session_id: u64,
    /// From 1, one more for every later answer of the same connection.
    pub session_version: u64,
    /// Our user name fragment.
    pub ice_ufrag: &'a str,
    /// Our password.
    pub ice_pwd: &'a str,
    /// SHA-256 of our DTLS certificate.
    pub fingerprint: &'a [u8; 32],
    /// Host candidates, most preferred first.
    pub candidates: &'a [Remote],
    /// One per slot line of the offer, in order.
    pub slots: &'a [SlotStream],
    /// The client may publish; otherwise its send lines are answered as inactive.
    pub publish: bool,
    /// The client may receive; otherwise its slots are answered as inactive.
    pub subscribe: bool,
}

/// Writes the answer to `offer`.
pub fn write(offer: &Offer, answer: &Answer<'_>) -> String {
    let mut out = Text(String::with_capacity(600 * offer.lines.len() + 400));
    write_session(&mut out, offer, answer);
    let mut slots = answer.slots.iter();
    let mut candidates = answer.candidates;
    for line in &offer.lines {
        let slot = match line.role {
            Role::Rejected => {
                write_rejected(&mut out, line);
                continue;
            }
            Role::Slot(_) => slots.next().filter(|_| answer.subscribe),
            Role::Send(_) => None,
        };
        let open = slot.is_some() || matches!(line.role, Role::Send(_)) && answer.publish;
        write_head(&mut out, line, answer, candidates);
        candidates = &[]; // the bundle has one transport: its candidates stand in its first line
        out.line(match (open, slot) {
            (false, _) => "a=inactive",
            (true, Some(_)) => "a=sendonly",
            (true, None) => "a=recvonly",
        });
        write_extensions(&mut out, line);
        for codec in &line.codecs {
            write_codec(&mut out, line.role, codec);
        }
        match slot {
            Some(slot) => write_slot(&mut out, offer.shape, line, *slot),
            None if open => write_layers(&mut out, line),
            None => {}
        }
    }
    out.0
}

/// Builds text line by line.
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push_str("\r\n");
    }

    fn print(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing into a String cannot fail.
        let _ = self.0.write_fmt(line);
        self.0.push_str("\r\n");
    }
}

fn write_session(out: &mut Text, offer: &Offer, answer: &Answer<'_>) {
    out.line("v=0");
    let Answer { session_id, session_version, .. } = answer;
    out.print(format_args!("o=- {} {session_version} IN IP4 127.0.0.1", session_id >> 2));
    out.line("s=-");
    out.line("t=0 0");
    out.0.push_str("a=group:BUNDLE");
    for line in offer.lines.iter().filter(|line| line.role != Role::Rejected) {
        out.0.push(' ');
        out.0.push_str(&line.mid);
    }
    out.line("");
    out.line("a=ice-lite");
    if offer.mixed_extensions {
        out.line("a=extmap-allow-mixed");
    }
    out.line("a=msid-semantic: WMS *");
}

fn media_name(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
    }
}

/// RFC 8829 §5.3.1: a rejected line needs a port of 0 and some format.
fn write_rejected(out: &mut Text, line: &Line) {
    out.print(format_args!("m={} 0 UDP/TLS/RTP/SAVPF 0", media_name(line.kind)));
    out.line("c=IN IP4 0.0.0.0");
    out.print(format_args!("a=mid:{}", line.mid));
    out.line("a=inactive");
}

/// Everything up to the direction. Transport parameters are repeated in every line for clients that look there.
fn write_head(out: &mut Text, line: &Line, answer: &Answer<'_>, candidates: &[Remote]) {
    out.0.push_str("m=");
    out.0.push_str(media_name(line.kind));
    out.0.push_str(" 9 UDP/TLS/RTP/SAVPF");
    for codec in &line.codecs {
        // What stands first is what the client sends: of a voice, packets that carry earlier ones once more.
        let red = red(line.role, codec);
        if let (Some(red), Role::Send(_)) = (red, line.role) {
            let _ = write!(out.0, " {red}");
        }
        let _ = write!(out.0, " {}", codec.payload_type);
        if let (Some(red), Role::Slot(_)) = (red, line.role) {
            let _ = write!(out.0, " {red}");
        }
        if let Some(rtx) = codec.rtx_payload_type {
            let _ = write!(out.0, " {rtx}");
        }
    }
    out.line("");
    out.line("c=IN IP4 0.0.0.0");
    out.line("a=rtcp:9 IN IP4 0.0.0.0");
    out.print(format_args!("a=mid:{}", line.mid));
    out.print(format_args!("a=ice-ufrag:{}", answer.ice_ufrag));
    out.print(format_args!("a=ice-pwd:{}", answer.ice_pwd));
    write_fingerprint(out, answer.fingerprint);
    out.line("a=setup:passive");
    for (index, address) in candidates.iter().enumerate() {
        write_candidate(out, index, *address);
    }
    if !candidates.is_empty() {
        out.line("a=end-of-candidates");
    }
    out.line("a=rtcp-mux");
    out.line("a=rtcp-rsize");
}

fn write_fingerprint(out: &mut Text, fingerprint: &[u8; 32]) {
    out.0.push_str("a=fingerprint:sha-256");
    for (index, byte) in fingerprint.iter().enumerate() {
        let separator = if index == 0 { ' ' } else { ':' };
        let _ = write!(out.0, "{separator}{byte:02X}");
    }
    out.line("");
}

/// A host candidate (RFC 8839 §5.1, RFC 6544 §4.5); priorities follow RFC 8445 §5.1.2.1, falling with the order. TCP stands
/// below every UDP candidate, and among TCP candidates a passive host has a direction preference of 4 (RFC 6544 §4.2).
fn write_candidate(out: &mut Text, index: usize, candidate: Remote) {
    let order = index as u32;
    let (ip, port) = (candidate.address.ip(), candidate.address.port());
    let (type_preference, most, protocol, kind) = match candidate.protocol {
        Protocol::Udp => (126_u32, u32::from(u16::MAX), "udp", ""),
        Protocol::Tcp => (90, (4 << 13) + 0x1FFF, "tcp", " tcptype passive"),
    };
    let priority = type_preference << 24 | most.saturating_sub(order) << 8 | 255;
    out.print(format_args!("a=candidate:{} 1 {protocol} {priority} {ip} {port} typ host{kind}", index + 1));
}

fn write_extensions(out: &mut Text, line: &Line) {
    let ids = line.extensions;
    let known = [
        (ids.audio_level, URI_AUDIO_LEVEL),
        (ids.mid, URI_MID),
        (ids.transport_sequence, URI_TRANSPORT_SEQUENCE),
        (ids.abs_send_time, URI_ABS_SEND_TIME),
        (ids.dependency, URI_DEPENDENCY_DESCRIPTOR),
    ];
    for (id, uri) in known {
        if let Some(id) = id {
            out.print(format_args!("a=extmap:{id} {uri}"));
        }
    }
    if line.rids.is_empty() {
        return;
    }
    for (id, uri) in [(ids.rid, URI_RID), (ids.repaired_rid, URI_REPAIRED_RID)] {
        if let Some(id) = id {
            out.print(format_args!("a=extmap:{id}/recvonly {uri}"));
        }
    }
}

/// Where redundancy is worth its bytes: music costs several times what speech does, and its publisher cannot be told to send
/// less of it.
fn red(role: Role, codec: &Codec) -> Option<u8> {
    codec.red_payload_type.filter(|_| role != Role::Send(Source::ScreenAudio))
}

fn write_codec(out: &mut Text, role: Role, codec: &Codec) {
    let payload_type = codec.payload_type;
    let map = match codec.kind {
        CodecKind::Opus => "opus/48000/2",
        CodecKind::Vp8 => "VP8/90000",
        CodecKind::H264(_) => "H264/90000",
        CodecKind::Vp9 => "VP9/90000",
        CodecKind::Av1 => "AV1/90000",
    };
    out.print(format_args!("a=rtpmap:{payload_type} {map}"));
    let feedback = [
        (codec.transport_feedback, "transport-cc"),
        (codec.nack, "nack"),
        (codec.pli, "nack pli"),
        (codec.fir, "ccm fir"),
    ];
    for (offered, name) in feedback {
        if offered {
            out.print(format_args!("a=rtcp-fb:{payload_type} {name}"));
        }
    }
    let parameters = match (codec.kind, role) {
        // What we ask a microphone to send: repair inside the stream, and nothing while nobody speaks.
        (CodecKind::Opus, Role::Send(Source::Microphone)) => "minptime=10;useinbandfec=1;usedtx=1",
        // Music and films lose by both gates and mono. The slot says that two channels come.
        (CodecKind::Opus, Role::Send(_) | Role::Slot(SlotKind::ScreenAudio)) => {
            "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1"
        }
        (CodecKind::Opus, _) => "minptime=10;useinbandfec=1",
        (CodecKind::H264(_) | CodecKind::Vp9 | CodecKind::Av1, _) => &codec.parameters,
        (CodecKind::Vp8, _) => "",
    };
    if !parameters.is_empty() {
        out.print(format_args!("a=fmtp:{payload_type} {parameters}"));
    }
    if let Some(red) = red(role, codec) {
        out.print(format_args!("a=rtpmap:{red} red/{}/2", codec.kind.clock_rate()));
        out.print(format_args!("a=fmtp:{red} {payload_type}/{payload_type}"));
    }
    if let Some(rtx) = codec.rtx_payload_type {
        out.print(format_args!("a=rtpmap:{rtx} rtx/{}", codec.kind.clock_rate()));
        out.print(format_args!("a=fmtp:{rtx} apt={payload_type}"));
    }
}

/// The layers that the client may send (RFC 8853 §5.3.2): those of its offer that we know what to do with.
fn write_layers(out: &mut Text, line: &Line) {
    if line.rids.is_empty() {
        return;
    }
    for rid in &line.rids {
        out.print(format_args!("a=rid:{rid} recv"));
    }
    out.print(format_args!("a=simulcast:recv {}", line.rids.join(";")));
}

/// The stream of a slot: named once, whoever fills it (DESIGN §6). Who watches one person gets one stream with both
/// tracks, which players show and keep in step as one.
fn write_slot(out: &mut Text, shape: Shape, line: &Line, slot: SlotStream) {
    let SlotStream { ssrc, rtx_ssrc } = slot;
    let mid = &line.mid;
    match shape {
        Shape::Watcher => out.print(format_args!("a=msid:watch track-{mid}")),
        Shape::Meeting | Shape::Publisher => out.print(format_args!("a=msid:slot-{mid} track-{mid}")),
    }
    let repaired = line.codecs.iter().any(|codec| codec.rtx_payload_type.is_some());
    if repaired {
        out.print(format_args!("a=ssrc-group:FID {ssrc} {rtx_ssrc}"));
    }
    out.print(format_args!("a=ssrc:{ssrc} cname:{CNAME}"));
    if repaired {
        out.print(format_args!("a=ssrc:{rtx_ssrc} cname:{CNAME}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::sdp::parse;

    const CHROMIUM: &str = include_str!("../../tests/fixtures/chromium.sdp");
    const CHROMIUM_SIMULCAST: &str = include_str!("../../tests/fixtures/chromium-simulcast.sdp");
    const FIREFOX_SIMULCAST: &str = include_str!("../../tests/fixtures/firefox-simulcast.sdp");

    fn answer(offer_text: &str, publish: bool, subscribe: bool) -> String {
        answer_to(&parse(offer_text, &Limits::default(), Shape::Meeting).unwrap(), publish, subscribe)
    }

    fn answer_to(offer: &Offer, publish: bool, subscribe: bool) -> String {
        let slots: Vec<_> = (0..offer.slot_count() as u32)
            .map(|n| SlotStream { ssrc: 1000 + n, rtx_ssrc: 2000 + n })
            .collect();
        let ours = Answer {
            session_id: 40,
            session_version: 1,
            ice_ufrag: "ours",
            ice_pwd: "0123456789012345678901",
            fingerprint: &[0xab; 32],
            candidates: &[
                udp("192.0.2.7:5000"),
                udp("[2001:db8::1]:5000"),
                Remote::tcp("192.0.2.7:5000".parse().unwrap()),
            ],
            slots: &slots,
            publish,
            subscribe,
        };
        write(offer, &ours)
    }

    fn udp(address: &str) -> Remote {
        address.parse::<std::net::SocketAddr>().unwrap().into()
    }

    fn count(text: &str, line: &str) -> usize {
        text.lines().filter(|candidate| *candidate == line).count()
    }

    #[test]
    fn every_line_is_mirrored() {
        let text = answer(CHROMIUM, true, true);
        assert_eq!((count(&text, "a=recvonly"), count(&text, "a=sendonly")), (4, 29));
        assert_eq!(count(&text, "a=setup:passive"), 33);
        assert_eq!(count(&text, "a=ice-lite"), 1);
        assert!(text.contains("a=candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host\r\n"));
        assert!(text.contains("a=candidate:2 1 udp 2130706175 2001:db8::1 5000 typ host\r\n"));
        let tcp = "a=candidate:3 1 tcp 1520434687 192.0.2.7 5000 typ host tcptype passive\r\n";
        assert!(text.contains(tcp), "{text}");
        assert_eq!(text.matches("a=end-of-candidates").count(), 1);
        assert!(!text.contains("goog-remb") && !text.contains("G722"));
        assert!(text.contains("a=ssrc-group:FID 1004 2004\r\n"), "video slots are repaired");
        assert!(!text.contains("FID 1003 2003"), "audio is not");
        assert!(text.len() < 50_000, "{}", text.len());
    }

    #[test]
    fn layers_are_taken_as_offered() {
        for (offer, last) in [(CHROMIUM_SIMULCAST, "10"), (FIREFOX_SIMULCAST, "9")] {
            let text = answer(offer, true, true);
            let camera = text.split("m=video").nth(1).unwrap();
            let rids: Vec<_> = camera.lines().filter(|line| line.starts_with("a=rid:")).collect();
            assert_eq!(rids, ["a=rid:l recv", "a=rid:m recv", "a=rid:h recv"]);
            assert_eq!(count(camera, "a=simulcast:recv l;m;h"), 1);
            assert_eq!(count(&text, "a=simulcast:recv l;h"), 1, "the screen's");
            let extension = format!("a=extmap:{last}/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id");
            assert_eq!(count(camera, &extension), 1);
            assert!(!answer(offer, false, true).contains("simulcast"), "an inactive line has none");
        }
        assert!(!answer(CHROMIUM, true, true).contains("simulcast"), "nor has who did not offer any");
    }

    #[test]
    fn layers_within_a_stream_are_described_to_who_offers_it() {
        let offer = CHROMIUM_SIMULCAST.replace("VP8/90000", "VP9/90000");
        let text = answer(&offer, true, true);
        let described = format!("a=extmap:12 {URI_DEPENDENCY_DESCRIPTOR}");
        assert_eq!(count(&text, &described), text.matches("m=video").count());
        assert_eq!(count(&text, "a=extmap-allow-mixed"), 1);
        assert!(!answer(CHROMIUM_SIMULCAST, true, true).contains(&described));
    }

    #[test]
    fn a_watcher_gets_sound_and_picture_in_one_stream() {
        let offer = include_str!("../../tests/fixtures/aiortc-watcher.sdp");
        let offer = parse(offer, &Limits::default(), Shape::Watcher).unwrap();
        let text = answer_to(&offer, false, true);
        let streams: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("a=msid:")).collect();
        assert_eq!(streams, ["watch track-0", "watch track-1"]);
        assert_eq!(count(&text, "a=sendonly"), 2);
    }

    /// The offer numbers Opus alike on all lines, and what is said of the number holds for its line alone.
    #[test]
    fn a_screen_sounds_in_stereo_and_voices_do_not() {
        let text = answer(CHROMIUM, true, true);
        let lines = text.split("m=").skip(1).filter(|line| line.starts_with("audio"));
        let parameters: Vec<_> =
            lines.map(|line| line.lines().find_map(|l| l.strip_prefix("a=fmtp:111 ")).unwrap()).collect();
        let (voice, screen) =
            ("minptime=10;useinbandfec=1", "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1");
        let microphone = "minptime=10;useinbandfec=1;usedtx=1";
        assert_eq!(parameters, [microphone, screen, voice, voice, voice, screen]);
    }

    /// The first format of a send line is what Chromium sends; slots take either.
    #[test]
    fn a_voice_comes_with_earlier_packets_and_goes_out_as_is_wanted() {
        let text = answer(CHROMIUM, true, true);
        let formats: Vec<_> =
            text.lines().filter_map(|line| line.strip_prefix("m=audio 9 UDP/TLS/RTP/SAVPF ")).collect();
        assert_eq!(formats, ["63 111", "111", "111 63", "111 63", "111 63", "111 63"]);
        assert_eq!(count(&text, "a=rtpmap:63 red/48000/2"), 5);
        assert_eq!(count(&text, "a=fmtp:63 111/111"), 5);
        let without = answer(&CHROMIUM.replace("red/48000/2", "green/48000/2"), true, true);
        assert!(!without.contains("red/") && !without.contains(" 63"), "who has none");
    }

    #[test]
    fn who_may_not_gets_inactive_lines() {
        let text = answer(CHROMIUM, false, true);
        assert_eq!((count(&text, "a=inactive"), count(&text, "a=sendonly")), (4, 29));
        let text = answer(CHROMIUM, true, false);
        assert_eq!((count(&text, "a=inactive"), count(&text, "a=recvonly")), (29, 4));
        assert!(!text.contains("a=ssrc"));
    }

    #[test]
    fn rejected_lines_leave_the_bundle() {
        let text = answer(&CHROMIUM.replacen("a=sendonly", "a=inactive", 1), true, true);
        assert!(text.contains("a=group:BUNDLE 1 2 3 "));
        assert_eq!(text.matches("m=audio 0 ").count(), 1);
        assert_eq!(text.matches("m=").count(), 33, "none is left out");
    }
}
