/** Looks at decoded pixels. */

import type { Cut, FirstFrame, Sight } from "./contract";
import { tiles } from "./elements";

const COLUMNS = 32;
const ROWS = 18;
/** Difference of the strongest and weakest channel below which a picture counts as grey. */
const GREY = 60;

const firstFrames: FirstFrame[] = [];
const watched = new WeakSet<HTMLVideoElement>();
let pen: CanvasRenderingContext2D | undefined;

/** Notes the first decoded picture of every tile from the moment the tile appears. */
export function watchFirstFrames(): void {
  new MutationObserver(() => {
    for (const { label, video } of tiles()) {
      if (!watched.has(video)) {
        watched.add(video);
        video.requestVideoFrameCallback((at) => {
          firstFrames.push({ label: video.closest("[aria-label]")?.getAttribute("aria-label") ?? label, at });
        });
      }
    }
  }).observe(document, { childList: true, subtree: true });
}

export function seenFirstFrames(): readonly FirstFrame[] {
  return firstFrames;
}

export function see(): Sight[] {
  return tiles().map(({ label, video }) => look(label, video));
}

export function look(label: string, video: HTMLVideoElement): Sight {
  const box = video.getBoundingClientRect();
  const blank: Sight = {
    label,
    hue: null,
    brightness: 0,
    width: video.videoWidth,
    height: video.videoHeight,
    fingerprint: 0,
    visible: box.width > 8 && box.height > 8 && getComputedStyle(video).visibility === "visible",
  };
  if (video.videoWidth === 0 || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) {
    return blank;
  }
  pen ??= paper();
  pen.drawImage(video, 0, 0, COLUMNS, ROWS);
  return { ...blank, ...judge(pen.getImageData(0, 0, COLUMNS, ROWS).data) };
}

export function cut(
  label: string,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): Cut | null {
  const video = tiles().find((tile) => tile.label.includes(label))?.video;
  if (video === undefined || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
  const canvas = new OffscreenCanvas(width, height);
  const sheet = canvas.getContext("2d");
  if (sheet === null) return null;
  sheet.drawImage(video, x, y, width, height, 0, 0, width, height);
  const { data } = sheet.getImageData(0, 0, width, height);
  const pixels = Array.from({ length: width * height }, (_, at) => data[at * 4 + 1] ?? 0);
  return { width: video.videoWidth, height: video.videoHeight, pixels };
}

function paper(): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = COLUMNS;
  canvas.height = ROWS;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) {
    throw new Error("this browser gives no canvas");
  }
  return context;
}

function judge(pixels: Uint8ClampedArray): Pick<Sight, "hue" | "brightness" | "fingerprint"> {
  const middle = [0, 0, 0];
  let total = 0;
  let fingerprint = 7;
  let count = 0;
  for (let index = 0; index < COLUMNS * ROWS; index += 1) {
    const channels = pixels.subarray(index * 4, index * 4 + 3);
    const [x, y] = [index % COLUMNS, Math.floor(index / COLUMNS)];
    const inMiddle = x >= 8 && x < 24 && y >= 4 && y < 12;
    count += inMiddle ? 1 : 0;
    for (const [channel, value] of channels.entries()) {
      total += value / 3;
      fingerprint = (fingerprint * 31 + (value >> 4)) % 1_000_003;
      middle[channel] = (middle[channel] ?? 0) + (inMiddle ? value : 0);
    }
  }
  const [red = 0, green = 0, blue = 0] = middle.map((sum) => sum / count);
  return { hue: hueOf(red, green, blue), brightness: total / (COLUMNS * ROWS), fingerprint };
}

function hueOf(red: number, green: number, blue: number): number | null {
  const high = Math.max(red, green, blue);
  const span = high - Math.min(red, green, blue);
  if (span < GREY) {
    return null;
  }
  if (high === red) {
    return Math.round(((green - blue) / span) * 60 + 360) % 360;
  }
  return Math.round(high === green ? 120 + ((blue - red) / span) * 60 : 240 + ((red - green) / span) * 60);
}
