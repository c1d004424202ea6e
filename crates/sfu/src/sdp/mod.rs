//! The one offer of a client and our answer to it (DESIGN §6; RFC 8866, RFC 8829, RFC 9143).
//!
//! Not a general SDP library: it takes what a WebRTC client sends to a server that only answers, keeps what the engine
//! needs, and says for everything else which line it does not take.
//!
//! ```text
//! text ─► offer::parse ─► Offer { lines with roles } ─► engine
//!                              └─► answer::write (+ our credentials, candidates and SSRCs) ─► text
//! ```

mod answer;
mod codec;
mod offer;
mod section;

use std::fmt;
use std::sync::Arc;

pub use answer::{Answer, CNAME, SlotStream, write};
pub use codec::{Codec, CodecKind, H264Format, H264Profile};
pub use offer::parse;

use crate::Source;

/// What the lines of an offer may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Our own clients' (DESIGN §6): fixed places, send and receive. A line without a format that we take is left out.
    Meeting,
    /// Of who only publishes (WHIP, RFC 9725): one line of a kind at most; all of them are taken, or none (§4.4.3).
    Publisher,
    /// Of who only watches (WHEP, draft-ietf-wish-whep): the same in the other direction.
    Watcher,
}

/// A client's offer, with everything that the engine acts on and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// As which it was read.
    pub shape: Shape,
    /// The client's user name fragment (RFC 8839 §5.4).
    pub ice_ufrag: String,
    /// The client's password, the key of its answers to our checks; a lite server sends none.
    pub ice_pwd: Secret,
    /// SHA-256 of the client's DTLS certificate (RFC 8122 §5).
    pub fingerprint: [u8; 32],
    /// Extensions of both forms may be mixed (RFC 8285 §6): who cannot say so gets no long ones.
    pub mixed_extensions: bool,
    /// Every m-line in order, rejected ones too.
    pub lines: Vec<Line>,
}

impl Offer {
    /// How many lines we send on: one [`SlotStream`] each is needed for the answer.
    pub fn slot_count(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line.role, Role::Slot(_))).count()
    }
}

/// A text that prints redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The bytes, for a key.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Simulcast layers of one line that we take: the size of a thumbnail, of a tile, and of a stage.
pub const MAX_LAYERS: usize = 3;

/// One m-line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name; also in the RTP header extension.
    pub mid: Arc<str>,
    /// Audio or video.
    pub kind: MediaKind,
    /// What the line is for.
    pub role: Role,
    /// What we take of the offered formats, best first; of what the client sends one H264. Empty only in a rejected line.
    pub codecs: Vec<Codec>,
    /// Ids of the header extensions that both sides know.
    pub extensions: ExtensionIds,
    /// Announced streams (RFC 5576); empty where the client leaves them to the header extension.
    pub ssrcs: Vec<u32>,
    /// (media, retransmission) pairs among them (RFC 5576 §4.2, FID).
    pub retransmission_ssrcs: Vec<(u32, u32)>,
    /// Names of the simulcast layers that we take (RFC 8851, RFC 8853), as ordered by the client; empty where the
    /// client sends a single, unnamed one.
    pub rids: Vec<Arc<str>>,
}

/// Kind of an m-line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// Opus.
    Audio,
    /// VP8, H264, VP9 or AV1.
    Video,
}

/// What an m-line is for: decided by its direction and its place among its likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The client publishes.
    Send(Source),
    /// We send.
    Slot(SlotKind),
    /// Inactive, or without a format that we take: answered with port 0.
    Rejected,
}

/// What fills a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotKind {
    /// One of the loudest, or who the view names: the first three receive-only audio lines.
    Speech,
    /// The sound of a share: the fourth.
    ScreenAudio,
    /// A camera or a screen.
    Video,
}

/// Header extension ids of one line; they differ between clients and are rewritten per subscriber.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExtensionIds {
    /// [`wire::extension::URI_AUDIO_LEVEL`].
    pub audio_level: Option<u8>,
    /// [`wire::extension::URI_MID`].
    pub mid: Option<u8>,
    /// [`wire::extension::URI_TRANSPORT_SEQUENCE`].
    pub transport_sequence: Option<u8>,
    /// [`wire::extension::URI_ABS_SEND_TIME`].
    pub abs_send_time: Option<u8>,
    /// [`wire::extension::URI_RID`].
    pub rid: Option<u8>,
    /// [`wire::extension::URI_REPAIRED_RID`].
    pub repaired_rid: Option<u8>,
    /// [`wire::extension::URI_DEPENDENCY_DESCRIPTOR`], where a codec has use for it.
    pub dependency: Option<u8>,
}

/// Why an offer is not taken, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdpError {
    /// A limit of [`crate::Limits`] was reached; otherwise the offer is wrong.
    pub limit: bool,
    /// Line of the text, from 1; 0 where it is about the whole.
    pub line: usize,
    /// What is wrong with it; holds no credentials and no addresses.
    pub message: String,
}

impl fmt::Display for SdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "line {line}: {}", self.message),
        }
    }
}

impl std::error::Error for SdpError {}

/// A wrong offer.
fn bad(line: usize, message: impl Into<String>) -> SdpError {
    SdpError { limit: false, line, message: message.into() }
}

/// An offer that is too large.
fn over(line: usize, message: impl Into<String>) -> SdpError {
    SdpError { limit: true, line, message: message.into() }
}
