//! Why packets were dropped: every early exit of the packet path counts one of these.

use crate::srtp::SrtpError;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// One reason.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Drop {
            $($(#[$doc])* $variant,)*
        }

        const NAMES: &[&str] = &[$($name,)*];
    };
}

reasons! {
    /// Neither STUN nor DTLS nor RTP by its first byte (RFC 7983 §7).
    UnknownProtocol = "unknown_protocol",
    /// DTLS or SRTP from an address that no authenticated check came from (CVE-2023-49786 and its family).
    UnknownAddress = "unknown_address",
    /// Not a binding request, or one that breaks RFC 8489.
    StunMalformed = "stun_malformed",
    /// A binding request for credentials that nobody here has.
    StunUnknownUser = "stun_unknown_user",
    /// A binding request whose integrity does not hold.
    StunIntegrity = "stun_integrity",
    /// An authentic check that came before, now from an address that is not the peer's.
    StunReplayed = "stun_replayed",
    /// SRTP before DTLS is up.
    SrtpEarly = "srtp_early",
    /// Too short for its tag.
    SrtpShort = "srtp_short",
    /// The tag does not match.
    SrtpAuthentication = "srtp_authentication",
    /// Came before.
    SrtpReplayed = "srtp_replayed",
    /// Behind the replay window.
    SrtpOld = "srtp_old",
    /// More SSRCs than a peer has any reason to use.
    SrtpSources = "srtp_sources",
    /// Not RTP (RFC 3550 §5.1).
    RtpMalformed = "rtp_malformed",
    /// Not RTCP (RFC 3550 §6.1).
    RtcpMalformed = "rtcp_malformed",
    /// An SSRC that neither the offer nor an `mid` extension explains.
    UnknownSsrc = "unknown_ssrc",
    /// A payload type that the answer did not choose.
    UnknownPayloadType = "unknown_payload_type",
    /// A retransmission of something that came already, or padding.
    Duplicate = "duplicate",
    /// The participant may not publish.
    NotPublisher = "not_publisher",
    /// The source is off: muted, or the camera stopped.
    SourceOff = "source_off",
    /// Older than what a slot began with after a switch.
    BeforeSwitch = "before_switch",
    /// Of a layer that a receiver is not to get.
    UpperLayer = "upper_layer",
    /// The dependency descriptor names what no key frame told.
    Undescribed = "undescribed",
    /// A slot waits for a key frame.
    AwaitingKeyFrame = "awaiting_key_frame",
    /// The client's browser cannot decode the codec.
    CannotDecode = "cannot_decode",
    /// Consent to send has expired (RFC 7675 §5.1).
    NoConsent = "no_consent",
    /// A packet asked for again is no longer kept.
    NackExpired = "nack_expired",
    /// A packet asked for again was sent again a moment ago, or too often.
    NackLimited = "nack_limited",
    /// So much waits for a receiver already that it is better served by the next key frame.
    PacerFull = "pacer_full",
    /// What waited to be sent is no longer kept.
    PacerExpired = "pacer_expired",
    /// What another engine said is no frame of a relay.
    RelayMalformed = "relay_malformed",
}

/// How often each reason came up.
#[derive(Debug, Clone)]
pub(crate) struct Drops {
    counts: [u64; NAMES.len()],
}

impl Drops {
    pub(crate) const fn new() -> Self {
        Self { counts: [0; NAMES.len()] }
    }

    pub(crate) fn count(&mut self, reason: Drop) {
        self.counts[reason as usize] += 1;
    }

    /// Every reason that came up, by name.
    pub(crate) fn named(&self) -> Vec<(&'static str, u64)> {
        NAMES
            .iter()
            .zip(self.counts)
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| (*name, count))
            .collect()
    }
}

impl From<SrtpError> for Drop {
    fn from(error: SrtpError) -> Self {
        match error {
            SrtpError::TooShort => Self::SrtpShort,
            SrtpError::Authentication => Self::SrtpAuthentication,
            SrtpError::Replayed => Self::SrtpReplayed,
            SrtpError::TooOld => Self::SrtpOld,
            SrtpError::TooManySources => Self::SrtpSources,
        }
    }
}
