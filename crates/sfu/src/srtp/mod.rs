//! SRTP and SRTCP (RFC 3711, RFC 7714) of one DTLS session, with the key schedule kept for its whole life.
//!
//! Errors: an [`SrtpError`] is a reason to drop one packet and count it; none of them ends a session.

mod aead;
mod counter;
mod inbound;
mod keys;
mod outbound;
mod replay;

pub use inbound::Inbound;
pub use keys::{KeyPair, MasterKey, Profile};
pub use outbound::Outbound;

/// Why a packet was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpError {
    /// Shorter than its own header, tag and index.
    TooShort,
    /// The tag does not match: forged, damaged, or of another session.
    Authentication,
    /// This very packet came before (RFC 3711 §3.3.2).
    Replayed,
    /// Older than the replay window reaches, so nobody can tell whether it came before.
    TooOld,
    /// One peer uses more SSRCs than it has any reason to.
    TooManySources,
}
