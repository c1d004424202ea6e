"""The little of SDP that WHIP and WHEP need: ICE credentials in offers, answers and fragments (RFC 8840 §4.4)."""

from __future__ import annotations

import re

from msgspec import Struct

_UFRAG = re.compile(r"^a=ice-ufrag:([^\r\n]*)", re.MULTILINE)
_PWD = re.compile(r"^a=ice-pwd:([^\r\n]*)", re.MULTILINE)
# RFC 8839 §5.4; the same bounds as the engine's (`crates/sfu/src/sdp/offer.rs`).
_ICE_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_ICE_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")
# What a restart repeats of the answer, in its order; the m-line and what follows are of the first, which carries the bundle.
_REPEATED = (
    "a=ice-lite",
    "a=ice-options:",
    "a=group:",
    "m=",
    "a=mid:",
    "a=ice-",
    "a=candidate:",
    "a=end-of-candidates",
)


class Credentials(Struct, frozen=True):
    """One side of an ICE session."""

    ufrag: str
    pwd: str


def credentials_of(sdp: str) -> Credentials | None:
    """The first credentials of an SDP or of a fragment; None unless both are there and well-formed."""
    ufrag, pwd = _UFRAG.search(sdp), _PWD.search(sdp)
    if ufrag is None or pwd is None or not _ICE_UFRAG.fullmatch(ufrag[1]) or not _ICE_PWD.fullmatch(pwd[1]):
        return None
    return Credentials(ufrag[1], pwd[1])


def with_credentials(offer: str, new: Credentials) -> str:
    """The same offer for another ICE session."""
    return _PWD.sub(f"a=ice-pwd:{new.pwd}", _UFRAG.sub(f"a=ice-ufrag:{new.ufrag}", offer))


def fragment_of(answer: str) -> str:
    """What of an answer tells the other side about our ICE session."""
    session, *media = re.split(r"^(?=m=)", answer, flags=re.MULTILINE)
    lines = "".join([session, *media[:1]]).splitlines()
    return "".join(f"{line}\r\n" for line in lines if line.startswith(_REPEATED))


def sent_kinds(answer: str) -> frozenset[str]:
    """Of an answer to who publishes: on which kinds of lines (`audio`, `video`) we receive."""
    media = re.split(r"^m=", answer, flags=re.MULTILINE)[1:]
    return frozenset(section.partition(" ")[0] for section in media if "\na=recvonly" in section)
