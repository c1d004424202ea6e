//! Why bytes are not what they claim to be.

use std::fmt;

/// Why a parser refused its input. The name is short and stable: it labels drop counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Error {
    /// Ends before its own lengths say.
    Truncated,
    /// Not version 2 (RFC 3550), or no magic cookie (RFC 8489).
    Version,
    /// A length field contradicts another one or the datagram.
    Length,
    /// The padding count is zero or longer than what it pads.
    Padding,
    /// More elements than any honest sender has reason for.
    TooMany,
    /// Well-formed, but of a kind that this parser does not take.
    Kind,
    /// The CRC-32 of a STUN message does not match (RFC 8489 §14.7).
    Fingerprint,
    /// A required STUN attribute is missing, or one that must be understood is not.
    Attribute,
}

impl Error {
    /// The label of a drop counter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Version => "version",
            Self::Length => "length",
            Self::Padding => "padding",
            Self::TooMany => "too_many",
            Self::Kind => "kind",
            Self::Fingerprint => "fingerprint",
            Self::Attribute => "attribute",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for Error {}
