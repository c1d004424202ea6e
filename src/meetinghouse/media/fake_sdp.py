"""As much SDP as the fake engine needs: an offer's lines and their roles (DESIGN §6), and a plausible answer."""

from __future__ import annotations

from dataclasses import dataclass

from meetinghouse.media.engine import Source

# In the order of the offer's lines of one kind and direction; the last role repeats.
_SENDS: dict[str, tuple[Source, ...]] = {"audio": ("microphone", "screen_audio"), "video": ("camera", "screen")}
_SPEECH_SLOTS = 3
_FINGERPRINT = "sha-256 " + ":".join(["FA"] * 32)


class OfferError(Exception):
    """Not an offer that the contract allows; the message names the line."""


@dataclass(frozen=True)
class Line:
    """One m-line."""

    media: str
    mid: str
    direction: str
    first_format: str
    codec: str


@dataclass(frozen=True)
class Offer:
    """An offer's lines and what they are for."""

    lines: tuple[Line, ...]
    sends: frozenset[Source]
    slots: tuple[tuple[str, Source], ...]
    """The mid of each receive-only line and the source of its kind: microphone, screen_audio or camera."""


def parse(sdp: str) -> Offer:
    """Read an offer. Raises `OfferError`."""
    head, *sections = sdp.replace("\r\n", "\n").split("\nm=")
    if not head.startswith("v=0"):
        raise OfferError("line 1: an offer begins with v=0")
    if not sections:
        raise OfferError("the offer has no m-line")
    for needed in ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"):
        if needed not in sdp:
            raise OfferError(f"the offer has no {needed[2:-1]}")
    lines = tuple(_line(number, section) for number, section in enumerate(sections, 1))
    return Offer(lines, frozenset(_sends(lines)), tuple(_slots(lines)))


def answer(offer: Offer) -> str:
    """Mirror an offer's lines, each with its first codec."""
    bundle = " ".join(line.mid for line in offer.lines)
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite", f"a=group:BUNDLE {bundle}"]
    return "\r\n".join([*head, *(text for line in offer.lines for text in _answer_line(line)), ""])


def _line(number: int, section: str) -> Line:
    first, *rest = section.split("\n")
    words = first.split()
    attributes = dict(text[2:].partition(":")[::2] for text in rest if text.startswith("a="))
    if len(words) < 4 or words[0] not in _SENDS:  # noqa: PLR2004  # media, port, protocol, first format
        raise OfferError(f"m-line {number}: only audio and video are answered")
    directions = {"sendonly", "recvonly", "inactive"} & attributes.keys()
    if len(directions) != 1:
        raise OfferError(f"m-line {number}: must be sendonly, recvonly or inactive")
    if "mid" not in attributes:
        raise OfferError(f"m-line {number}: has no mid")
    prefix = f"a=rtpmap:{words[3]} "
    codec = next((text.removeprefix(prefix) for text in rest if text.startswith(prefix)), "VP8/90000")
    return Line(words[0], attributes["mid"], directions.pop(), words[3], codec)


def _sends(lines: tuple[Line, ...]) -> list[Source]:
    found: list[Source] = []
    for media, sources in _SENDS.items():
        sending = [line for line in lines if line.media == media and line.direction == "sendonly"]
        found += sources[: len(sending)]
    return found


def _slots(lines: tuple[Line, ...]) -> list[tuple[str, Source]]:
    slots: list[tuple[str, Source]] = []
    audio = 0
    for line in lines:
        if line.direction != "recvonly":
            continue
        if line.media == "video":
            slots.append((line.mid, "camera"))
            continue
        slots.append((line.mid, "microphone" if audio < _SPEECH_SLOTS else "screen_audio"))
        audio += 1
    return slots


def _answer_line(line: Line) -> list[str]:
    port = "0" if line.direction == "inactive" else "9"
    mirrored = {"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}[line.direction]
    return [
        f"m={line.media} {port} UDP/TLS/RTP/SAVPF {line.first_format}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{line.mid}",
        f"a={mirrored}",
        "a=ice-ufrag:fake",
        "a=ice-pwd:fakefakefakefakefakefake",
        f"a=fingerprint:{_FINGERPRINT}",
        "a=setup:passive",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=rtpmap:{line.first_format} {line.codec}",
    ]
