"""Standard WebRTC clients of tests: aiortc, which knows nothing of us, over WHIP, WHEP and our own signalling."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import av
import httpx2
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from meeting_people import WAIT_SECONDS, Person
from meetinghouse.media.ice import IceServer

# YUV of pictures that survive any encoder: which is which is read from the average.
COLOURS = {"grey": (128, 128, 128), "blue": (90, 200, 110), "red": (90, 100, 200)}
_SIZE = (160, 120)


class Picture(VideoStreamTrack):
    """A camera that shows one colour."""

    def __init__(self, colour: str) -> None:
        super().__init__()
        self._colour = colour

    async def recv(self) -> av.VideoFrame:
        timestamp, base = await self.next_timestamp()
        frame = av.VideoFrame(*_SIZE, "yuv420p")
        for plane, value in zip(frame.planes, COLOURS[self._colour], strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = timestamp, base
        return frame


class Tone(AudioStreamTrack):
    """A microphone that hears a square wave of about 500 Hz, 20 ms at a time."""

    _pts = 0

    async def recv(self) -> av.AudioFrame:
        frame = await super().recv()
        assert isinstance(frame, av.AudioFrame)
        half = frame.sample_rate // 1000
        wave = b"".join(
            (8000 if (n // half) % 2 else -8000).to_bytes(2, "little", signed=True) for n in range(frame.samples)
        )
        frame.planes[0].update(wave.ljust(frame.planes[0].buffer_size, b"\0"))
        return frame


def colour_of(frame: av.VideoFrame) -> str:
    """Which of the colours a decoded picture shows in its middle."""
    planes = frame.reformat(format="yuv420p").planes
    seen = [bytes(plane)[plane.height // 2 * plane.line_size + plane.width // 2] for plane in planes]
    return min(COLOURS, key=lambda name: sum(abs(a - b) for a, b in zip(seen, COLOURS[name], strict=True)))


def is_loud(frame: av.AudioFrame) -> bool:
    """Whether a decoded sound is more than the noise of a codec."""
    samples = memoryview(bytes(frame.planes[0])).cast("h")
    return max((abs(sample) for sample in samples), default=0) > 1000


class Client:
    """One peer connection, with a TURN server if one is given."""

    def __init__(self, bundle: RTCBundlePolicy = RTCBundlePolicy.BALANCED, turn: IceServer | None = None) -> None:
        relays = []
        if turn is not None:
            relays.append(RTCIceServer(list(turn.urls), username=turn.username, credential=turn.credential))
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=relays, bundlePolicy=bundle))
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.pc.add_listener("track", self._take)
        self.url = ""
        self.headers: dict[str, str] = {}
        self.tag = ""

    def _take(self, track: MediaStreamTrack) -> None:
        self.tracks[track.kind] = track

    async def offer(self) -> str:
        """What the client offers, with its candidates inside."""
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def take(self, answer: str) -> None:
        """The server's answer."""
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def connect(self, http: httpx2.AsyncClient, path: str, ticket: str) -> None:
        """The offer by POST, as WHIP and WHEP have it."""
        self.headers = {"authorization": f"Bearer {ticket}"}
        offer = await self.offer()
        answer = await http.post(path, content=offer, headers=self.headers | {"content-type": "application/sdp"})
        assert answer.status_code == 201, answer.text
        self.url, self.tag = answer.headers["location"], answer.headers["etag"]
        await self.take(answer.text)

    async def until_sees(self, colour: str) -> None:
        """Decode pictures until one shows this colour."""
        async with asyncio.timeout(WAIT_SECONDS):
            while colour_of(await self.picture()) != colour:
                pass

    async def picture(self) -> av.VideoFrame:
        """The next decoded picture."""
        frame = await self.tracks["video"].recv()
        assert isinstance(frame, av.VideoFrame)
        return frame

    async def until_hears(self) -> None:
        """Decode sound until it is loud."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                frame = await self.tracks["audio"].recv()
                assert isinstance(frame, av.AudioFrame)
                if is_loud(frame):
                    return

    async def until(self, state: str) -> None:
        """Wait for a state of the connection."""
        changed = asyncio.Event()
        self.pc.add_listener("connectionstatechange", changed.set)
        async with asyncio.timeout(WAIT_SECONDS):
            while self.pc.connectionState != state:
                changed.clear()
                await changed.wait()


def publisher(
    colour: str = "blue", codecs: Iterable[str] = ("VP8", "H264", "rtx"), *, turn: IceServer | None = None
) -> Client:
    """A WHIP client that shows one colour and hums."""
    client = Client(turn=turn)
    client.pc.addTrack(Tone())
    client.pc.addTrack(Picture(colour))
    _prefer(client, codecs)
    return client


def watcher(codecs: Iterable[str] = ("VP8", "H264", "rtx"), *, turn: IceServer | None = None) -> Client:
    """A WHEP client."""
    client = Client(turn=turn)
    client.pc.addTransceiver("audio", direction="recvonly")
    client.pc.addTransceiver("video", direction="recvonly")
    _prefer(client, codecs)
    return client


class Participant(Client):
    """Our own client's offer (DESIGN §6): microphone, camera, screen and screen sound up, and slots down."""

    def __init__(self) -> None:
        # Otherwise aiortc forgets the second line of a kind when it bundles.
        super().__init__(RTCBundlePolicy.MAX_BUNDLE)
        up = [self.pc.addTransceiver(kind, direction="sendonly") for kind in ("audio", "video", "video", "audio")]
        self.microphone, self.camera, self.screen, _ = up
        for kind in ("audio", "audio", "audio", "audio", "video"):
            self.pc.addTransceiver(kind, direction="recvonly")

    async def enter(self, person: Person) -> None:
        """Connect a participant who has joined."""
        answer: str = (await person.ask("offer", sdp=await self.offer(), fresh=True)).sdp
        # aiortc takes the candidates of the last line of a transport, where ours stand in the first (RFC 9143 §7.3.3).
        candidates = "".join(re.findall(r"a=candidate:.*\r\n", answer))
        await self.take(answer.replace("a=setup:passive\r\n", f"a=setup:passive\r\n{candidates}"))


def _prefer(client: Client, codecs: Iterable[str]) -> None:
    """Offer these codecs for pictures; `rtx` is with retransmissions."""
    wanted = {f"video/{name}".lower() for name in codecs}
    known = RTCRtpSender.getCapabilities("video").codecs
    for transceiver in client.pc.getTransceivers():
        if transceiver.kind == "video":
            transceiver.setCodecPreferences([codec for codec in known if codec.mimeType.lower() in wanted])


@asynccontextmanager
async def connected(*clients: Client) -> AsyncIterator[None]:
    """Close the clients at the end, whatever happened."""
    try:
        yield
    finally:
        for client in clients:
            await client.pc.close()
