/**
 * The one offer: what is published first, then the slots that the engine fills.
 *
 *     0 microphone   1 camera   2 screen   3 screen audio        send-only; the camera in layers
 *     4–6 voices     7 the sound of a shared screen              receive-only
 *     8 …            pictures                                    receive-only
 *
 * The order is the contract: the engine knows a source by its place, and later offers (ICE restart) keep it. Codec preferences
 * on every line keep the offer near 50 kB and its making near 50 ms; without them both are three to four times that.
 */
import type { Source } from "../api/signalling.ts";
import { CAMERA_LAYERS, SCREEN_SCALABILITY } from "./encoding.ts";

export const SOURCES = [
  "microphone",
  "camera",
  "screen",
  "screen_audio",
] as const satisfies readonly Source[];
const AUDIO_SLOTS = 4;
/** The line of the slot for the sound of a shared screen. */
export const SCREEN_SOUND = SOURCES.length + AUDIO_SLOTS - 1;
/** Pictures at once: the largest gallery page. Phones decode and show fewer. */
export const VIDEO_SLOTS = { desktop: 25, phone: 9 } as const;

export interface Lines {
  readonly senders: Readonly<Record<Source, RTCRtpTransceiver>>;
  readonly audio: readonly RTCRtpTransceiver[];
  readonly video: readonly RTCRtpTransceiver[];
}

/** Codecs offered, most wanted first; `rtx` carries what is sent again. */
/** `red` carries earlier packets once more (RFC 2198): where sound is lost, that is what is heard instead. */
const AUDIO_CODECS = ["audio/opus", "audio/red"] as const;
/** Of what is sent: everybody decodes VP8, in layers. */
const SENT_CODECS = ["video/vp8", "video/h264", "video/rtx"] as const;
/** Of what is shown: programs that publish by WHIP have their own taste. */
const SHOWN_CODECS = ["video/vp8", "video/h264", "video/vp9", "video/av1", "video/rtx"] as const;
/** One format of each is enough. Every browser with H.264 has the constrained baseline in packetization mode 1 (RFC 6184)… */
const PLAIN_H264 = /profile-level-id=42e0/i;
/** …and what encoders outside of browsers send is decoded as main or high. */
const ANY_H264 = /profile-level-id=(42e0|4d|64)/i;

/** An encoding as WebRTC-SVC extends it; who does not know the member passes over it. */
interface Scalable extends RTCRtpEncodingParameters {
  readonly scalabilityMode?: string;
}

/** Adds the lines to a new connection; `capabilities` is what this browser can receive. */
export function addLines(
  peer: RTCPeerConnection,
  videoSlots: number,
  capabilities: (kind: "audio" | "video") => readonly RTCRtpCodec[],
): Lines {
  const [audio, video] = [capabilities("audio"), capabilities("video")];
  const codecs = {
    audio: { sendonly: offered(audio, AUDIO_CODECS), recvonly: offered(audio, AUDIO_CODECS) },
    video: { sendonly: offered(video, SENT_CODECS), recvonly: offered(video, SHOWN_CODECS, ANY_H264) },
  };
  const add = (
    kind: "audio" | "video",
    direction: "sendonly" | "recvonly",
    encodings: readonly Scalable[] = [],
  ): RTCRtpTransceiver => {
    const line = peer.addTransceiver(kind, {
      direction,
      ...(encodings.length > 0 && { sendEncodings: [...encodings] }),
    });
    const preferred = codecs[kind][direction];
    if (preferred.length > 0) line.setCodecPreferences([...preferred]);
    return line;
  };
  return {
    senders: {
      microphone: add("audio", "sendonly"),
      camera: add(
        "video",
        "sendonly",
        CAMERA_LAYERS.map((rid) => ({ rid })),
      ),
      screen: add("video", "sendonly", [{ scalabilityMode: SCREEN_SCALABILITY }]),
      screen_audio: add("audio", "sendonly"),
    },
    audio: Array.from({ length: AUDIO_SLOTS }, () => add("audio", "recvonly")),
    video: Array.from({ length: videoSlots }, () => add("video", "recvonly")),
  };
}

function offered(
  codecs: readonly RTCRtpCodec[],
  wanted: readonly string[],
  h264 = PLAIN_H264,
): readonly RTCRtpCodec[] {
  return wanted.flatMap((type) =>
    codecs.filter(
      (codec) => codec.mimeType.toLowerCase() === type && isPlain(type, codec.sdpFmtpLine ?? "", h264),
    ),
  );
}

/** What cameras send: 8 bits and 4:2:0, which is profile 0 of VP9 and AV1; H.264 in packetization mode 1. */
function isPlain(type: string, parameters: string, h264: RegExp): boolean {
  if (type === "video/h264") return parameters.includes("packetization-mode=1") && h264.test(parameters);
  return !/profile(-id)?=[1-9]/.test(parameters);
}
