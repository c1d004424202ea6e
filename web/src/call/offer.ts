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
const VIDEO_CODECS = ["video/vp8", "video/h264", "video/rtx"] as const;
const AUDIO_CODECS = ["audio/opus"] as const;

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
  const codecs = {
    audio: offered("audio", capabilities("audio")),
    video: offered("video", capabilities("video")),
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
    if (codecs[kind].length > 0) line.setCodecPreferences([...codecs[kind]]);
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

function offered(kind: "audio" | "video", codecs: readonly RTCRtpCodec[]): readonly RTCRtpCodec[] {
  const wanted: readonly string[] = kind === "audio" ? AUDIO_CODECS : VIDEO_CODECS;
  return wanted.flatMap((type) =>
    codecs.filter(
      (codec) => codec.mimeType.toLowerCase() === type && (type !== "video/h264" || isPlainH264(codec)),
    ),
  );
}

/** Constrained baseline in packetization mode 1 (RFC 6184): what every H.264 browser and phone sends and decodes. */
function isPlainH264(codec: RTCRtpCodec): boolean {
  const parameters = codec.sdpFmtpLine ?? "";
  return parameters.includes("packetization-mode=1") && /profile-level-id=42e0/i.test(parameters);
}
