//! Parses the offer in one pass over its lines; work is linear in its length, which is bounded first.

use std::sync::Arc;

use wire::extension::{
    URI_ABS_SEND_TIME, URI_AUDIO_LEVEL, URI_DEPENDENCY_DESCRIPTOR, URI_MID, URI_REPAIRED_RID, URI_RID,
    URI_TRANSPORT_SEQUENCE,
};

use super::section::{Direction, Section, Session, Transport};
use super::{
    ExtensionIds, Line, MAX_LAYERS, MediaKind, Offer, Role, SdpError, Secret, Shape, SlotKind, bad, codec,
    over,
};
use crate::{Limits, Source};

/// A mid must fit the one-byte form of its header extension.
const MAX_MID_BYTES: usize = 16;
/// The same for the name of a layer (RFC 8852 §3.3).
const MAX_RID_BYTES: usize = 16;
/// RFC 8839 §5.4.
const UFRAG_BYTES: std::ops::RangeInclusive<usize> = 4..=256;
const PWD_BYTES: std::ops::RangeInclusive<usize> = 22..=256;

/// Reads an offer of this shape.
///
/// Errors name the line; `limit` is set where a limit of `limits` is the reason.
pub fn parse(text: &str, limits: &Limits, shape: Shape) -> Result<Offer, SdpError> {
    if text.len() > limits.offer_bytes {
        return Err(over(0, format!("the offer has more than {} bytes", limits.offer_bytes)));
    }
    let (session, sections) = read_sections(text, limits)?;
    let first = sections.first().ok_or_else(|| bad(0, "the offer has no m-line"))?;
    let transport = first.transport.or(session.transport);
    let (ice_ufrag, ice_pwd, fingerprint) = check_transport(first.line, transport)?;

    let mut roles = Roles::new(shape);
    let mut lines: Vec<Line> = Vec::with_capacity(sections.len());
    for section in &sections {
        let line = read_line(section, &session, &mut roles)?;
        if lines.iter().any(|earlier| earlier.mid == line.mid) {
            return Err(bad(section.line, format!("mid {} is there twice", line.mid)));
        }
        lines.push(line);
    }
    if lines.iter().all(|line| line.role == Role::Rejected) {
        return Err(bad(0, "no m-line of the offer can be served"));
    }
    let mixed_extensions = session.mixed_extensions;
    Ok(Offer { shape, ice_ufrag, ice_pwd, fingerprint, mixed_extensions, lines })
}

fn read_sections<'a>(text: &'a str, limits: &Limits) -> Result<(Session<'a>, Vec<Section<'a>>), SdpError> {
    if !text.starts_with("v=0") {
        return Err(bad(1, "an SDP begins with v=0"));
    }
    let mut session = Session::default();
    let mut sections: Vec<Section<'a>> = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let line = index + 1;
        let Some((kind, value)) = raw.split_once('=') else {
            if raw.is_empty() {
                continue;
            }
            return Err(bad(line, "a line is not <type>=<value>"));
        };
        if kind == "m" {
            if sections.len() == limits.m_lines {
                return Err(over(line, format!("the offer has more than {} m-lines", limits.m_lines)));
            }
            sections.push(Section::parse(line, value)?);
        } else if kind == "a" {
            let (name, value) = value.split_once(':').unwrap_or((value, ""));
            match sections.last_mut() {
                Some(section) => section.attribute(line, name, value)?,
                None => session.attribute(name, value),
            }
        }
    }
    Ok((session, sections))
}

fn check_transport(line: usize, transport: Transport<'_>) -> Result<(String, Secret, [u8; 32]), SdpError> {
    let is_ice = |text: &&str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    let ufrag = transport
        .ufrag
        .filter(|ufrag| UFRAG_BYTES.contains(&ufrag.len()))
        .filter(is_ice)
        .ok_or_else(|| bad(line, "ice-ufrag is missing or malformed"))?;
    let pwd = transport
        .pwd
        .filter(|pwd| PWD_BYTES.contains(&pwd.len()))
        .filter(is_ice)
        .ok_or_else(|| bad(line, "ice-pwd is missing or malformed"))?;
    let fingerprint = transport
        .fingerprint
        .and_then(parse_fingerprint)
        .ok_or_else(|| bad(line, "a SHA-256 fingerprint is missing or malformed"))?;
    if !matches!(transport.setup, Some("actpass" | "active")) {
        return Err(bad(line, "setup must be actpass or active: the server only answers DTLS"));
    }
    Ok((ufrag.to_owned(), Secret(pwd.to_owned()), fingerprint))
}

/// Reads 32 hexadecimal bytes with colons between.
fn parse_fingerprint(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let mut pairs = text.split(':');
    for byte in &mut bytes {
        let pair = pairs.next().filter(|pair| pair.len() == 2)?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    pairs.next().is_none().then_some(bytes)
}

fn read_line(section: &Section<'_>, session: &Session<'_>, roles: &mut Roles) -> Result<Line, SdpError> {
    let mid = section.mid.ok_or_else(|| bad(section.line, "the m-line has no mid"))?;
    let printable = mid.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
    if mid.is_empty() || mid.len() > MAX_MID_BYTES || !printable {
        return Err(bad(section.line, format!("a mid has 1 to {MAX_MID_BYTES} plain characters")));
    }
    let mut codecs = codec::choose(section.kind, &section.formats);
    let direction = section.direction.or(session.direction).unwrap_or(Direction::SendReceive);
    let is_off = section.port_zero && !section.bundle_only || direction == Direction::Inactive;
    let role = if is_off || codecs.is_empty() && roles.shape == Shape::Meeting {
        Role::Rejected
    } else if codecs.is_empty() {
        return Err(bad(section.line, format!("mid {mid}: {}", unusable(section.kind))));
    } else {
        roles.next(section, mid, direction)?
    };
    if role == Role::Rejected {
        codecs.clear();
    } else {
        if !section.rtcp_mux {
            return Err(bad(section.line, format!("mid {mid}: rtcp-mux is required")));
        }
        if !session.bundle.is_some_and(|mids| mids.split(' ').any(|bundled| bundled == mid)) {
            let advice = "not in the BUNDLE group: bundle all m-lines (a=group:BUNDLE)";
            return Err(bad(section.line, format!("mid {mid}: {advice}")));
        }
    }
    let sends = matches!(role, Role::Send(_));
    if sends {
        codec::keep_best(&mut codecs);
    }
    let mut extensions = extension_ids(section);
    if !session.mixed_extensions || !codecs.iter().any(|it| it.kind.is_described()) {
        extensions.dependency = None;
    }
    let rids = if sends { layers(section, extensions) } else { Vec::new() };
    // The streams of layers are known by their names: in which order a client announces them is nowhere agreed.
    let announces = sends && rids.is_empty();
    Ok(Line {
        mid: Arc::from(mid),
        kind: section.kind,
        role,
        codecs,
        extensions,
        // A receiver's own SSRC only signs its reports (Firefox writes it): nothing comes on it.
        ssrcs: if announces { section.ssrcs.clone() } else { Vec::new() },
        retransmission_ssrcs: if announces { section.retransmission_ssrcs.clone() } else { Vec::new() },
        rids,
    })
}

/// What to say to who offers nothing that we forward.
fn unusable(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Audio => "none of its codecs is served: offer opus/48000/2",
        MediaKind::Video => {
            "none of its codecs is served: offer VP8, H264 (baseline, main or high profile), VP9 (profile 0) or AV1 (main profile)"
        }
    }
}

/// The layers of the offer that we take: named in both attributes, and tellable apart in packets.
fn layers(section: &Section<'_>, extensions: ExtensionIds) -> Vec<Arc<str>> {
    if section.kind == MediaKind::Audio || extensions.mid.is_none() || extensions.rid.is_none() {
        return Vec::new();
    }
    let is_name = |rid: &&&str| {
        (1..=MAX_RID_BYTES).contains(&rid.len())
            && rid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let mut rids: Vec<Arc<str>> = Vec::new();
    for rid in section.simulcast.iter().filter(|rid| section.rids.contains(rid)).filter(is_name) {
        if rids.len() < MAX_LAYERS && !rids.iter().any(|earlier| **earlier == **rid) {
            rids.push(Arc::from(*rid));
        }
    }
    rids
}

fn extension_ids(section: &Section<'_>) -> ExtensionIds {
    let mut ids = ExtensionIds::default();
    for &(id, uri) in &section.extensions {
        let place = match uri {
            URI_AUDIO_LEVEL if section.kind == MediaKind::Audio => &mut ids.audio_level,
            URI_MID => &mut ids.mid,
            URI_TRANSPORT_SEQUENCE => &mut ids.transport_sequence,
            URI_ABS_SEND_TIME => &mut ids.abs_send_time,
            URI_RID => &mut ids.rid,
            URI_REPAIRED_RID => &mut ids.repaired_rid,
            URI_DEPENDENCY_DESCRIPTOR if section.kind == MediaKind::Video => &mut ids.dependency,
            _ => continue,
        };
        place.get_or_insert(id);
    }
    ids
}

/// Gives roles by order among lines of the same kind and direction.
#[derive(Debug)]
struct Roles {
    shape: Shape,
    send_audio: usize,
    send_video: usize,
    receive_audio: usize,
    receive_video: usize,
}

impl Roles {
    fn new(shape: Shape) -> Self {
        Self { shape, send_audio: 0, send_video: 0, receive_audio: 0, receive_video: 0 }
    }

    fn next(&mut self, section: &Section<'_>, mid: &str, direction: Direction) -> Result<Role, SdpError> {
        use SlotKind::{ScreenAudio, Speech, Video};
        let refused = |why: &str| bad(section.line, format!("mid {mid}: {why}"));
        let sends = self.sends(direction).map_err(refused)?;
        let is_meeting = self.shape == Shape::Meeting;
        let places = |all: usize| if is_meeting { all } else { 1 };
        let role = match (sends, section.kind) {
            (true, MediaKind::Audio) => {
                let order = [Source::Microphone, Source::ScreenAudio];
                pick(&mut self.send_audio, &order[..places(2)]).map(Role::Send)
            }
            (true, MediaKind::Video) => {
                let order = [Source::Camera, Source::Screen];
                pick(&mut self.send_video, &order[..places(2)]).map(Role::Send)
            }
            (false, MediaKind::Audio) => {
                let order = [Speech, Speech, Speech, ScreenAudio];
                pick(&mut self.receive_audio, &order[..places(4)]).map(Role::Slot)
            }
            (false, MediaKind::Video) if is_meeting => Some(Role::Slot(Video)),
            (false, MediaKind::Video) => pick(&mut self.receive_video, &[Video]).map(Role::Slot),
        };
        role.ok_or_else(|| refused("there are more lines of this kind and direction than are served"))
    }

    /// Whether the client sends on a line of this direction. A one-way client may leave it open (RFC 9725 §4.2).
    fn sends(&self, direction: Direction) -> Result<bool, &'static str> {
        match (self.shape, direction) {
            (Shape::Publisher, Direction::ReceiveOnly) => {
                Err("recvonly: who publishes offers sendonly lines")
            }
            (Shape::Watcher, Direction::SendOnly) => Err("sendonly: who watches offers recvonly lines"),
            (Shape::Meeting, Direction::SendReceive) => {
                Err("sendrecv is not served, send and receive on lines apart")
            }
            (Shape::Publisher, _) => Ok(true),
            (Shape::Watcher, _) => Ok(false),
            (Shape::Meeting, direction) => Ok(direction == Direction::SendOnly),
        }
    }
}

fn pick<T: Copy>(index: &mut usize, order: &[T]) -> Option<T> {
    let picked = order.get(*index).copied();
    *index += 1;
    picked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdp::{CodecKind, H264Format, H264Profile};

    const CHROMIUM: &str = include_str!("../../tests/fixtures/chromium.sdp");
    const CHROMIUM_SIMULCAST: &str = include_str!("../../tests/fixtures/chromium-simulcast.sdp");
    const FIREFOX_SIMULCAST: &str = include_str!("../../tests/fixtures/firefox-simulcast.sdp");
    const FIREFOX: &str = include_str!("../../tests/fixtures/firefox.sdp");
    const SAFARI: &str = include_str!("../../tests/fixtures/safari.sdp");

    const AIORTC_PUBLISHER: &str = include_str!("../../tests/fixtures/aiortc-publisher.sdp");
    const AIORTC_WATCHER: &str = include_str!("../../tests/fixtures/aiortc-watcher.sdp");

    fn read(text: &str) -> Result<Offer, SdpError> {
        parse(text, &Limits::default(), Shape::Meeting)
    }

    fn refused(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn all_browsers_have_the_same_roles() {
        for text in [CHROMIUM, FIREFOX, SAFARI] {
            let roles: Vec<_> = read(text).unwrap().lines.iter().map(|line| line.role).collect();
            let expected = [
                Role::Send(Source::Microphone),
                Role::Send(Source::Camera),
                Role::Send(Source::Screen),
                Role::Send(Source::ScreenAudio),
                Role::Slot(SlotKind::Speech),
                Role::Slot(SlotKind::Speech),
                Role::Slot(SlotKind::Speech),
                Role::Slot(SlotKind::ScreenAudio),
            ];
            assert_eq!(roles[..8], expected);
            assert!(roles[8..].iter().all(|role| *role == Role::Slot(SlotKind::Video)));
            assert_eq!(roles.len(), 33);
        }
    }

    #[test]
    fn chromium_sends_four_codecs_with_retransmissions() {
        let offer = read(CHROMIUM).unwrap();
        let camera = &offer.lines[1];
        let codecs: Vec<_> =
            camera.codecs.iter().map(|c| (c.kind, c.payload_type, c.rtx_payload_type)).collect();
        let h264 = H264Format { single_units: false, profile: H264Profile::ConstrainedBaseline };
        let expected = [
            (CodecKind::Vp8, 96, Some(97)),
            (CodecKind::H264(h264), 108, Some(109)),
            (CodecKind::Vp9, 98, Some(99)),
            (CodecKind::Av1, 45, Some(46)),
        ];
        assert_eq!(codecs, expected);
        assert!(camera.codecs.iter().all(|c| c.nack && c.pli && c.fir && c.transport_feedback));
        assert_eq!(camera.retransmission_ssrcs, [(camera.ssrcs[0], camera.ssrcs[1])]);
        let ids = camera.extensions;
        assert_eq!((ids.mid, ids.transport_sequence, ids.abs_send_time), (Some(4), Some(3), Some(2)));
        assert_eq!(ids.audio_level, None);
        assert_eq!(offer.lines[0].extensions.audio_level, Some(1));
    }

    #[test]
    fn layers_within_a_stream_are_described_where_a_codec_and_both_sides_have_use_for_it() {
        let id = |text: &str| read(text).unwrap().lines.last().unwrap().extensions.dependency;
        assert_eq!(id(CHROMIUM_SIMULCAST), None, "VP8 and H264 have none");
        let vp9 = CHROMIUM_SIMULCAST.replace("VP8/90000", "VP9/90000");
        assert_eq!(id(&vp9), Some(12));
        assert_eq!(read(&vp9).unwrap().lines[1].codecs[1].kind, CodecKind::Vp9, "after H264");
        assert_eq!(id(&vp9.replace("a=extmap-allow-mixed\r\n", "")), None, "it takes the long form");
    }

    #[test]
    fn a_receiver_has_all_its_formats_and_a_sender_one_of_a_codec() {
        let offer = read(CHROMIUM).unwrap();
        let numbers = |at: usize| offer.lines[at].codecs.iter().map(|it| it.payload_type).collect::<Vec<_>>();
        assert_eq!((numbers(1), numbers(8)), (vec![96, 108, 98, 45], vec![96, 108, 102, 116]));
    }

    #[test]
    fn firefox_bundles_by_port_0_and_signs_at_session_level() {
        let offer = read(FIREFOX).unwrap();
        let video = offer.lines.last().unwrap();
        assert_eq!(video.codecs.iter().map(|c| c.kind).collect::<Vec<_>>(), [CodecKind::Vp8]);
        assert_eq!(video.ssrcs, [], "a receiver's own");
        assert_ne!(offer.fingerprint, [0; 32]);
    }

    #[test]
    fn both_browsers_name_their_layers_low_to_high() {
        for text in [CHROMIUM_SIMULCAST, FIREFOX_SIMULCAST] {
            let offer = read(text).unwrap();
            let names = |at: usize| offer.lines[at].rids.iter().map(|rid| &**rid).collect::<Vec<_>>();
            assert_eq!((names(1), names(2), names(8)), (vec!["l", "m", "h"], vec!["l", "h"], vec![]));
            let camera = &offer.lines[1];
            assert!(camera.extensions.rid.is_some() && camera.extensions.repaired_rid.is_some());
            assert_eq!(camera.ssrcs, [], "its streams are known by their names");
        }
    }

    #[test]
    fn strange_layers_are_passed_over() {
        let names = |simulcast: &str| {
            let text = CHROMIUM_SIMULCAST.replacen("a=simulcast:send l;m;h", simulcast, 1);
            read(&text).unwrap().lines[1].rids.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(names("a=simulcast:recv x send h,m;~l;l;q"), ["h", "l"], "first choices, once, declared");
        assert_eq!(names("a=simulcast:send"), [""; 0]);
        assert_eq!(names("a=simulcast:"), [""; 0]);
        let nameless = CHROMIUM_SIMULCAST.replace("sdes:rtp-stream-id", "x");
        assert_eq!(read(&nameless).unwrap().lines[1].rids, [], "packets could not be told apart");
    }

    #[test]
    fn a_one_way_client_may_leave_the_direction_open() {
        let roles = |text: &str, shape| {
            let offer = parse(text, &Limits::default(), shape).unwrap();
            offer.lines.iter().map(|line| line.role).collect::<Vec<_>>()
        };
        let publishes = [Role::Send(Source::Microphone), Role::Send(Source::Camera)];
        let watches = [Role::Slot(SlotKind::Speech), Role::Slot(SlotKind::Video)];
        assert!(AIORTC_PUBLISHER.contains("a=sendrecv") && AIORTC_WATCHER.contains("a=recvonly"));
        assert_eq!(roles(AIORTC_PUBLISHER, Shape::Publisher), publishes);
        assert_eq!(roles(&AIORTC_PUBLISHER.replace("sendrecv", "sendonly"), Shape::Publisher), publishes);
        assert_eq!(roles(AIORTC_WATCHER, Shape::Watcher), watches);
        assert_eq!(roles(&AIORTC_WATCHER.replace("recvonly", "sendrecv"), Shape::Watcher), watches);
        let without_sound = AIORTC_WATCHER.replacen("recvonly", "inactive", 1);
        assert_eq!(roles(&without_sound, Shape::Watcher), [Role::Rejected, Role::Slot(SlotKind::Video)]);
    }

    #[test]
    fn a_one_way_client_is_served_as_a_whole_or_told_what_to_change() {
        let refused = |text: &str, shape| parse(text, &Limits::default(), shape).unwrap_err().to_string();
        let publisher = |text: &str| refused(text, Shape::Publisher);
        let video = "mid 1: none of its codecs is served: offer VP8, H264 (baseline, main or high profile), VP9 (profile 0) or AV1 (main profile)";
        let foreign = AIORTC_PUBLISHER.replace("VP8/", "H263/").replace("H264/", "H265/");
        assert!(publisher(&foreign).ends_with(video));
        assert!(publisher(&AIORTC_PUBLISHER.replace("opus/", "speex/")).ends_with("offer opus/48000/2"));
        assert!(publisher(AIORTC_WATCHER).ends_with("recvonly: who publishes offers sendonly lines"));
        let sends = AIORTC_PUBLISHER.replace("sendrecv", "sendonly");
        assert!(refused(&sends, Shape::Watcher).ends_with("sendonly: who watches offers recvonly lines"));
        assert!(publisher(CHROMIUM).contains("recvonly") || publisher(CHROMIUM).contains("more lines"));
        let second = format!("{sends}{}", video_line(&sends).replace("a=mid:1", "a=mid:2"));
        assert!(publisher(&second).ends_with("more lines of this kind and direction than are served"));
        assert_eq!(publisher(&sends.replace("sendonly", "inactive")), "no m-line of the offer can be served");
    }

    fn video_line(text: &str) -> &str {
        &text[text.find("m=video").unwrap()..]
    }

    #[test]
    fn passwords_print_redacted() {
        let offer = read(CHROMIUM).unwrap();
        assert!(!format!("{offer:?}").contains(offer.ice_pwd.expose()));
    }

    #[test]
    fn errors_name_the_line() {
        assert_eq!(refused(""), "line 1: an SDP begins with v=0");
        assert_eq!(refused("v=0\r\n"), "the offer has no m-line");
        assert_eq!(refused("v=0\r\nx\r\n"), "line 2: a line is not <type>=<value>");
        assert_eq!(
            refused(&CHROMIUM.replacen("a=sendonly", "a=sendrecv", 1)),
            "line 8: mid 0: sendrecv is not served, send and receive on lines apart"
        );
        assert_eq!(
            refused(&CHROMIUM.replacen("a=setup:actpass", "a=setup:passive", 1)),
            "line 8: setup must be actpass or active: the server only answers DTLS"
        );
        assert_eq!(
            refused(&CHROMIUM.replacen("m=audio", "m=application", 1)),
            "line 8: only audio and video are served"
        );
        assert!(refused(&CHROMIUM.replacen("a=mid:1\r", "a=mid:0\r", 1)).ends_with("mid 0 is there twice"));
        assert!(
            refused(&CHROMIUM.replacen("BUNDLE 0 ", "BUNDLE ", 1))
                .ends_with("mid 0: not in the BUNDLE group: bundle all m-lines (a=group:BUNDLE)")
        );
        assert!(refused(&CHROMIUM.replacen("sha-256", "sha-1", 1)).contains("SHA-256 fingerprint"));
        assert!(refused(&CHROMIUM.replacen("a=rtcp-mux", "a=x", 1)).ends_with("rtcp-mux is required"));
    }

    #[test]
    fn limits_come_first() {
        let limits = Limits { offer_bytes: 1000, m_lines: 64, ..Limits::default() };
        let error = parse(CHROMIUM, &limits, Shape::Meeting).unwrap_err();
        assert!(error.limit && error.message.contains("1000 bytes"));
        let limits = Limits { m_lines: 8, ..Limits::default() };
        let error = parse(CHROMIUM, &limits, Shape::Meeting).unwrap_err();
        assert!(error.limit && error.message.contains("8 m-lines"));
    }

    #[test]
    fn inactive_and_undecodable_lines_are_rejected() {
        let text = CHROMIUM.replacen("a=sendonly", "a=inactive", 1);
        let offer = read(&text).unwrap();
        assert_eq!((offer.lines[0].role, offer.lines[0].codecs.len()), (Role::Rejected, 0));
        assert_eq!(offer.lines[3].role, Role::Send(Source::Microphone), "the first that sends");
        let none = read(&CHROMIUM.replace("opus/48000/2", "speex/8000")).unwrap();
        assert_eq!(none.lines[0].role, Role::Rejected);
    }

    #[test]
    fn no_cut_of_an_offer_panics() {
        for end in (0..CHROMIUM.len()).step_by(97) {
            let _ = read(&CHROMIUM[..end]);
        }
        for end in 0..AIORTC_PUBLISHER.len() {
            let _ = parse(&AIORTC_PUBLISHER[..end], &Limits::default(), Shape::Publisher);
        }
    }
}
