//! The media engine as the Python module `meetinghouse.media._native`: conversions and nothing else.
//!
//! Six calls (`docs/decisions`, DESIGN §7): `Engine(config)`, `submit`, `drain`, `wake_fd`, `snapshot`, `close`. The
//! interpreter is released wherever a call waits for the worker's thread.

mod convert;
mod engine;
mod turn_server;
mod values;

/// The media engine: UDP, ICE, DTLS and SRTP in a thread of its own. See `meetinghouse.media.engine` for the contract.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::engine::{Engine, default_workers};
    #[pymodule_export]
    use crate::turn_server::TurnServer;
    #[pymodule_export]
    use crate::values::{
        Accepted, AddPeer, Answered, CloseRoom, EngineConfig, LayersWanted, PeerConnected, PeerFailed,
        PeerSnapshot, PeerStatistics, Rejected, RemovePeer, Renegotiate, RoomSnapshot, SetSources, SetView,
        Slot, SlotsChanged, SpeakersChanged, Statistics, StreamStarted, StreamStatistics, Tile, TurnConfig,
    };

    /// Digest of the Rust sources that this binary was built from (`meetinghouse.media.build` compares it).
    #[pymodule_export]
    const SOURCE_DIGEST: &str = env!("MEETINGHOUSE_SOURCE_DIGEST");
}
