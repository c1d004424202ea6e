"""As much SDP as the fake engine needs: an offer's lines and their roles (DESIGN §6), and a plausible answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from meetinghouse.media.engine import Source

Shape: TypeAlias = Literal["meeting", "publisher", "watcher"]

# In the order of the offer's lines of one kind and direction; the last role repeats.
_SENDS: dict[str, tuple[Source, ...]] = {"audio": ("microphone", "screen_audio"), "video": ("camera", "screen")}
_SPEECH_SLOTS = 3
_CODECS = {"audio": {"opus/48000/2"}, "video": {"vp8/90000", "h264/90000", "vp9/90000", "av1/90000"}}
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
    """An offer's lines and what they are for, as which shape it was read."""

    shape: Shape
    lines: tuple[Line, ...]
    sends: frozenset[Source]
    slots: tuple[tuple[str, Source], ...]
    """The mid of each receive-only line and the source of its kind: microphone, screen_audio or camera."""


def parse(sdp: str, shape: Shape = "meeting") -> Offer:
    """Read an offer: our own client's, or that of a standard client which only publishes or watches. Raises `OfferError`."""
    head, *sections = sdp.replace("\r\n", "\n").split("\nm=")
    if not head.startswith("v=0"):
        raise OfferError("line 1: an offer begins with v=0")
    if not sections:
        raise OfferError("the offer has no m-line")
    for needed in ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"):
        if needed not in sdp:
            raise OfferError(f"the offer has no {needed[2:-1]}")
    if shape != "meeting" and "a=group:BUNDLE" not in head:
        raise OfferError("not in the BUNDLE group: bundle all m-lines (a=group:BUNDLE)")
    lines = tuple(_line(number, section, shape) for number, section in enumerate(sections, 1))
    if shape != "meeting":
        _check_one_way(lines, shape)
    return Offer(shape, lines, frozenset(_sends(lines)), tuple(_slots(lines)))


def answer(offer: Offer) -> str:
    """Mirror an offer's lines, each with its first codec."""
    bundle = " ".join(line.mid for line in offer.lines)
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite", f"a=group:BUNDLE {bundle}"]
    return "\r\n".join([*head, *(text for line in offer.lines for text in _answer_line(line)), ""])


def _check_one_way(lines: tuple[Line, ...], shape: Shape) -> None:
    """One line of a kind at most, in the one direction, of codecs that are served: all of them or none."""
    direction = "sendonly" if shape == "publisher" else "recvonly"
    kinds = [line.media for line in lines if line.direction != "inactive"]
    if not kinds:
        raise OfferError("no m-line of the offer can be served")
    if len(set(kinds)) < len(kinds):
        raise OfferError("there are more lines of this kind and direction than are served")
    for line in lines:
        if line.direction not in {direction, "inactive"}:
            raise OfferError(f"mid {line.mid}: {line.direction}: the lines must be {direction}")
        if line.codec.lower() not in _CODECS[line.media]:
            raise OfferError(f"mid {line.mid}: none of its codecs is served: offer Opus, and VP8, H264, VP9 or AV1")


def _line(number: int, section: str, shape: Shape) -> Line:
    first, *rest = section.split("\n")
    words = first.split()
    attributes = dict(text[2:].partition(":")[::2] for text in rest if text.startswith("a="))
    if len(words) < 4 or words[0] not in _SENDS:  # noqa: PLR2004  # media, port, protocol, first format
        raise OfferError(f"m-line {number}: only audio and video are answered")
    directions = {"sendonly", "recvonly", "sendrecv", "inactive"} & attributes.keys()
    if directions == {"sendrecv"} and shape != "meeting":
        directions = {"sendonly" if shape == "publisher" else "recvonly"}
    directions.discard("sendrecv")
    if len(directions) != 1:
        raise OfferError(f"m-line {number}: must be sendonly, recvonly or inactive")
    if "mid" not in attributes:
        raise OfferError(f"m-line {number}: has no mid")
    maps = dict(text.removeprefix("a=rtpmap:").split(" ", 1) for text in rest if text.startswith("a=rtpmap:"))
    served = [name for name in words[3:] if maps.get(name, "").lower() in _CODECS[words[0]]]
    first = [*served, words[3]][0]
    return Line(words[0], attributes["mid"], directions.pop(), first, maps.get(first, "VP8/90000"))


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
