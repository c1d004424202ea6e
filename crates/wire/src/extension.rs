//! Values of the RTP header extensions that the engine reads and writes, and their names in SDP.

use std::time::Duration;

/// Client-to-mixer audio level (RFC 6464).
pub const URI_AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// Media identification (RFC 9143 §15).
pub const URI_MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// RTP stream id (RFC 8852).
pub const URI_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
/// RTP stream id that a retransmission repairs (RFC 8852).
pub const URI_REPAIRED_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
/// Transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01).
pub const URI_TRANSPORT_SEQUENCE: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// Time of sending, 24 bits (<http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time>).
pub const URI_ABS_SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
/// Dependency descriptor (AV1 RTP specification, appendix A); see [`crate::dependency`].
pub const URI_DEPENDENCY_DESCRIPTOR: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// How loud one packet's audio is (RFC 6464 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioLevel {
    /// The sender believes that it holds speech.
    pub voice: bool,
    /// Decibels below overload: 0 is the loudest, 127 is silence.
    pub below_overload_db: u8,
}

impl AudioLevel {
    /// Reads the extension's one byte; the two-byte form may carry padding after it, which is ignored.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let byte = *value.first()?;
        Some(Self { voice: byte & 0x80 != 0, below_overload_db: byte & 0x7f })
    }

    /// The extension's value.
    pub fn encode(self) -> [u8; 1] {
        [u8::from(self.voice) << 7 | self.below_overload_db.min(127)]
    }
}

/// Reads a transport-wide sequence number.
pub fn transport_sequence(value: &[u8]) -> Option<u16> {
    value.first_chunk().copied().map(u16::from_be_bytes)
}

/// The value of the time-of-sending extension: 6 bits of seconds and 18 of fraction, of any steady clock.
pub fn abs_send_time(since_any_start: Duration) -> [u8; 3] {
    let fixed = (since_any_start.as_nanos() << 18) / 1_000_000_000;
    let [.., a, b, c] = (fixed as u32).to_be_bytes();
    [a, b, c]
}

/// Reads a time of sending, modulo 64 s.
pub fn parse_abs_send_time(value: &[u8]) -> Option<Duration> {
    let [a, b, c] = *value.first_chunk()?;
    let fixed = u64::from(u32::from_be_bytes([0, a, b, c]));
    Some(Duration::from_nanos((fixed * 1_000_000_000) >> 18))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_level_round_trip() {
        let level = AudioLevel { voice: true, below_overload_db: 30 };
        assert_eq!(level.encode(), [0x9e]);
        assert_eq!(AudioLevel::parse(&level.encode()), Some(level));
        assert_eq!(AudioLevel::parse(&[]), None);
    }

    #[test]
    fn send_time_wraps_at_64_seconds() {
        assert_eq!(abs_send_time(Duration::from_secs(1)), [0x04, 0, 0]);
        assert_eq!(abs_send_time(Duration::from_secs(65)), abs_send_time(Duration::from_secs(1)));
        assert_eq!(parse_abs_send_time(&[0x04, 0, 0]), Some(Duration::from_secs(1)));
    }

    #[test]
    fn short_values_are_nothing() {
        assert_eq!(transport_sequence(&[1]), None);
        assert_eq!(transport_sequence(&[1, 2]), Some(0x0102));
        assert_eq!(parse_abs_send_time(&[1, 2]), None);
    }
}
