/** Puts a local track on its line of the connection, or takes it off, without negotiation. */
import type { Source } from "../api/signalling.ts";
import { audioBitrate, cameraEncodings, screenEncoding } from "./encoding.ts";

/** Publishes `track`, with the encodings that its size asks for; of its layers only those that are `watched`, or all. */
export async function publish(
  sender: RTCRtpSender,
  source: Source,
  track: MediaStreamTrack | null,
  watched: readonly string[] | undefined,
): Promise<void> {
  if (track !== null && source === "screen") track.contentHint = "detail";
  if (sender.track !== track) await sender.replaceTrack(track);
  if (track !== null) await setEncoding(sender, source, track, watched);
}

/** Sets the encoding anew: browsers forget it, or keep that of the last track, when a track is replaced. */
async function setEncoding(
  sender: RTCRtpSender,
  source: Source,
  track: MediaStreamTrack,
  watched: readonly string[] | undefined,
): Promise<void> {
  const parameters = sender.getParameters();
  const { encodings } = parameters;
  if (source === "microphone" || source === "screen_audio") {
    for (const encoding of encodings) {
      encoding.maxBitrate = audioBitrate(source);
      encoding.priority = encoding.networkPriority = "high";
    }
  } else {
    const { width = 640, height = 360 } = track.getSettings();
    const wanted =
      source === "camera"
        ? cameraEncodings({ width, height }, watched, encodings.length)
        : [screenEncoding()];
    for (const [at, encoding] of encodings.entries()) Object.assign(encoding, wanted[at]);
    parameters.degradationPreference = source === "screen" ? "maintain-resolution" : "balanced";
  }
  try {
    await sender.setParameters(parameters);
  } catch (error) {
    // A track that was replaced meanwhile outdates the parameters; its own call sets them again.
    if (!(error instanceof DOMException)) throw error;
  }
}
