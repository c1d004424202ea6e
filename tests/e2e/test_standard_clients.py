"""aiortc as WHIP publisher and WHEP watcher of a real server: pictures and sound go through the engine and are decoded."""
# ruff: noqa: ANN401 (JSON is any value)

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aioice.ice
import pytest

from conftest import StartServer
from meeting_people import House, house_of
from standard_clients import Client, Participant, Picture, Tone, connected, publisher, watcher


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves loopback out, which is all that a machine without a network has."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: ["127.0.0.1"])


@pytest.fixture
async def house(start_server: StartServer) -> AsyncIterator[House]:
    """A server with the real engine."""
    async with start_server(media={"engine": "native"}) as running, house_of(running) as opened:
        yield opened


async def ticket(house: House, meeting: Any, name: str, **ask: Any) -> tuple[str, str]:
    """A ticket and its participant's id."""
    made = await house.api.call("POST", f"/meetings/{meeting['id']}/tickets", {"name": name, **ask}, 201)
    return made["ticket"], made["participant_id"]


async def watch(house: House, meeting: Any, participant: str, client: Client) -> None:
    made, _ = await ticket(house, meeting, "Screen", publish=False)
    await client.connect(house.api.http, f"/whep/{meeting['id']}/{participant}", made)


@pytest.mark.parametrize("repaired", [True, False], ids=["rtx", "no rtx"])
@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_what_is_published_by_whip_is_watched_by_whep(house: House, codec: str, repaired: bool) -> None:  # noqa: FBT001
    meeting = await house.api.meeting()
    offered = [codec, *(["rtx"] if repaired else [])]
    camera, viewer = publisher("blue", offered), watcher(offered)
    made, identity = await ticket(house, meeting, "Camera")
    async with connected(camera, viewer):
        await camera.connect(house.api.http, f"/whip/{meeting['id']}", made)
        await watch(house, meeting, identity, viewer)
        await viewer.until_sees("blue")
        await viewer.until_hears()
        people = await house.api.call("GET", f"/meetings/{meeting['id']}/participants")
        streams = [(stream["source"], stream["codec"]) for stream in people["items"][0]["streams"]]
        assert streams == [("microphone", "opus"), ("camera", codec.lower())]
        for client in (viewer, camera):
            assert (await house.api.http.delete(client.url, headers=client.headers)).status_code == 200
            assert (await house.api.http.delete(client.url, headers=client.headers)).status_code == 404
            await client.until("closed")


async def test_a_watcher_follows_from_the_camera_to_the_screen_and_back(house: House) -> None:
    meeting = await house.api.meeting()
    ana = await house.join(meeting, "Ana", "host")
    hers, viewer = Participant(), watcher()
    async with connected(hers, viewer):
        await hers.enter(ana)
        await watch(house, meeting, ana.id, viewer)
        await viewer.until("connected")
        hers.camera.sender.replaceTrack(Picture("blue"))
        hers.microphone.sender.replaceTrack(Tone())
        await ana.ask("set_sources", sources=["microphone", "camera"])
        await viewer.until_sees("blue")
        await viewer.until_hears()
        hers.screen.sender.replaceTrack(Picture("red"))
        await ana.ask("set_sources", sources=["microphone", "camera", "screen"])
        await viewer.until_sees("red")
        await ana.ask("set_sources", sources=["microphone", "camera"])
        await viewer.until_sees("blue")


@pytest.mark.parametrize("listen", ["[::1]:0", "[::]:0"], ids=["one address", "every address"])
async def test_media_go_by_ipv6(start_server: StartServer, monkeypatch: pytest.MonkeyPatch, listen: str) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: ["::1"])
    media = {"engine": "native", "listen": listen, "advertise": ["::1"]}
    async with start_server(media=media) as running, house_of(running) as house:
        meeting = await house.api.meeting()
        camera, viewer = publisher("red"), watcher()
        made, identity = await ticket(house, meeting, "Camera")
        async with connected(camera, viewer):
            await camera.connect(house.api.http, f"/whip/{meeting['id']}", made)
            assert all(
                " ::1 " in line for line in camera.pc.remoteDescription.sdp.splitlines() if "a=candidate:" in line
            )
            await watch(house, meeting, identity, viewer)
            await viewer.until_sees("red")
            await viewer.until_hears()


async def test_who_is_sent_out_is_told_by_dtls(house: House) -> None:
    meeting = await house.api.meeting()
    ana = await house.join(meeting, "Ana", "host")
    camera, viewer = publisher(), watcher()
    made, identity = await ticket(house, meeting, "Camera")
    async with connected(camera, viewer):
        await camera.connect(house.api.http, f"/whip/{meeting['id']}", made)
        await watch(house, meeting, identity, viewer)
        await viewer.until_sees("blue")
        await ana.ask("remove", participant=identity)
        await camera.until("closed")
        await viewer.until("closed")


async def test_media_survives_an_ice_restart(house: House) -> None:
    meeting = await house.api.meeting()
    camera, viewer = publisher("blue"), watcher()
    made, identity = await ticket(house, meeting, "Camera")
    async with connected(camera, viewer):
        await camera.connect(house.api.http, f"/whip/{meeting['id']}", made)
        await watch(house, meeting, identity, viewer)
        await viewer.until_sees("blue")
        fragment = "a=ice-ufrag:Nu5xNu5x\r\na=ice-pwd:0123456789abcdefghijklmn\r\n"
        headers = viewer.headers | {"content-type": "application/trickle-ice-sdpfrag", "if-match": "*"}
        answer = await house.api.http.patch(viewer.url, content=fragment, headers=headers)
        assert answer.status_code == 200
        assert "a=candidate:" in answer.text
        assert answer.headers["etag"] != viewer.tag
        # The old session serves until the first check of the new one, which this client does not make.
        async with asyncio.timeout(60):
            for _ in range(10):
                await viewer.picture()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda sdp: sdp.replace("VP8/90000", "H263/90000").replace("H264/90000", "H265/90000"), "offer VP8, H264"),
        (lambda sdp: sdp.replace("opus/48000/2", "opus/16000"), "offer opus/48000/2"),
        (lambda sdp: sdp.replace("a=group:BUNDLE 0 1", "a=x"), "bundle all m-lines"),
        (lambda sdp: sdp.replace("a=setup:actpass", "a=setup:passive"), "actpass or active"),
        (lambda sdp: sdp.replace("sha-256", "sha-1").replace("sha-384", "x").replace("sha-512", "x"), "SHA-256"),
        (lambda sdp: sdp.replace("a=sendrecv", "a=recvonly"), "sendonly"),
        (lambda sdp: sdp.replace("m=video", "m=application"), "only audio and video"),
        (lambda sdp: sdp.partition("m=")[0], "no m-line"),
    ],
    ids=["pictures", "sound", "bundle", "setup", "fingerprint", "direction", "data", "nothing"],
)
async def test_a_real_offer_that_cannot_be_used_is_told_what_to_change(house: House, change: Any, words: str) -> None:
    meeting = await house.api.meeting()
    made, _ = await ticket(house, meeting, "Camera")
    client = publisher()
    async with connected(client):
        headers = {"authorization": f"Bearer {made}", "content-type": "application/sdp"}
        offer = change(await client.offer())
        answer = await house.api.http.post(f"/whip/{meeting['id']}", content=offer, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_offer")
        assert words in answer.json()["detail"]
        await client.connect(house.api.http, f"/whip/{meeting['id']}", made)
        await client.until("connected")
