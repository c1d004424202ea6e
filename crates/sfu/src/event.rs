//! What the engine tells the control plane.

use std::sync::Arc;

use crate::Source;

/// Why a command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectCode {
    /// The room has no such peer.
    UnknownPeer,
    /// There is no such room.
    UnknownRoom,
    /// The peer is there already.
    DuplicatePeer,
    /// The offer cannot be parsed or breaks the contract of DESIGN §6; the message says where.
    BadOffer,
    /// A limit of [`crate::Limits`] was reached; the message names it.
    LimitReached,
}

/// One filled or empty place of a participant's downlink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The receive-only m-line of the participant's offer.
    pub mid: Arc<str>,
    /// Whose stream fills it; `None` is an empty slot.
    pub peer: Option<Arc<str>>,
    /// Which stream; meaningless in an empty slot.
    pub source: Source,
    /// Nothing of the stream has an earlier RTP time stamp in this slot, and nothing of what filled it before has a
    /// later one (90 kHz or 48 kHz, compared on the circle of 32 bits).
    pub rtp_timestamp: u32,
    /// The participant's browser did not offer this codec: nothing is sent.
    pub cannot_decode: bool,
    /// The way down has no room for the picture: nothing is sent until it has.
    pub paused: bool,
}

/// Why a receiver gets the layer of a picture that it gets, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerReason {
    /// It is enough for the tile.
    Tile,
    /// Nothing else is sent.
    Only,
    /// The way down has no room for the one that the tile asks for.
    Bandwidth,
    /// The publisher does not send the one that the tile asks for.
    NotSent,
    /// Another one begins with its next key frame.
    KeyFrame,
    /// The way down has no room for any.
    NoRoom,
    /// The receiver does not know the codec.
    CannotDecode,
}

impl LayerReason {
    /// For programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tile => "tile",
            Self::Only => "only",
            Self::Bandwidth => "bandwidth",
            Self::NotSent => "not_sent",
            Self::KeyFrame => "key_frame",
            Self::NoRoom => "no_room",
            Self::CannotDecode => "cannot_decode",
        }
    }
}

/// Since the peer came.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamStatistics {
    /// Whose stream: the peer itself (up) or the one it watches (down).
    pub peer: Arc<str>,
    /// Which stream.
    pub source: Source,
    /// RTP packets without retransmissions.
    pub packets: u64,
    /// Payload and header bytes of them.
    pub bytes: u64,
    /// Never arrived (up) or reported lost (down).
    pub lost: u64,
    /// Sent again.
    pub retransmitted: u64,
    /// RFC 3550 interarrival jitter.
    pub jitter_ms: f64,
    /// Over the last interval.
    pub bitrate_bps: u64,
    /// Of a picture that is received: which of its layers, by the name that its publisher gave it; `None` is none.
    pub layer: Option<Arc<str>>,
    /// Of a picture that is received: why that layer.
    pub reason: Option<LayerReason>,
}

/// One peer's numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerStatistics {
    /// Which room.
    pub room: Arc<str>,
    /// Which peer.
    pub peer: Arc<str>,
    /// From receiver reports (RFC 3550 §6.4.1), once known.
    pub rtt_ms: Option<f64>,
    /// What its way down carries, by the engine's estimate.
    pub estimate_bps: u64,
    /// What is sent at most: less than that while a queue drains.
    pub target_bps: u64,
    /// The longest that a packet waited to be sent, over the last interval.
    pub pacer_delay_ms: f64,
    /// What it publishes.
    pub up: Vec<StreamStatistics>,
    /// What it receives.
    pub down: Vec<StreamStatistics>,
    /// Every dropped packet by its reason.
    pub drops: Vec<(&'static str, u64)>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The command is carried out.
    Accepted {
        /// The command's.
        id: u64,
    },
    /// The command changed nothing.
    Rejected {
        /// The command's.
        id: u64,
        /// For programs.
        code: RejectCode,
        /// For the log: names the limit or the line of the SDP.
        message: String,
    },
    /// The answer to an `AddPeer` or `Renegotiate`.
    Answered {
        /// Which room.
        room: Arc<str>,
        /// Whose.
        peer: Arc<str>,
        /// For `setRemoteDescription`.
        sdp: String,
    },
    /// ICE and DTLS are up: media can flow.
    PeerConnected {
        /// Which room.
        room: Arc<str>,
        /// Whose.
        peer: Arc<str>,
    },
    /// The engine gave the peer up and has forgotten it.
    PeerFailed {
        /// Which room.
        room: Arc<str>,
        /// Whose.
        peer: Arc<str>,
        /// `dtls`, `timeout`, `consent`, `panic` (a fault met it alone) or `worker` (a fault met all of its worker).
        reason: &'static str,
    },
    /// The first packet of a source that is on has come.
    StreamStarted {
        /// Which room.
        room: Arc<str>,
        /// Whose.
        peer: Arc<str>,
        /// Which.
        source: Source,
        /// `opus`, `vp8`, `h264`, `vp9` or `av1`.
        codec: &'static str,
    },
    /// All slots of one participant, as they are now.
    SlotsChanged {
        /// Which room.
        room: Arc<str>,
        /// Whose downlink.
        peer: Arc<str>,
        /// Every slot of it, in the order of its m-lines.
        slots: Vec<Slot>,
    },
    /// Which layers of a source its publisher is to send; nobody watches the others. All, before the first such event.
    LayersWanted {
        /// Which room.
        room: Arc<str>,
        /// Whose.
        peer: Arc<str>,
        /// Which.
        source: Source,
        /// Their names, as offered; never empty.
        layers: Vec<Arc<str>>,
    },
    /// Who speaks, the dominant speaker first; empty when nobody does.
    SpeakersChanged {
        /// Which room.
        room: Arc<str>,
        /// At most four.
        speakers: Vec<Arc<str>>,
    },
    /// One batch per interval, for all rooms of a worker.
    Statistics {
        /// Which worker, where there are several; the engine itself knows of no others.
        worker: u32,
        /// Length of the interval.
        interval_ms: u32,
        /// Every connected peer.
        peers: Vec<PeerStatistics>,
        /// Of the engine as a whole (datagrams from nobody known, …), by reason.
        drops: Vec<(&'static str, u64)>,
    },
}

impl Event {
    /// Which room it happened in; `None` for verdicts and statistics.
    #[must_use]
    pub const fn room(&self) -> Option<&Arc<str>> {
        match self {
            Self::Answered { room, .. }
            | Self::PeerConnected { room, .. }
            | Self::PeerFailed { room, .. }
            | Self::StreamStarted { room, .. }
            | Self::SlotsChanged { room, .. }
            | Self::LayersWanted { room, .. }
            | Self::SpeakersChanged { room, .. } => Some(room),
            Self::Accepted { .. } | Self::Rejected { .. } | Self::Statistics { .. } => None,
        }
    }
}
