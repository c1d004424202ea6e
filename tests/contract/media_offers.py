"""Offers of DESIGN §6's shape, small enough to read in a failure."""

from __future__ import annotations

from collections.abc import Sequence

FINGERPRINT = ":".join(f"{number:02X}" for number in range(32))


def offer(
    *,
    audio_slots: int = 4,
    video_slots: int = 3,
    ufrag: str = "Uf4g",
    sends: Sequence[str] = ("audio", "video", "video", "audio"),
) -> str:
    """Return microphone, camera, screen and screen-audio up, and slots down."""
    lines = [(media, "sendonly") for media in sends]
    lines += [("audio", "recvonly")] * audio_slots + [("video", "recvonly")] * video_slots
    return offer_of(lines, ufrag)


def one_way(direction: str, media: Sequence[str] = ("audio", "video"), ufrag: str = "Uf4g") -> str:
    """Return what a standard client offers that only publishes (`sendonly`) or only watches (`recvonly`)."""
    return offer_of([(kind, direction) for kind in media], ufrag)


def offer_of(lines: Sequence[tuple[str, str]], ufrag: str) -> str:
    """Return an offer of these lines: kind and direction."""
    head = [
        "v=0",
        "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE " + " ".join(str(mid) for mid in range(len(lines))),
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS",
    ]
    texts = [text for mid, (media, direction) in enumerate(lines) for text in m_line(mid, media, direction, ufrag)]
    return "\r\n".join([*head, *texts, ""])


def m_line(mid: int, media: str, direction: str, ufrag: str) -> list[str]:
    """Return one section as Chromium writes it, without what the engine does not read."""
    formats = "111" if media == "audio" else "96 97"
    common = [
        f"m={media} 9 UDP/TLS/RTP/SAVPF {formats}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=ice-ufrag:{ufrag}",
        "a=ice-pwd:0123456789abcdefghijklmn",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        "a=setup:actpass",
        f"a=mid:{mid}",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        f"a={direction}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]
    if direction.startswith("send"):
        common += [f"a=msid:- track-{mid}", f"a=ssrc:{1000 + mid} cname:publisher"]
    if media == "audio":
        return [
            *common,
            "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            "a=rtpmap:111 opus/48000/2",
            "a=rtcp-fb:111 transport-cc",
            "a=fmtp:111 minptime=10;useinbandfec=1",
        ]
    return [
        *common,
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-fb:96 transport-cc",
        "a=rtcp-fb:96 ccm fir",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
    ]
