//! What the control plane asks of the engine. Ids are opaque to the engine: at most 64 bytes each.

use std::sync::Arc;

/// What a participant publishes; one m-line of the offer each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// First send-only audio line.
    Microphone,
    /// First send-only video line.
    Camera,
    /// Second send-only video line.
    Screen,
    /// Second send-only audio line.
    ScreenAudio,
}

/// One stream that a participant's layout wants. A picture's size is in CSS pixels times device pixel ratio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Whose.
    pub peer: Arc<str>,
    /// A picture, or a sound: a view that names sounds hears those and not the loudest.
    pub source: Source,
    /// Width in device pixels.
    pub width: u16,
    /// Height in device pixels.
    pub height: u16,
    /// Pinned or spotlighted: served before others when there is too little.
    pub pinned: bool,
}

/// A command with the id that its one `Accepted` or `Rejected` names.
#[derive(Debug, Clone)]
pub struct Command {
    /// Chosen by the caller, unique among those under way.
    pub id: u64,
    /// Which room.
    pub room: Arc<str>,
    /// What to do in it.
    pub kind: CommandKind,
}

/// What can be asked of a room. A room exists from its first peer to its last.
#[derive(Debug, Clone)]
pub enum CommandKind {
    /// A client's one offer; answered by `Accepted` and `Answered`.
    AddPeer {
        /// New id in the room.
        peer: Arc<str>,
        /// The browser's SDP offer.
        offer: String,
        /// May publish at all.
        publish: bool,
        /// May receive at all.
        subscribe: bool,
        /// A standard client (WHIP, WHEP) with one audio and one video line at most: up if it may publish, else down.
        one_way: bool,
    },
    /// A later offer of the same connection: ICE restart or added slots, same order of m-lines.
    Renegotiate {
        /// Whose.
        peer: Arc<str>,
        /// The new offer.
        offer: String,
    },
    /// The participant is gone; nothing more is sent to it.
    RemovePeer {
        /// Whose.
        peer: Arc<str>,
    },
    /// What the participant's layout shows, most important first; replaces the last one.
    SetView {
        /// Whose.
        peer: Arc<str>,
        /// At most `Limits::tiles`.
        tiles: Vec<Tile>,
    },
    /// Which sources of the participant are on. Packets of the others are dropped and counted.
    SetSources {
        /// Whose.
        peer: Arc<str>,
        /// Replaces the last set; empty after `AddPeer`.
        sources: Vec<Source>,
    },
    /// End the room and every peer in it.
    CloseRoom,
}
