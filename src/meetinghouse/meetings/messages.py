"""The signalling protocol `meetinghouse.v1`: every message, written once.

`tools/generate_protocol.py` makes `protocol/signalling.schema.json` and `web/src/api/signalling.ts` from these structs; the
prose is in `protocol/README.md`. A message is one JSON object whose `type` names its struct. Requests carry an `id` chosen by
the client; each gets exactly one `ok`, `answer`, `statistics` or `error` with the same id.

State is a snapshot plus puts: every sequenced event replaces one whole thing (a participant, the meeting, …), so that applying
the events after a snapshot gives exactly a later snapshot (`state.py` and `web/src/call/state.ts`, proved on shared vectors).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

PROTOCOL = "meeting.v1"
# The same under the name that other people's programs know; it says ours, and a brand's pages must not.
PUBLIC_PROTOCOL = "meetinghouse.v1"

# Bounds of single fields; sizes of whole messages and rates are configuration (`security.limits`).
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
Pixels = Annotated[int, Meta(ge=1, le=16384)]
Sdp = Annotated[str, Meta(min_length=1, max_length=262_144)]
Milliseconds = Annotated[int, Meta(ge=0, le=3_600_000)]
RequestId = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Role(StrEnum):
    """What somebody may do in a meeting."""

    HOST = "host"
    COHOST = "cohost"
    ATTENDEE = "attendee"


class Source(StrEnum):
    """What a participant publishes; one m-line of the offer each."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    SCREEN = "screen"
    SCREEN_AUDIO = "screen_audio"


class Reason(StrEnum):
    """Why the server closes a connection, or why somebody left."""

    LEFT = "left"
    REMOVED = "removed"
    DENIED = "denied"
    ENDED = "ended"
    REPLACED = "replaced"
    EXPIRED = "expired"
    LOST = "lost"


# --- the state -------------------------------------------------------------------------------------------------------


class Participant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody in the meeting. Times are RFC 3339 UTC."""

    id: Id
    name: Name
    role: Role
    joined_at: str
    sources: tuple[Source, ...] = ()
    hand_raised_at: str | None = None
    reconnecting: bool = False
    guest: bool = True


class Waiting(Struct, frozen=True, kw_only=True):
    """Somebody in the lobby; only hosts and co-hosts are told."""

    id: Id
    name: Name
    asked_at: str


class Meeting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The meeting as its participants see it."""

    id: Id
    title: str
    number: str
    join_url: str
    passcode: str | None = None
    started_at: str
    locked: bool = False
    lobby: bool = True
    share: Literal["one", "many", "host"] = "one"
    chat: Literal["everyone", "host", "off"] = "everyone"
    mute_on_entry: bool = False
    spotlight: Id | None = None


class ChatMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of chat; `to` absent is everyone. `key` is the sender's own id of it, so that a resend is not a second line."""

    id: Id
    sender: Id
    sender_name: Name
    to: Id | None = None
    to_name: Name | None = None
    sent_at: str
    text: Text
    key: Id


class State(Struct, frozen=True, kw_only=True):
    """What one participant knows of the meeting. `waiting` is empty for attendees."""

    you: Id
    meeting: Meeting
    participants: tuple[Participant, ...]
    waiting: tuple[Waiting, ...]
    messages: tuple[ChatMessage, ...]


# --- client → server -------------------------------------------------------------------------------------------------


class Hello(Struct, frozen=True, kw_only=True, tag="hello", omit_defaults=True):
    """The first message: a ticket, or the resume secret of an earlier `welcome` with the last sequence number seen."""

    ticket: Annotated[str, Meta(max_length=4096)] | None = None
    resume: Annotated[str, Meta(max_length=256)] | None = None
    last_sequence: Annotated[int, Meta(ge=0)] | None = None


class Offer(Struct, frozen=True, kw_only=True, tag="offer"):
    """The SDP offer. `fresh` is a new peer connection; otherwise an ICE restart or added slots of the same one."""

    id: RequestId
    sdp: Sdp
    fresh: bool


class SetSources(Struct, frozen=True, kw_only=True, tag="set_sources"):
    """Which of the participant's sources are on. Refused as a whole (`share_not_allowed`, …) when one of them may not be."""

    id: RequestId
    sources: tuple[Source, ...]


class Tile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture that the layout shows, in device pixels."""

    participant: Id
    source: Literal["camera", "screen"]
    width: Pixels
    height: Pixels
    pinned: bool = False


class SetView(Struct, frozen=True, kw_only=True, tag="set_view"):
    """What the participant's layout shows; replaces the last one."""

    id: RequestId
    tiles: Annotated[tuple[Tile, ...], Meta(max_length=32)]


class SendChat(Struct, frozen=True, kw_only=True, tag="send_chat", omit_defaults=True):
    """Chat to everyone, or to one person. `key` makes a resend after a reconnect harmless."""

    id: RequestId
    key: Id
    text: Text
    to: Id | None = None


class RaiseHand(Struct, frozen=True, kw_only=True, tag="raise_hand", omit_defaults=True):
    """Raise or lower a hand; hosts may lower another's."""

    id: RequestId
    raised: bool
    participant: Id | None = None


class React(Struct, frozen=True, kw_only=True, tag="react"):
    """A reaction that everybody sees for a few seconds."""

    id: RequestId
    reaction: Literal["clap", "thumbs_up", "heart", "joy", "surprise", "party"]


class Rename(Struct, frozen=True, kw_only=True, tag="rename"):
    """A new display name for oneself; hosts may rename anybody."""

    id: RequestId
    participant: Id
    name: Name


class Admit(Struct, frozen=True, kw_only=True, tag="admit", omit_defaults=True):
    """Let somebody in from the lobby; without a participant, everybody who waits."""

    id: RequestId
    participant: Id | None = None


class Remove(Struct, frozen=True, kw_only=True, tag="remove"):
    """Send somebody out of the meeting or the lobby."""

    id: RequestId
    participant: Id


class Mute(Struct, frozen=True, kw_only=True, tag="mute", omit_defaults=True):
    """Mute one person's microphone, or everybody's but the hosts'."""

    id: RequestId
    participant: Id | None = None


class AskToUnmute(Struct, frozen=True, kw_only=True, tag="ask_to_unmute"):
    """Ask; nobody's microphone is ever opened by somebody else."""

    id: RequestId
    participant: Id


class SetRole(Struct, frozen=True, kw_only=True, tag="set_role"):
    """Make somebody co-host or attendee again, or hand the meeting over (`host`)."""

    id: RequestId
    participant: Id
    role: Role


class ChangeMeeting(Struct, frozen=True, kw_only=True, tag="change_meeting", omit_defaults=True):
    """Change what is given, keep what is absent. `spotlight` "" ends the spotlight."""

    id: RequestId
    locked: bool | None = None
    lobby: bool | None = None
    share: Literal["one", "many", "host"] | None = None
    chat: Literal["everyone", "host", "off"] | None = None
    mute_on_entry: bool | None = None
    title: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    spotlight: Annotated[str, Meta(max_length=64)] | None = None


class EndMeeting(Struct, frozen=True, kw_only=True, tag="end_meeting"):
    """End the session for all; hosts only."""

    id: RequestId


class Leave(Struct, frozen=True, kw_only=True, tag="leave"):
    """Leave for good: the resume secret ends. A host who leaves may name a successor with `set_role` before."""

    id: RequestId


class ReportQuality(Struct, frozen=True, kw_only=True, tag="report_quality", omit_defaults=True):
    """What the client saw and heard since its last report.

    How long the picture that froze longest stood still, how long the sound that was worst was made up because nothing came, and
    what holds its own encoder back.
    """

    id: RequestId
    frozen_ms: Milliseconds = 0
    concealed_ms: Milliseconds = 0
    limited: Literal["none", "cpu", "bandwidth", "other"] = "none"


class GetStatistics(Struct, frozen=True, kw_only=True, tag="get_statistics"):
    """Asks for a `statistics` of one's own connection."""

    id: RequestId


class Ping(Struct, frozen=True, kw_only=True, tag="ping"):
    """Asks for an `ok`; browsers cannot send WebSocket pings."""

    id: RequestId


Request = (
    Offer
    | SetSources
    | SetView
    | SendChat
    | RaiseHand
    | React
    | Rename
    | Admit
    | Remove
    | Mute
    | AskToUnmute
    | SetRole
    | ChangeMeeting
    | EndMeeting
    | Leave
    | ReportQuality
    | GetStatistics
    | Ping
)
ClientMessage = Hello | Request

# --- server → client -------------------------------------------------------------------------------------------------


class Welcome(Struct, frozen=True, kw_only=True, tag="welcome"):
    """The answer to `hello`. `media_kept` false: the engine has no connection of yours, send a fresh offer."""

    participant: Id
    state: Literal["lobby", "joined"]
    resume: str
    media_kept: bool
    heartbeat_seconds: int
    title: str


class Snapshot(Struct, frozen=True, kw_only=True, tag="snapshot"):
    """The whole state as of `sequence`. The first one tells somebody in the lobby that they are in."""

    sequence: int
    state: State


class ParticipantPut(Struct, frozen=True, kw_only=True, tag="participant"):
    """Somebody came or changed."""

    sequence: int
    participant: Participant


class ParticipantGone(Struct, frozen=True, kw_only=True, tag="participant_gone"):
    """Somebody left."""

    sequence: int
    participant: Id
    reason: Reason


class WaitingPut(Struct, frozen=True, kw_only=True, tag="waiting"):
    """Somebody waits in the lobby (to hosts and co-hosts)."""

    sequence: int
    waiting: Waiting


class WaitingGone(Struct, frozen=True, kw_only=True, tag="waiting_gone"):
    """Somebody waits no longer: admitted, denied or gone (to hosts and co-hosts)."""

    sequence: int
    waiting: Id


class MeetingPut(Struct, frozen=True, kw_only=True, tag="meeting"):
    """The meeting's settings changed."""

    sequence: int
    meeting: Meeting


class MessagePut(Struct, frozen=True, kw_only=True, tag="message"):
    """A line of chat (to those who may read it)."""

    sequence: int
    message: ChatMessage


class Ok(Struct, frozen=True, kw_only=True, tag="ok"):
    """The request is carried out."""

    id: RequestId


class Answer(Struct, frozen=True, kw_only=True, tag="answer"):
    """The SDP answer to an `offer`."""

    id: RequestId
    sdp: str


class ReceivedStream(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the server sends of one stream.

    Of a picture: which layer, by its publisher's name for it (absent: none), and why (`tile`: it is enough for the tile;
    `only`: there is no other; `bandwidth`: the way down has no room for a larger one; `not_sent`: the publisher sends no larger
    one; `key_frame`: another one is about to begin; `no_room`: the way down has no room for any; `cannot_decode`).
    """

    participant: Id
    source: Source
    bitrate_bps: int = 0
    layer: str | None = None
    reason: str | None = None


class OwnStatistics(Struct, frozen=True, kw_only=True, tag="statistics", omit_defaults=True):
    """The answer to `get_statistics`: the server's view of one's own connection, as of some seconds ago.

    `estimate_bps` is what the way down carries by the server's estimate, `target_bps` what it sends at most meanwhile,
    `pacer_delay_ms` the longest that a packet waited in the server to be sent.
    """

    id: RequestId
    rtt_ms: float | None = None
    estimate_bps: int = 0
    target_bps: int = 0
    pacer_delay_ms: float = 0
    streams: tuple[ReceivedStream, ...] = ()


class Error(Struct, frozen=True, kw_only=True, tag="error"):
    """The request changed nothing. `code` is stable; the client words it. Without an id, the message could not be read."""

    id: RequestId | None
    code: str
    detail: str


class Slot(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What fills one receive-only m-line now. `paused`: your connection has no room for the picture at the moment."""

    mid: str
    participant: Id | None = None
    source: Source | None = None
    rtp_timestamp: int = 0
    cannot_decode: bool = False
    paused: bool = False


class Slots(Struct, frozen=True, kw_only=True, tag="slots"):
    """All slots of your own connection; replaces the last list. Not sequenced: sent anew after every `answer`."""

    slots: tuple[Slot, ...]


class Layers(Struct, frozen=True, kw_only=True, tag="layers"):
    """Which layers of a source of your own to send: nobody watches the others. All, after a fresh `answer`. Not sequenced."""

    source: Source
    layers: tuple[str, ...]


class Speakers(Struct, frozen=True, kw_only=True, tag="speakers"):
    """Who speaks, the dominant speaker first. Not sequenced."""

    participants: tuple[Id, ...]


class Reacted(Struct, frozen=True, kw_only=True, tag="reacted"):
    """Somebody reacted. Not sequenced."""

    participant: Id
    reaction: str


class AskedToUnmute(Struct, frozen=True, kw_only=True, tag="asked_to_unmute"):
    """A host asks you to unmute. Not sequenced."""

    by: Id


class MediaLost(Struct, frozen=True, kw_only=True, tag="media_lost"):
    """The engine has given your connection up: send a fresh offer."""

    reason: str


class IceServers(Struct, frozen=True, kw_only=True, tag="ice_servers"):
    """A way for your media where the network passes nothing else; replaces the last one. Not sequenced.

    It serves the next ICE restart. Comes before the first `snapshot`, after every resume, and again before the credentials run
    out; never in the lobby.
    """

    urls: tuple[str, ...]
    username: str
    credential: str

    def __repr__(self) -> str:
        return f"IceServers({self.urls!r}, …)"


class Closed(Struct, frozen=True, kw_only=True, tag="closed"):
    """The last message: do not come back with this resume secret."""

    reason: Reason


Sequenced = ParticipantPut | ParticipantGone | WaitingPut | WaitingGone | MeetingPut | MessagePut
ServerMessage = (
    Welcome
    | Snapshot
    | ParticipantPut
    | ParticipantGone
    | WaitingPut
    | WaitingGone
    | MeetingPut
    | MessagePut
    | Ok
    | Answer
    | OwnStatistics
    | Error
    | Slots
    | Layers
    | Speakers
    | Reacted
    | AskedToUnmute
    | MediaLost
    | IceServers
    | Closed
)
