/** How a picture is encoded, by the size in which it is captured. */

/**
 * Pixels up to which a bitrate is enough for a face that moves (VP8 at 30 pictures a second), in bits per second. The smallest is
 * what a narrow way has to carry beside the sound before there is a picture at all.
 */
const CAMERA_BITRATES = [
  { pixels: 320 * 180, bitrateBps: 180_000 },
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
export const CAMERA_LAYERS: readonly string[] = ["l", "m", "h"];
/** Short sides: of a thumbnail, of a tile in a gallery, of who is shown large. */
const THUMBNAIL = 180;
const TILE = 360;
const STAGE = 720;
/** Captures below these short sides have one layer, or two: browsers send no more of them, and would drop the largest. */
const ONE_LAYER_BELOW = 270;
const TWO_LAYERS_BELOW = 540;

export interface Capture {
  readonly width: number;
  readonly height: number;
}

export interface Encoding {
  readonly active: boolean;
  readonly maxBitrate: number;
  readonly scaleResolutionDownBy: number;
}

/**
 * One encoding per layer, low to high, active as far as the capture is worth them and they are `watched`; `count` is what the
 * connection has: a single one is the whole picture.
 */
export function cameraEncodings(
  capture: Capture,
  watched: readonly string[] | undefined,
  count: number,
): readonly Encoding[] {
  if (count < CAMERA_LAYERS.length) return [encoding(capture, STAGE, true)];
  const sides = shortSides(Math.min(capture.width, capture.height));
  // A capture too small for the layer that is watched sends its largest instead.
  const largest = CAMERA_LAYERS[sides.length - 1];
  const wanted = watched?.map((rid) => (order(rid) < sides.length ? rid : largest));
  return CAMERA_LAYERS.map((rid, at) =>
    encoding(capture, sides[at] ?? STAGE, at < sides.length && (wanted?.includes(rid) ?? true)),
  );
}

function order(rid: string): number {
  return CAMERA_LAYERS.indexOf(rid);
}

function shortSides(short: number): readonly number[] {
  if (short < ONE_LAYER_BELOW) return [short];
  if (short < TWO_LAYERS_BELOW) return [THUMBNAIL, short];
  return [THUMBNAIL, TILE, STAGE];
}

function encoding(capture: Capture, shortSide: number, active: boolean): Encoding {
  const scale = Math.max(1, Math.min(capture.width, capture.height) / shortSide);
  const pixels = (capture.width * capture.height) / scale ** 2;
  const step = CAMERA_BITRATES.find((candidate) => pixels <= candidate.pixels);
  return { active, maxBitrate: step?.bitrateBps ?? CAMERA_MOST_BPS, scaleResolutionDownBy: scale };
}

/**
 * A shared screen has one size, since text is to be read, and three frame rates (WebRTC-SVC: one spatial layer, three temporal
 * ones): who has little room gets a quarter or half of its pictures. Cameras in layers are sent so by default.
 */
export const SCREEN_SCALABILITY = "L1T3";

export function screenEncoding(): Encoding {
  return { active: true, maxBitrate: SCREEN_MOST_BPS, scaleResolutionDownBy: 1 };
}

export function audioBitrate(source: "microphone" | "screen_audio"): number {
  return source === "microphone" ? MICROPHONE_BPS : SCREEN_AUDIO_BPS;
}
