//! The offer of a participant that publishes a camera, and what it needs from the answer.

use std::fmt::Write;
use std::io;
use std::net::SocketAddr;

/// ICE user name of every client: the engine tells them apart by its own.
pub(crate) const UFRAG: &str = "Bnch";
/// Id of the mid extension.
pub(crate) const MID: u8 = 4;
/// Id of the transport-wide sequence number.
pub(crate) const TRANSPORT: u8 = 3;

/// Four lines up, four of audio down, and slots for video (DESIGN §6).
pub(crate) fn offer(fingerprint: &str, camera_ssrc: u32, video_slots: usize) -> String {
    let ups = ["audio", "video", "video", "audio"].map(|media| (media, "sendonly"));
    let downs = std::iter::repeat_n(("audio", "recvonly"), 4);
    let lines = ups.into_iter().chain(downs).chain(std::iter::repeat_n(("video", "recvonly"), video_slots));
    let mut sdp = String::from("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE");
    for mid in 0..8 + video_slots {
        let _ = write!(sdp, " {mid}"); // writing to a string cannot fail
    }
    sdp += "\r\n";
    for (mid, (media, direction)) in lines.enumerate() {
        let formats = if media == "audio" { "111" } else { "96 97" };
        let _ = write!(
            sdp,
            "m={media} 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{UFRAG}\r\n\
             a=ice-pwd:0123456789abcdefghijklmn\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\n\
             a=mid:{mid}\r\na=extmap:{MID} urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
             a=extmap:{TRANSPORT} http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
             a={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
        );
        sdp += match media {
            "audio" => "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n",
            _ => {
                "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n\
                 a=rtcp-fb:96 transport-cc\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
            }
        };
        if mid == 1 {
            let _ = write!(sdp, "a=msid:- camera\r\na=ssrc:{camera_ssrc} cname:bench\r\n");
        }
    }
    sdp
}

/// Hexadecimal with colons, as RFC 8122 writes it.
pub(crate) fn fingerprint(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// The first value of an attribute.
pub(crate) fn attribute<'a>(answer: &'a str, name: &str) -> io::Result<&'a str> {
    let prefix = format!("a={name}:");
    let value = answer.lines().find_map(|line| line.strip_prefix(&prefix));
    value.ok_or_else(|| io::Error::other(format!("the answer has no {name}")))
}

/// The first candidate's address.
pub(crate) fn candidate(answer: &str) -> io::Result<SocketAddr> {
    let words: Vec<&str> = attribute(answer, "candidate")?.split(' ').collect();
    let address = words.get(4).zip(words.get(5)).map(|(ip, port)| format!("{ip}:{port}"));
    address.and_then(|text| text.parse().ok()).ok_or_else(|| io::Error::other("no address in the candidate"))
}
