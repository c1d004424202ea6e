//! The frozen classes that cross the seam, one line a field. Constructors take keywords only.

use std::collections::BTreeMap;

use pyo3::inspect::{PyStaticConstant, PyStaticExpr};
use pyo3::prelude::*;
use pyo3::{IntoPyObjectExt, type_hint_identifier, type_hint_subscript};

/// Builds the classes: read-only properties, a keyword-only constructor, equality by value and a `repr` that keeps SDP
/// (addresses, ICE passwords) and secrets out of logs.
macro_rules! values {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty $(= $default:expr)?,)* })*) => {$(
        $(#[$meta])*
        #[pyclass(frozen, eq, get_all, from_py_object, module = "meetinghouse.media._native")]
        #[derive(Clone, PartialEq)]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $kind,)* }

        #[pymethods]
        impl $name {
            #[new]
            #[pyo3(signature = (*, $($field $(= $default)?),*))]
            #[allow(clippy::too_many_arguments, reason = "keywords on the Python side")]
            fn new($($field: $kind),*) -> Self {
                Self { $($field),* }
            }

            fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
                let fields = [$(show(py, stringify!($field), &self.$field)?),*];
                Ok(format!("{}({})", stringify!($name), fields.join(", ")))
            }
        }
    )*};
}

fn show<'py, T>(py: Python<'py>, name: &str, value: &T) -> PyResult<String>
where
    T: Clone + IntoPyObject<'py>,
{
    let value = value.clone().into_bound_py_any(py)?;
    if matches!(name, "offer" | "sdp" | "secret") {
        return Ok(format!("{name}=<{} characters>", value.len()?));
    }
    Ok(format!("{name}={}", value.repr()?))
}

/// A stream's name on the Python side: one of four strings.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Source(pub(crate) sfu::Source);

const SOURCES: [(&str, sfu::Source); 4] = [
    ("microphone", sfu::Source::Microphone),
    ("camera", sfu::Source::Camera),
    ("screen", sfu::Source::Screen),
    ("screen_audio", sfu::Source::ScreenAudio),
];

const fn literal(value: &'static str) -> PyStaticExpr {
    PyStaticExpr::Constant { value: PyStaticConstant::Str(value) }
}

const SOURCE_HINT: PyStaticExpr = type_hint_subscript!(
    type_hint_identifier!("typing", "Literal"),
    literal("microphone"),
    literal("camera"),
    literal("screen"),
    literal("screen_audio")
);

impl<'py> FromPyObject<'_, 'py> for Source {
    type Error = PyErr;
    const INPUT_TYPE: PyStaticExpr = SOURCE_HINT;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let name: &str = value.extract()?;
        let known = SOURCES.into_iter().find(|(known, _)| *known == name);
        known.map(|(_, source)| Self(source)).ok_or_else(|| {
            pyo3::exceptions::PyValueError::new_err(format!(
                "{name:?} is no source: use microphone, camera, screen or screen_audio"
            ))
        })
    }
}

impl<'py> IntoPyObject<'py> for Source {
    type Target = pyo3::types::PyString;
    type Output = Bound<'py, Self::Target>;
    type Error = std::convert::Infallible;
    const OUTPUT_TYPE: PyStaticExpr = SOURCE_HINT;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
        let name = SOURCES.into_iter().find_map(|(name, source)| (source == self.0).then_some(name));
        name.unwrap_or("microphone").into_pyobject(py)
    }
}

values! {
    /// How the engine behaves; the limits are those of one worker, where nothing else is said.
    EngineConfig {
        /// Where the sockets listen, `address:port`; port 0 takes any free one. `[::]:0` serves IPv4 too.
        listen: String = "0.0.0.0:0".to_owned(),
        /// Threads that forward media, each on the port after the one before; 0 is one a core.
        workers: usize = 1,
        /// Whether clients may connect by TCP to the same port numbers.
        tcp: bool = true,
        /// Addresses put into answers, `ip` or `ip:port` (of the first worker); empty: those of every local interface.
        advertise: Vec<String> = Vec::new(),
        /// Milliseconds between two `Statistics`.
        statistics_interval_ms: u32 = 2000,
        /// Peers of one worker.
        peers: usize = sfu::Limits::default().peers,
        /// Peers of one room.
        peers_per_room: usize = 500,
        /// Peers of one room on a worker, before others of the room are placed on another one.
        spread_peers: usize = 200,
        /// Bytes of an offer.
        offer_bytes: usize = sfu::Limits::default().offer_bytes,
        /// m-lines of an offer.
        m_lines: usize = sfu::Limits::default().m_lines,
        /// Pictures that anybody gets at a time.
        pictures: usize = sfu::Limits::default().pictures,
        /// Tiles of a view.
        tiles: usize = sfu::Limits::default().tiles,
    }

    /// How TURN behaves.
    TurnConfig {
        /// Where TURN over TLS listens, `address:port`; empty: nowhere of its own.
        listen: String = String::new(),
        /// The same without TLS, for who ends TLS elsewhere.
        plain_listen: String = String::new(),
        /// A bound socket of HTTPS that TURN shares; it is the server's from then on.
        shared_fd: Option<i32> = None,
        /// The name by which TURN is told from HTTPS on a shared port.
        host: String = String::new(),
        /// PEM file of the certificate chain.
        certificate: String = String::new(),
        /// PEM file of its key.
        key: String = String::new(),
        /// Told to clients, who make their key with it.
        realm: String,
        /// What passwords are made from.
        secret: String,
        /// Where media may be relayed to: as clients know it, and as it is reached from here (`Engine.media_routes`).
        routes: Vec<((String, u16), (String, u16))> = Vec::new(),
        /// Relayed addresses at a time.
        allocations: usize = turn::Limits::default().allocations,
        /// Of one participant.
        allocations_per_participant: usize = turn::Limits::default().allocations_per_user,
        /// The longest that one lives without being refreshed.
        lifetime_seconds: u32 = 3600,
    }

    /// A participant's first offer; answered by `Accepted` and `Answered`.
    AddPeer {
        id: u64,
        room: String,
        peer: String,
        offer: String,
        publish: bool = true,
        subscribe: bool = true,
        /// A standard client (WHIP, WHEP) with one audio and one video line at most: up if it may publish, else down.
        one_way: bool = false,
    }
    /// A later offer of the same connection: ICE restart or added slots.
    Renegotiate { id: u64, room: String, peer: String, offer: String, }
    /// The participant is gone; nothing more is sent to it.
    RemovePeer { id: u64, room: String, peer: String, }
    /// What the participant's layout shows; replaces the last one.
    SetView { id: u64, room: String, peer: String, tiles: Vec<Tile>, }
    /// Which sources of the participant are on; replaces the last set.
    SetSources { id: u64, room: String, peer: String, sources: Vec<Source>, }
    /// End the room and every peer in it.
    CloseRoom { id: u64, room: String, }
    /// One stream of a layout; a picture's size is in device pixels. A view that names sounds hears those, not the loudest.
    Tile { peer: String, source: Source, width: u16, height: u16, pinned: bool = false, }

    /// The command is carried out.
    Accepted { id: u64, }
    /// The command changed nothing.
    Rejected {
        id: u64,
        /// `unknown_peer`, `unknown_room`, `duplicate_peer`, `bad_offer` or `limit_reached`.
        code: String,
        /// For the log: names the limit or the line of the SDP.
        message: String,
    }
    /// The answer to an `AddPeer` or `Renegotiate`.
    Answered { room: String, sequence: u64, peer: String, sdp: String, }
    /// ICE and DTLS are up: media can flow.
    PeerConnected { room: String, sequence: u64, peer: String, }
    /// The engine gave the peer up and has forgotten it.
    PeerFailed {
        room: String,
        sequence: u64,
        peer: String,
        /// `dtls`, `timeout`, `consent`, `panic` (a fault met it alone) or `worker` (a fault met all of its worker).
        reason: String,
    }
    /// The first packet of a source that is on has come.
    StreamStarted { room: String, sequence: u64, peer: String, source: Source, codec: String, }
    /// All slots of one participant, as they are now.
    SlotsChanged { room: String, sequence: u64, peer: String, slots: Vec<Slot>, }
    /// Which layers of a source its publisher is to send; nobody watches the others. All, before the first such event.
    LayersWanted { room: String, sequence: u64, peer: String, source: Source, layers: Vec<String>, }
    /// Who speaks, the dominant speaker first; empty when nobody does.
    SpeakersChanged { room: String, sequence: u64, speakers: Vec<String>, }
    /// One batch per interval, for all rooms of one worker.
    Statistics { worker: u32 = 0, interval_ms: u32, peers: Vec<PeerStatistics>, drops: BTreeMap<String, u64>, }

    /// One filled or empty place of a participant's downlink.
    Slot {
        mid: String,
        /// Whose stream fills it; `None` is an empty slot.
        peer: Option<String> = None,
        /// Which stream; meaningless in an empty slot.
        source: Source,
        /// RTP time stamp with which the stream begins in this slot.
        rtp_timestamp: u32 = 0,
        /// The participant's browser did not offer this codec: nothing is sent.
        cannot_decode: bool = false,
        /// The way down has no room for the picture: nothing is sent until it has.
        paused: bool = false,
    }
    /// One peer's numbers.
    PeerStatistics {
        room: String,
        peer: String,
        rtt_ms: Option<f64> = None,
        /// What its way down carries, by the engine's estimate.
        estimate_bps: u64 = 0,
        /// What is sent at most: less than that while a queue drains.
        target_bps: u64 = 0,
        /// The longest that a packet waited to be sent, over the last interval.
        pacer_delay_ms: f64 = 0.0,
        up: Vec<StreamStatistics> = Vec::new(),
        down: Vec<StreamStatistics> = Vec::new(),
        drops: BTreeMap<String, u64> = BTreeMap::new(),
    }
    /// One stream's numbers since the peer came; the bitrate is that of the last interval.
    StreamStatistics {
        peer: String,
        source: Source,
        packets: u64 = 0,
        bytes: u64 = 0,
        lost: u64 = 0,
        retransmitted: u64 = 0,
        jitter_ms: f64 = 0.0,
        bitrate_bps: u64 = 0,
        /// Of a picture that is received: which of its layers, by the name that its publisher gave it; `None` is none.
        layer: Option<String> = None,
        /// Of a picture that is received, why that layer: `tile`, `only`, `bandwidth`, `not_sent`, `key_frame`, `no_room` or `cannot_decode`.
        reason: Option<String> = None,
    }
    /// A room as of its event `sequence`.
    RoomSnapshot { room: String, sequence: u64, peers: Vec<PeerSnapshot>, }
    /// One peer of a room.
    PeerSnapshot {
        peer: String,
        connected: bool,
        publish: bool,
        subscribe: bool,
        sources: Vec<Source>,
        slots: Vec<Slot>,
    }
}

/// What `submit` takes.
#[derive(FromPyObject)]
pub(crate) enum Command {
    AddPeer(AddPeer),
    Renegotiate(Renegotiate),
    RemovePeer(RemovePeer),
    SetView(SetView),
    SetSources(SetSources),
    CloseRoom(CloseRoom),
}

/// What `drain` gives.
#[derive(IntoPyObject)]
pub(crate) enum Event {
    Accepted(Accepted),
    Rejected(Rejected),
    Answered(Answered),
    PeerConnected(PeerConnected),
    PeerFailed(PeerFailed),
    StreamStarted(StreamStarted),
    SlotsChanged(SlotsChanged),
    LayersWanted(LayersWanted),
    SpeakersChanged(SpeakersChanged),
    Statistics(Statistics),
}
