//! Offers of one sound and one picture, one way, and what a client needs of the answer.

use std::fmt::Write;
use std::net::SocketAddr;

use crate::link::Identity;

/// Payload types and extension ids of our offers; the answer may leave any out.
const OPUS: u8 = 111;
const VP8: u8 = 96;
const RTX: u8 = 97;
const MID: u8 = 4;
const TRANSPORT: u8 = 3;
const RID: u8 = 10;
/// Names of the layers, smallest first.
pub const RIDS: [&str; 3] = ["l", "m", "h"];

/// Which way media goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// WHIP.
    Publish,
    /// WHEP.
    Watch,
}

/// What an offer says.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// Certificate and password.
    pub identity: &'a Identity,
    /// See [`crate::link::Link::ufrag`].
    pub ufrag: &'a str,
    /// Which way.
    pub way: Way,
    /// Whether there is a line for sound.
    pub audio: bool,
    /// Whether the picture comes in layers.
    pub simulcast: bool,
    /// SSRCs of sound and picture.
    pub ssrcs: (u32, u32),
    /// Our candidate.
    pub local: SocketAddr,
}

impl Offer<'_> {
    /// As SDP.
    pub fn write(&self) -> String {
        let bundle = if self.audio { "0 1" } else { "1" };
        let mut sdp = format!(
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {bundle}\r\na=msid-semantic:WMS *\r\n"
        );
        if self.audio {
            self.line(&mut sdp, "audio", 0, &OPUS.to_string());
            let _ = write!(
                sdp,
                "a=rtpmap:{OPUS} opus/48000/2\r\na=fmtp:{OPUS} minptime=10;useinbandfec=1\r\na=rtcp-fb:{OPUS} transport-cc\r\n"
            );
            self.source(&mut sdp, "sound", self.ssrcs.0);
        }
        self.line(&mut sdp, "video", 1, &format!("{VP8} {RTX}"));
        let _ = write!(
            sdp,
            "a=rtpmap:{VP8} VP8/90000\r\na=rtcp-fb:{VP8} nack\r\na=rtcp-fb:{VP8} nack pli\r\na=rtcp-fb:{VP8} ccm fir\r\n\
             a=rtcp-fb:{VP8} transport-cc\r\na=rtpmap:{RTX} rtx/90000\r\na=fmtp:{RTX} apt={VP8}\r\n"
        );
        if self.simulcast && self.way == Way::Publish {
            let _ = write!(sdp, "a=msid:load picture\r\na=extmap:{RID} {}\r\n", wire::extension::URI_RID);
            for rid in RIDS {
                let _ = write!(sdp, "a=rid:{rid} send\r\n");
            }
            let _ = write!(sdp, "a=simulcast:send {}\r\n", RIDS.join(";"));
        } else {
            self.source(&mut sdp, "picture", self.ssrcs.1);
        }
        sdp
    }

    /// What sound and picture have in common. Writing to a string cannot fail.
    fn line(&self, sdp: &mut String, media: &str, mid: u8, formats: &str) {
        let Self { identity, ufrag, local, .. } = self;
        let direction = if self.way == Way::Publish { "sendonly" } else { "recvonly" };
        let (ip, port) = (local.ip(), local.port());
        let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
        let _ = write!(
            sdp,
            "m={media} {port} UDP/TLS/RTP/SAVPF {formats}\r\nc=IN {family} {ip}\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{}\r\n\
             a=fingerprint:sha-256 {}\r\na=setup:active\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n\
             a=extmap:{MID} urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
             a=extmap:{TRANSPORT} http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
             a=candidate:1 1 udp 2130706431 {ip} {port} typ host\r\na=end-of-candidates\r\n",
            identity.password, identity.fingerprint,
        );
    }

    fn source(&self, sdp: &mut String, track: &str, ssrc: u32) {
        if self.way == Way::Publish {
            let _ = write!(
                sdp,
                "a=msid:load {track}\r\na=ssrc:{ssrc} cname:load\r\na=ssrc:{ssrc} msid:load {track}\r\n"
            );
        }
    }
}

/// What the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its user name of ICE.
    pub ufrag: String,
    /// Its password of ICE.
    pub password: String,
    /// Where it can be reached by UDP, in its order.
    pub candidates: Vec<SocketAddr>,
    /// Payload types that it takes or sends.
    pub opus: Option<u8>,
    /// The same.
    pub vp8: Option<u8>,
    /// The same, of retransmissions.
    pub rtx: Option<u8>,
    /// Id of the mid extension.
    pub mid: Option<u8>,
    /// Id of the transport-wide sequence number.
    pub transport: Option<u8>,
    /// Id of the layer's name.
    pub rid: Option<u8>,
}

impl Answer {
    /// Reads an answer. Errors say what is missing.
    pub fn parse(sdp: &str) -> Result<Self, String> {
        let values = |name: &'static str| sdp.lines().filter_map(move |line| line.strip_prefix(name));
        let needed =
            |name| values(name).next().map(str::to_owned).ok_or_else(|| format!("the answer has no {name}"));
        if values("a=setup:").any(|setup| setup == "active") {
            return Err("the server wants to be the DTLS client although the offer says active".to_owned());
        }
        let id = |uri: &str| {
            let words =
                values("a=extmap:").map(|value| value.split([' ', '/']).next().zip(value.split(' ').nth(1)));
            words.flatten().find(|(_, found)| *found == uri).and_then(|(id, _)| id.parse().ok())
        };
        let format = |name: &str| {
            let words = values("a=rtpmap:").filter_map(|value| value.split_once(' '));
            let found = words
                .filter(|(_, codec)| codec.to_ascii_lowercase().starts_with(name))
                .map(|(format, _)| format);
            found.flat_map(str::parse).next()
        };
        let answer = Self {
            ufrag: needed("a=ice-ufrag:")?,
            password: needed("a=ice-pwd:")?,
            candidates: values("a=candidate:").filter_map(candidate).collect(),
            opus: format("opus/"),
            vp8: format("vp8/"),
            rtx: format("rtx/"),
            mid: id(wire::extension::URI_MID),
            transport: id(wire::extension::URI_TRANSPORT_SEQUENCE),
            rid: id(wire::extension::URI_RID),
        };
        if answer.vp8.is_none() {
            return Err("the server took no VP8".to_owned());
        }
        if answer.candidates.is_empty() {
            return Err(
                "the answer has no UDP candidate: the server must put its candidates into the answer"
                    .to_owned(),
            );
        }
        Ok(answer)
    }
}

/// The address of a UDP candidate of the first component (RFC 8839 §5.1).
fn candidate(value: &str) -> Option<SocketAddr> {
    let words: Vec<&str> = value.split(' ').collect();
    let [_, "1", transport, _, ip, port, ..] = words[..] else { return None };
    if !transport.eq_ignore_ascii_case("udp") {
        return None;
    }
    Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?))
}
