//! What a datagram on the one media port is, told by its first bytes (RFC 7983 §7, RFC 5761 §4).

/// Kinds of datagram that share a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// First byte 0–3.
    Stun,
    /// First byte 20–63.
    Dtls,
    /// First byte 128–191, packet type not one of RTCP's.
    Rtp,
    /// First byte 128–191, second byte 192–223.
    Rtcp,
}

/// Tells what `datagram` claims to be; `None` is noise, `ZRTP`, TURN channels and QUIC.
pub fn classify(datagram: &[u8]) -> Option<Kind> {
    match datagram.first()? {
        0..=3 => Some(Kind::Stun),
        20..=63 => Some(Kind::Dtls),
        128..=191 if is_rtcp(datagram) => Some(Kind::Rtcp),
        128..=191 => Some(Kind::Rtp),
        _ => None,
    }
}

/// Tells RTCP from RTP on one port: the second byte is 192–223 (RFC 5761 §4).
///
/// RTP payload types 64–95 would look like it and are never assigned where both share a port.
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram.get(1), Some(192..=223))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_decide() {
        assert_eq!(classify(&[0, 1]), Some(Kind::Stun));
        assert_eq!(classify(&[22, 254]), Some(Kind::Dtls));
        assert_eq!(classify(&[0x80, 96]), Some(Kind::Rtp));
        assert_eq!(classify(&[0x90, 0xe0]), Some(Kind::Rtp), "the marker bit is not a packet type");
        assert_eq!(classify(&[0x81, 201]), Some(Kind::Rtcp));
        assert_eq!(classify(&[0x40, 0]), None);
        assert_eq!(classify(&[]), None);
    }
}
