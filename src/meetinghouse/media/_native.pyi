"""
The media engine: UDP, ICE, DTLS and SRTP in a thread of its own. See `meetinghouse.media.engine` for the contract.
"""

from _typeshed import SupportsGetItem
from typing import Final, Literal, SupportsFloat, SupportsIndex, final

__all__ = ["SOURCE_DIGEST", "Accepted", "AddPeer", "Answered", "CloseRoom", "Engine", "EngineConfig", "LayersWanted", "PeerConnected", "PeerFailed", "PeerSnapshot", "PeerStatistics", "Rejected", "RemovePeer", "Renegotiate", "RoomSnapshot", "SetSources", "SetView", "Slot", "SlotsChanged", "SpeakersChanged", "Statistics", "StreamStarted", "StreamStatistics", "Tile", "TurnConfig", "TurnServer", "default_workers"]

SOURCE_DIGEST: Final[str]
"""
Digest of the Rust sources that this binary was built from (`meetinghouse.media.build` compares it).
"""

@final
class Accepted:
    """
    The command is carried out.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: SupportsIndex) -> Accepted: ...
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> int: ...

@final
class AddPeer:
    """
    A participant's first offer; answered by `Accepted` and `Answered`.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: SupportsIndex, room: str, peer: str, offer: str, publish: bool = ..., subscribe: bool = ..., one_way: bool = ...) -> AddPeer: ...
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> int: ...
    @property
    def offer(self, /) -> str: ...
    @property
    def one_way(self, /) -> bool:
        """
        A standard client (WHIP, WHEP) with one audio and one video line at most: up if it may publish, else down.
        """
    @property
    def peer(self, /) -> str: ...
    @property
    def publish(self, /) -> bool: ...
    @property
    def room(self, /) -> str: ...
    @property
    def subscribe(self, /) -> bool: ...

@final
class Answered:
    """
    The answer to an `AddPeer` or `Renegotiate`.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, room: str, sequence: SupportsIndex, peer: str, sdp: str) -> Answered: ...
    def __repr__(self, /) -> str: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def room(self, /) -> str: ...
    @property
    def sdp(self, /) -> str: ...
    @property
    def sequence(self, /) -> int: ...

@final
class CloseRoom:
    """
    End the room and every peer in it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: SupportsIndex, room: str) -> CloseRoom: ...
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> int: ...
    @property
    def room(self, /) -> str: ...

@final
class Engine:
    """
    Workers: a UDP socket, a TCP listener beside it and a thread that forwards media, each. Every command gets exactly one `Accepted` or `Rejected`.
    """
    def __new__(cls, /, config: EngineConfig) -> Engine:
        """
        Opens the sockets and starts the threads. Raises `OSError` when it cannot listen, `ValueError` for a bad address.
        """
    def break_worker(self, /, number: SupportsIndex) -> None:
        """
        For tests: lets a worker meet a fault, as a bug would.
        """
    def close(self, /) -> None:
        """
        Stops the threads and closes the sockets. Doing it again does nothing.
        """
    def drain(self, /, limit: SupportsIndex) -> list[Accepted | Rejected | Answered | PeerConnected | PeerFailed | StreamStarted | SlotsChanged | LayersWanted | SpeakersChanged | Statistics]:
        """
        Takes at most `limit` events, oldest first. Raises `RuntimeError` once a thread of the engine has died.
        """
    @property
    def media_addresses(self, /) -> list[tuple[str, int]]:
        """
        Where clients are told to send: the candidates of the answers.
        """
    @property
    def media_routes(self, /) -> list[tuple[tuple[str, int], tuple[str, int]]]:
        """
        How each of `media_addresses` is reached from this machine itself, as pairs of both.
        """
    def snapshot(self, /, room: str) -> RoomSnapshot | None:
        """
        The room as it is after every command submitted before; `None` when there is none.
        """
    def submit(self, /, commands: SupportsGetItem[int, AddPeer | Renegotiate | RemovePeer | SetView | SetSources | CloseRoom]) -> None:
        """
        Hands commands to the engine. Raises `RuntimeError` after `close`.
        """
    def wake_fd(self, /) -> int:
        """
        A file descriptor that is readable while events wait. The engine keeps it; `drain` reads it.
        """

@final
class EngineConfig:
    """
    How the engine behaves; the limits are those of one worker, where nothing else is said.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, listen: str = ..., workers: SupportsIndex = ..., tcp: bool = ..., advertise: SupportsGetItem[int, str] = ..., statistics_interval_ms: SupportsIndex = ..., peers: SupportsIndex = ..., peers_per_room: SupportsIndex = ..., spread_peers: SupportsIndex = ..., offer_bytes: SupportsIndex = ..., m_lines: SupportsIndex = ..., pictures: SupportsIndex = ..., tiles: SupportsIndex = ...) -> EngineConfig: ...
    def __repr__(self, /) -> str: ...
    @property
    def advertise(self, /) -> list[str]:
        """
        Addresses put into answers, `ip` or `ip:port` (of the first worker); empty: those of every local interface.
        """
    @property
    def listen(self, /) -> str:
        """
        Where the sockets listen, `address:port`; port 0 takes any free one. `[::]:0` serves IPv4 too.
        """
    @property
    def m_lines(self, /) -> int:
        """
        m-lines of an offer.
        """
    @property
    def offer_bytes(self, /) -> int:
        """
        Bytes of an offer.
        """
    @property
    def peers(self, /) -> int:
        """
        Peers of one worker.
        """
    @property
    def peers_per_room(self, /) -> int:
        """
        Peers of one room.
        """
    @property
    def pictures(self, /) -> int:
        """
        Pictures that anybody gets at a time.
        """
    @property
    def spread_peers(self, /) -> int:
        """
        Peers of one room on a worker, before others of the room are placed on another one.
        """
    @property
    def statistics_interval_ms(self, /) -> int:
        """
        Milliseconds between two `Statistics`.
        """
    @property
    def tcp(self, /) -> bool:
        """
        Whether clients may connect by TCP to the same port numbers.
        """
    @property
    def tiles(self, /) -> int:
        """
        Tiles of a view.
        """
    @property
    def workers(self, /) -> int:
        """
        Threads that forward media, each on the port after the one before; 0 is one a core.
        """

@final
class LayersWanted:
    """
    Which layers of a source its publisher is to send; nobody watches the others. All, before the first such event.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, room: str, sequence: SupportsIndex, peer: str, source: Literal["microphone", "camera", "screen", "screen_audio"], layers: SupportsGetItem[int, str]) -> LayersWanted: ...
    def __repr__(self, /) -> str: ...
    @property
    def layers(self, /) -> list[str]: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def room(self, /) -> str: ...
    @property
    def sequence(self, /) -> int: ...
    @property
    def source(self, /) -> Literal["microphone", "camera", "screen", "screen_audio"]: ...

@final
class PeerConnected:
    """
    ICE and DTLS are up: media can flow.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, room: str, sequence: SupportsIndex, peer: str) -> PeerConnected: ...
    def __repr__(self, /) -> str: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def room(self, /) -> str: ...
    @property
    def sequence(self, /) -> int: ...

@final
class PeerFailed:
    """
    The engine gave the peer up and has forgotten it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, room: str, sequence: SupportsIndex, peer: str, reason: str) -> PeerFailed: ...
    def __repr__(self, /) -> str: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def reason(self, /) -> str:
        """
        `dtls`, `timeout`, `consent`, `panic` (a fault met it alone) or `worker` (a fault met all of its worker).
        """
    @property
    def room(self, /) -> str: ...
    @property
    def sequence(self, /) -> int: ...

@final
class PeerSnapshot:
    """
    One peer of a room.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, peer: str, connected: bool, publish: bool, subscribe: bool, sources: SupportsGetItem[int, Literal["microphone", "camera", "screen", "screen_audio"]], slots: SupportsGetItem[int, Slot]) -> PeerSnapshot: ...
    def __repr__(self, /) -> str: ...
    @property
    def connected(self, /) -> bool: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def publish(self, /) -> bool: ...
    @property
    def slots(self, /) -> list[Slot]: ...
    @property
    def sources(self, /) -> list[Literal["microphone", "camera", "screen", "screen_audio"]]: ...
    @property
    def subscribe(self, /) -> bool: ...

@final
class PeerStatistics:
    """
    One peer's numbers.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, room: str, peer: str, rtt_ms: SupportsFloat | SupportsIndex | None = ..., estimate_bps: SupportsIndex = ..., target_bps: SupportsIndex = ..., pacer_delay_ms: SupportsFloat | SupportsIndex = ..., up: SupportsGetItem[int, StreamStatistics] = ..., down: SupportsGetItem[int, StreamStatistics] = ..., drops: dict[str, SupportsIndex] = ...) -> PeerStatistics: ...
    def __repr__(self, /) -> str: ...
    @property
    def down(self, /) -> list[StreamStatistics]: ...
    @property
    def drops(self, /) -> dict[str, int]: ...
    @property
    def estimate_bps(self, /) -> int:
        """
        What its way down carries, by the engine's estimate.
        """
    @property
    def pacer_delay_ms(self, /) -> float:
        """
        The longest that a packet waited to be sent, over the last interval.
        """
    @property
    def peer(self, /) -> str: ...
    @property
    def room(self, /) -> str: ...
    @property
    def rtt_ms(self, /) -> float | None: ...
    @property
    def target_bps(self, /) -> int:
        """
        What is sent at most: less than that while a queue drains.
        """
    @property
    def up(self, /) -> list[StreamStatistics]: ...

@final
class Rejected:
    """
    The command changed nothing.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: SupportsIndex, code: str, message: str) -> Rejected: ...
    def __repr__(self, /) -> str: ...
    @property
    def code(self, /) -> str:
        """
        `unknown_peer`, `unknown_room`, `duplicate_peer`, `bad_offer` or `limit_reached`.
        """
    @property
    def id(self, /) -> int: ...
    @property
    def message(self, /) -> str:
        """
        For the log: names the limit or the line of the SDP.
        """

@final
class RemovePeer:
    """
    The participant is gone; nothing more is sent to it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: SupportsIndex, room: str, peer: str) -> RemovePeer: ...
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> int: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def room(self, /) -> str: ...

@final
class Renegotiate:
    """
    A later offer of the same connection: ICE restart or added slots.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: SupportsIndex, room: str, peer: str, offer: str) -> Renegotiate: ...
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> int: ...
    @property
    def offer(self, /) -> str: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def room(self, /) -> str: ...

@final
class RoomSnapshot:
    """
    A room as of its event `sequence`.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, room: str, sequence: SupportsIndex, peers: SupportsGetItem[int, PeerSnapshot]) -> RoomSnapshot: ...
    def __repr__(self, /) -> str: ...
    @property
    def peers(self, /) -> list[PeerSnapshot]: ...
    @property
    def room(self, /) -> str: ...
    @property
    def sequence(self, /) -> int: ...

@final
class SetSources:
    """
    Which sources of the participant are on; replaces the last set.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: SupportsIndex, room: str, peer: str, sources: SupportsGetItem[int, Literal["microphone", "camera", "screen", "screen_audio"]]) -> SetSources: ...
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> int: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def room(self, /) -> str: ...
    @property
    def sources(self, /) -> list[Literal["microphone", "camera", "screen", "screen_audio"]]: ...

@final
class SetView:
    """
    What the participant's layout shows; replaces the last one.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: SupportsIndex, room: str, peer: str, tiles: SupportsGetItem[int, Tile]) -> SetView: ...
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> int: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def room(self, /) -> str: ...
    @property
    def tiles(self, /) -> list[Tile]: ...

@final
class Slot:
    """
    One filled or empty place of a participant's downlink.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, mid: str, peer: str | None = ..., source: Literal["microphone", "camera", "screen", "screen_audio"], rtp_timestamp: SupportsIndex = ..., cannot_decode: bool = ..., paused: bool = ...) -> Slot: ...
    def __repr__(self, /) -> str: ...
    @property
    def cannot_decode(self, /) -> bool:
        """
        The participant's browser did not offer this codec: nothing is sent.
        """
    @property
    def mid(self, /) -> str: ...
    @property
    def paused(self, /) -> bool:
        """
        The way down has no room for the picture: nothing is sent until it has.
        """
    @property
    def peer(self, /) -> str | None:
        """
        Whose stream fills it; `None` is an empty slot.
        """
    @property
    def rtp_timestamp(self, /) -> int:
        """
        RTP time stamp with which the stream begins in this slot.
        """
    @property
    def source(self, /) -> Literal["microphone", "camera", "screen", "screen_audio"]:
        """
        Which stream; meaningless in an empty slot.
        """

@final
class SlotsChanged:
    """
    All slots of one participant, as they are now.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, room: str, sequence: SupportsIndex, peer: str, slots: SupportsGetItem[int, Slot]) -> SlotsChanged: ...
    def __repr__(self, /) -> str: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def room(self, /) -> str: ...
    @property
    def sequence(self, /) -> int: ...
    @property
    def slots(self, /) -> list[Slot]: ...

@final
class SpeakersChanged:
    """
    Who speaks, the dominant speaker first; empty when nobody does.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, room: str, sequence: SupportsIndex, speakers: SupportsGetItem[int, str]) -> SpeakersChanged: ...
    def __repr__(self, /) -> str: ...
    @property
    def room(self, /) -> str: ...
    @property
    def sequence(self, /) -> int: ...
    @property
    def speakers(self, /) -> list[str]: ...

@final
class Statistics:
    """
    One batch per interval, for all rooms of one worker.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, worker: SupportsIndex = ..., interval_ms: SupportsIndex, peers: SupportsGetItem[int, PeerStatistics], drops: dict[str, SupportsIndex]) -> Statistics: ...
    def __repr__(self, /) -> str: ...
    @property
    def drops(self, /) -> dict[str, int]: ...
    @property
    def interval_ms(self, /) -> int: ...
    @property
    def peers(self, /) -> list[PeerStatistics]: ...
    @property
    def worker(self, /) -> int: ...

@final
class StreamStarted:
    """
    The first packet of a source that is on has come.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, room: str, sequence: SupportsIndex, peer: str, source: Literal["microphone", "camera", "screen", "screen_audio"], codec: str) -> StreamStarted: ...
    def __repr__(self, /) -> str: ...
    @property
    def codec(self, /) -> str: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def room(self, /) -> str: ...
    @property
    def sequence(self, /) -> int: ...
    @property
    def source(self, /) -> Literal["microphone", "camera", "screen", "screen_audio"]: ...

@final
class StreamStatistics:
    """
    One stream's numbers since the peer came; the bitrate is that of the last interval.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, peer: str, source: Literal["microphone", "camera", "screen", "screen_audio"], packets: SupportsIndex = ..., bytes: SupportsIndex = ..., lost: SupportsIndex = ..., retransmitted: SupportsIndex = ..., jitter_ms: SupportsFloat | SupportsIndex = ..., bitrate_bps: SupportsIndex = ..., layer: str | None = ..., reason: str | None = ...) -> StreamStatistics: ...
    def __repr__(self, /) -> str: ...
    @property
    def bitrate_bps(self, /) -> int: ...
    @property
    def bytes(self, /) -> int: ...
    @property
    def jitter_ms(self, /) -> float: ...
    @property
    def layer(self, /) -> str | None:
        """
        Of a picture that is received: which of its layers, by the name that its publisher gave it; `None` is none.
        """
    @property
    def lost(self, /) -> int: ...
    @property
    def packets(self, /) -> int: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def reason(self, /) -> str | None:
        """
        Of a picture that is received, why that layer: `tile`, `only`, `bandwidth`, `not_sent`, `key_frame`, `no_room` or `cannot_decode`.
        """
    @property
    def retransmitted(self, /) -> int: ...
    @property
    def source(self, /) -> Literal["microphone", "camera", "screen", "screen_audio"]: ...

@final
class Tile:
    """
    One stream of a layout; a picture's size is in device pixels. A view that names sounds hears those, not the loudest.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, peer: str, source: Literal["microphone", "camera", "screen", "screen_audio"], width: SupportsIndex, height: SupportsIndex, pinned: bool = ...) -> Tile: ...
    def __repr__(self, /) -> str: ...
    @property
    def height(self, /) -> int: ...
    @property
    def peer(self, /) -> str: ...
    @property
    def pinned(self, /) -> bool: ...
    @property
    def source(self, /) -> Literal["microphone", "camera", "screen", "screen_audio"]: ...
    @property
    def width(self, /) -> int: ...

@final
class TurnConfig:
    """
    How TURN behaves.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, listen: str = ..., plain_listen: str = ..., shared_fd: SupportsIndex | None = ..., host: str = ..., certificate: str = ..., key: str = ..., realm: str, secret: str, routes: SupportsGetItem[int, tuple[tuple[str, SupportsIndex], tuple[str, SupportsIndex]]] = ..., allocations: SupportsIndex = ..., allocations_per_participant: SupportsIndex = ..., lifetime_seconds: SupportsIndex = ...) -> TurnConfig: ...
    def __repr__(self, /) -> str: ...
    @property
    def allocations(self, /) -> int:
        """
        Relayed addresses at a time.
        """
    @property
    def allocations_per_participant(self, /) -> int:
        """
        Of one participant.
        """
    @property
    def certificate(self, /) -> str:
        """
        PEM file of the certificate chain.
        """
    @property
    def host(self, /) -> str:
        """
        The name by which TURN is told from HTTPS on a shared port.
        """
    @property
    def key(self, /) -> str:
        """
        PEM file of its key.
        """
    @property
    def lifetime_seconds(self, /) -> int:
        """
        The longest that one lives without being refreshed.
        """
    @property
    def listen(self, /) -> str:
        """
        Where TURN over TLS listens, `address:port`; empty: nowhere of its own.
        """
    @property
    def plain_listen(self, /) -> str:
        """
        The same without TLS, for who ends TLS elsewhere.
        """
    @property
    def realm(self, /) -> str:
        """
        Told to clients, who make their key with it.
        """
    @property
    def routes(self, /) -> list[tuple[tuple[str, int], tuple[str, int]]]:
        """
        Where media may be relayed to: as clients know it, and as it is reached from here (`Engine.media_routes`).
        """
    @property
    def secret(self, /) -> str:
        """
        What passwords are made from.
        """
    @property
    def shared_fd(self, /) -> int | None:
        """
        A bound socket of HTTPS that TURN shares; it is the server's from then on.
        """

@final
class TurnServer:
    """
    TURN over TLS for people whose network passes nothing else, in a thread; it relays to the media addresses it is given.
    """
    def __new__(cls, /, config: TurnConfig) -> TurnServer:
        """
        Opens the listeners and starts the thread. Raises `OSError` when it cannot listen, `ValueError` for a bad address or
        certificate.
        """
    @property
    def addresses(self, /) -> list[tuple[str, int]]:
        """
        Where it listens: by TLS, then without, as far as they are set.
        """
    def close(self, /) -> None:
        """
        Stops the thread and closes every socket. Doing it again does nothing.
        """
    def counts(self, /) -> dict[str, int]:
        """
        What was turned away or lost, by reason, and the relayed addresses at present; as of a second ago.
        """
    def renew(self, /) -> None:
        """
        Reads certificate and key anew, for connections from now on. Raises `ValueError` when they cannot be used; then all stays
        as it was.
        """
    def take(self, /) -> list[int]:
        """
        Connections to the shared port that are HTTPS, as descriptors of which nothing was read; the caller owns them.
        """
    def wake_fd(self, /) -> int:
        """
        A file descriptor that is readable while connections of HTTPS wait. The server keeps it; `take` reads it.
        """

def default_workers() -> int:
    """
    How many workers 0 stands for on this machine.
    """
