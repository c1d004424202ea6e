//! A room as the engine sees it, for the control plane after a restart of its own.

use std::sync::Arc;

use crate::{Slot, Source};

/// One room at one moment: equal to what all its events say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomSnapshot {
    /// Which room.
    pub room: Arc<str>,
    /// In the order in which they came.
    pub peers: Vec<PeerSnapshot>,
}

/// One peer of a [`RoomSnapshot`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerSnapshot {
    /// Which peer.
    pub peer: Arc<str>,
    /// ICE and DTLS are up.
    pub connected: bool,
    /// May publish at all.
    pub publish: bool,
    /// May receive at all.
    pub subscribe: bool,
    /// Those that are on.
    pub sources: Vec<Source>,
    /// Every slot, in the order of the m-lines.
    pub slots: Vec<Slot>,
}
