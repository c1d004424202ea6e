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

/** The camera's layers, low to high: the order is that of the offer. */
export const CAMERA_LAYERS = ["l", "m", "h"] as const;
/** Short sides: of a thumbnail, of a tile in a gallery, of who is shown large. */
const THUMBNAIL = 180;
const TILE = 360;
const STAGE = 720;
/** Captures below these short sides have one layer, or two: browsers send no more of them, and would drop the largest. */
const ONE_LAYER_BELOW = 270;
const TWO_LAYERS_BELOW = 540;
/** From how many people on tiles are small: nobody should pay for pixels that nobody sees. */
const MANY_PEOPLE = 5;

export interface Capture {
  readonly width: number;
  readonly height: number;
}

export interface Encoding {
  readonly active: boolean;
  readonly maxBitrate: number;
  readonly scaleResolutionDownBy: number;
}

/** One encoding per layer, low to high; `count` is what the connection has: a single one is the whole picture. */
export function cameraEncodings(capture: Capture, people: number, count: number): readonly Encoding[] {
  const short = Math.min(capture.width, capture.height);
  const largest = people >= MANY_PEOPLE ? TILE : STAGE;
  if (count < CAMERA_LAYERS.length) return [encoding(capture, largest, true)];
  if (short < ONE_LAYER_BELOW) return layers(capture, [short]);
  if (short < TWO_LAYERS_BELOW) return layers(capture, [THUMBNAIL, short]);
  return layers(capture, largest === STAGE ? [THUMBNAIL, TILE, STAGE] : [THUMBNAIL, TILE]);
}

function layers(capture: Capture, shortSides: readonly number[]): readonly Encoding[] {
  return CAMERA_LAYERS.map((_, at) => encoding(capture, shortSides[at] ?? STAGE, at < shortSides.length));
}

function encoding(capture: Capture, shortSide: number, active: boolean): Encoding {
  const scale = Math.max(1, Math.min(capture.width, capture.height) / shortSide);
  const pixels = (capture.width * capture.height) / scale ** 2;
  const step = CAMERA_BITRATES.find((candidate) => pixels <= candidate.pixels);
  return { active, maxBitrate: step?.bitrateBps ?? CAMERA_MOST_BPS, scaleResolutionDownBy: scale };
}

export function screenEncoding(): Encoding {
  return { active: true, maxBitrate: SCREEN_MOST_BPS, scaleResolutionDownBy: 1 };
}

export function audioBitrate(source: "microphone" | "screen_audio"): number {
  return source === "microphone" ? MICROPHONE_BPS : SCREEN_AUDIO_BPS;
}
