/** How a picture is encoded, by the size in which it is captured. */

/** Pixels up to which a bitrate is enough for a face that moves (VP8 at 30 pictures a second), in bits per second. */
const CAMERA_BITRATES = [
  { pixels: 320 * 180, bitrateBps: 250_000 },
  { pixels: 640 * 360, bitrateBps: 700_000 },
  { pixels: 960 * 540, bitrateBps: 1_200_000 },
  { pixels: 1280 * 720, bitrateBps: 2_000_000 },
] as const;
const CAMERA_MOST_BPS = 3_200_000;
/** Text needs bits when it changes and none while it stands still; less makes scrolling smear. */
const SCREEN_MOST_BPS = 3_000_000;
/** Speech in full band; higher is not heard, lower is, in music. */
const MICROPHONE_BPS = 40_000;
const SCREEN_AUDIO_BPS = 96_000;

/** Height that is sent while few are in the meeting, and when the tiles have become small. */
const LARGE_HEIGHT = 720;
const SMALL_HEIGHT = 360;
/** From how many people on tiles are small: one encoding serves everybody, so nobody should pay for pixels that nobody sees. */
const MANY_PEOPLE = 5;

export interface Capture {
  readonly width: number;
  readonly height: number;
}

export interface Encoding {
  readonly maxBitrate: number;
  readonly scaleResolutionDownBy: number;
}

export function cameraEncoding(capture: Capture, people: number): Encoding {
  const wanted = people >= MANY_PEOPLE ? SMALL_HEIGHT : LARGE_HEIGHT;
  const scale = Math.max(1, Math.min(capture.width, capture.height) / wanted);
  const pixels = (capture.width * capture.height) / scale ** 2;
  const step = CAMERA_BITRATES.find((candidate) => pixels <= candidate.pixels);
  return { maxBitrate: step?.bitrateBps ?? CAMERA_MOST_BPS, scaleResolutionDownBy: scale };
}

export function screenEncoding(): Encoding {
  return { maxBitrate: SCREEN_MOST_BPS, scaleResolutionDownBy: 1 };
}

export function audioBitrate(source: "microphone" | "screen_audio"): number {
  return source === "microphone" ? MICROPHONE_BPS : SCREEN_AUDIO_BPS;
}
