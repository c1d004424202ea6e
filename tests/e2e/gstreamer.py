"""A WHIP publisher or WHEP watcher of GStreamer: webrtcbin as Debian has it, with its own certificate (RSA in 1.22).

It runs by the system's Python, where GStreamer's bindings are: `python3 gstreamer.py publish|watch`. What HTTP carries goes by
its standard streams: it prints one line of JSON `{"offer"}`, reads one `{"answer"}`, then prints what happens, each once:
`connected`, and as a watcher `red` (a picture that is) and `loud` (a sound above -30 dB). It ends with its input.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import gi  # type: ignore[import-not-found,unused-ignore]

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # type: ignore[import-not-found,unused-ignore] # noqa: E402

# webrtcbin comes first: pads of elements before it could not find it.
PUBLISH = """
webrtcbin name=peer bundle-policy=max-bundle
videotestsrc is-live=true pattern=red ! video/x-raw,width=160,height=120,framerate=15/1
  ! vp8enc deadline=1 keyframe-max-dist=15 ! rtpvp8pay ! application/x-rtp,media=video,encoding-name=VP8,payload=96 ! peer.
audiotestsrc is-live=true ! audioconvert ! audioresample ! opusenc ! rtpopuspay
  ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! peer.
"""
WATCHED = {
    "audio": "application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000,encoding-params=(string)2",
    "video": "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000",
}
DECODE = {
    "audio": "rtpopusdepay ! opusdec ! audioconvert ! level post-messages=true ! fakesink",
    "video": "rtpvp8depay ! vp8dec ! videoconvert ! video/x-raw,format=I420 ! fakesink name=screen signal-handoffs=true",
}
PUBLISHES = sys.argv[1] == "publish"
LOUD_DB = -30

_said: set[str] = set()


def say(line: str) -> None:
    """Print a line once."""
    if line not in _said:
        _said.add(line)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def main() -> None:
    """Offer, take the answer, and go on until the input ends."""
    Gst.init(None)
    loop = GLib.MainLoop()
    pipeline = Gst.parse_launch(PUBLISH) if PUBLISHES else Gst.Pipeline()
    if not PUBLISHES:
        pipeline.add(Gst.parse_launch("webrtcbin name=peer bundle-policy=max-bundle"))
    peer = pipeline.get_by_name("peer")
    peer.connect("notify::ice-gathering-state", _gathered)
    peer.connect("notify::connection-state", _changed)
    peer.connect("pad-added", _watch, pipeline)
    # webrtcbin says once that it wants to negotiate: as a publisher when the caps of all streams are known, as a watcher at
    # once, before there is anything to ask for.
    if PUBLISHES:
        peer.connect("on-negotiation-needed", _offer)
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", _heard, loop)
    pipeline.set_state(Gst.State.READY)  # from which on there is an ICE agent
    # libnice leaves loopback out, which is all that a machine without a network has. The agent ends with this name of it,
    # since webrtcbin 1.22 holds it by a floating reference.
    agent = peer.get_property("ice-agent")
    agent.emit("add-local-ip-address", "127.0.0.1")
    if not PUBLISHES:
        for caps in WATCHED.values():
            peer.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(caps))
        _offer(peer)
    pipeline.set_state(Gst.State.PLAYING)
    threading.Thread(target=_take, args=(peer, loop), daemon=True).start()
    loop.run()
    pipeline.set_state(Gst.State.NULL)


def _offer(peer: Any) -> None:  # noqa: ANN401
    def offered(promise: Any) -> None:  # noqa: ANN401
        reply = promise.get_reply()  # the offer is a part of it
        peer.emit("set-local-description", reply.get_value("offer"), None)

    peer.emit("create-offer", None, Gst.Promise.new_with_change_func(offered))


def _gathered(peer: Any, _: object) -> None:  # noqa: ANN401
    if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
        say(json.dumps({"offer": peer.get_property("local-description").sdp.as_text()}))


def _take(peer: Any, loop: Any) -> None:  # noqa: ANN401
    answer = json.loads(sys.stdin.readline())["answer"]
    _, sdp = GstSdp.SDPMessage.new_from_text(answer)
    peer.emit(
        "set-remote-description", GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp), None
    )
    sys.stdin.read()
    loop.quit()


def _changed(peer: Any, _: object) -> None:  # noqa: ANN401
    say(peer.get_property("connection-state").value_nick)


def _watch(_: object, pad: Any, pipeline: Any) -> None:  # noqa: ANN401
    if pad.direction != Gst.PadDirection.SRC:
        return
    decoder = Gst.parse_bin_from_description(DECODE[pad.get_current_caps().get_structure(0).get_value("media")], True)  # noqa: FBT003
    pipeline.add(decoder)
    if (screen := decoder.get_by_name("screen")) is not None:
        screen.connect("handoff", _seen)
    decoder.sync_state_with_parent()
    pad.link(decoder.get_static_pad("sink"))


def _seen(_: object, buffer: Any, pad: Any) -> None:  # noqa: ANN401
    picture = pad.get_current_caps().get_structure(0)
    luma = picture.get_value("width") * picture.get_value("height")
    chroma = buffer.extract_dup(luma, luma // 2)
    middle = luma // 8
    blue, red = chroma[middle], chroma[luma // 4 + middle]
    if red > blue:
        say("red")


def _heard(_: object, message: Any, loop: Any) -> None:  # noqa: ANN401
    if message.type == Gst.MessageType.ERROR:
        sys.stderr.write(f"{message.parse_error()}\n")
        loop.quit()
    elif message.has_name("level") and max(message.get_structure().get_value("rms")) > LOUD_DB:
        say("loud")


if __name__ == "__main__":
    main()
