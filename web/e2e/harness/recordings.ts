/** Writes the films and sounds that fake devices play: raw, small and the same on every machine. */

import { writeFile } from "node:fs/promises";
import type { Persona, Size } from "./cast";

/** A camera's picture unless a persona has another: small, since most journeys need no more. */
const SMALL: Size = { width: 320, height: 180 };
const SAMPLE_RATE_HZ = 48_000;
const MARK_SIDE = 24;

/** One loop of film and of sound. Both are equally long, so that a flash and a beep keep their distance for ever. */
export const LOOP_SECONDS = 2;

/** Few enough for three encoders and six decoders on two cores. */
const CALM_FRAMES_PER_SECOND = 12;
/** A frame lasts 33 ms here, which bounds the error of measured skew. */
const SYNC_FRAMES_PER_SECOND = 30;

export interface Recording {
  readonly film: string;
  readonly sound: string;
}

/** A film of one hue with a white mark that wanders along its lower edge, and a voice of one pitch in syllables. */
export async function recordPersona(
  directory: string,
  { name, hue, toneHz, camera = SMALL, grain = 0 }: Persona,
): Promise<Recording> {
  const film = `${directory}/${name}.y4m`;
  const sound = `${directory}/${name}.wav`;
  const frames = CALM_FRAMES_PER_SECOND * LOOP_SECONDS;
  const colour = yuvOfHue(hue);
  await writeFile(
    film,
    y4m(camera, CALM_FRAMES_PER_SECOND, frames, (frame) =>
      grained(markedFrame(camera, colour, frame / frames), camera, grain, frame),
    ),
  );
  await writeFile(
    sound,
    wav((seconds) => syllables(seconds) * Math.sin(2 * Math.PI * toneHz * seconds)),
  );
  return { film, sound };
}

/** A film that flashes white once per loop and a sound that beeps once per loop: 100 ms each. */
export async function recordSync(directory: string, hue: number, toneHz: number): Promise<Recording> {
  const film = `${directory}/sync.y4m`;
  const sound = `${directory}/sync.wav`;
  const frames = SYNC_FRAMES_PER_SECOND * LOOP_SECONDS;
  const colour = yuvOfHue(hue);
  const flash: Yuv = [235, 128, 128];
  await writeFile(
    film,
    y4m(SMALL, SYNC_FRAMES_PER_SECOND, frames, (frame) => plainFrame(SMALL, frame < 3 ? flash : colour)),
  );
  await writeFile(
    sound,
    wav((seconds) => (seconds < 0.1 ? Math.sin(2 * Math.PI * toneHz * seconds) : 0)),
  );
  return { film, sound };
}

type Yuv = readonly [number, number, number];

/** BT.601, limited range: what Chromium takes a raw film to be. */
function yuvOfHue(hue: number): Yuv {
  const channel = (offset: number): number => {
    const k = (offset + hue / 60) % 6;
    return 230 * (1 - Math.max(0, Math.min(k, 4 - k, 1)));
  };
  const [red, green, blue] = [channel(5), channel(3), channel(1)];
  return [
    Math.round(16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255),
    Math.round(128 + (-37.797 * red - 74.203 * green + 112 * blue) / 255),
    Math.round(128 + (112 * red - 93.786 * green - 18.214 * blue) / 255),
  ];
}

function plainFrame({ width, height }: Size, [y, u, v]: Yuv): Buffer {
  const luma = width * height;
  const frame = Buffer.alloc((luma * 3) / 2);
  frame.fill(y, 0, luma);
  frame.fill(u, luma, (luma * 5) / 4);
  frame.fill(v, (luma * 5) / 4);
  return frame;
}

function markedFrame(size: Size, colour: Yuv, progress: number): Buffer {
  const { width, height } = size;
  const frame = plainFrame(size, colour);
  const left = Math.floor(progress * (width - MARK_SIDE));
  for (let row = height - MARK_SIDE; row < height; row += 1) {
    frame.fill(235, row * width + left, row * width + left + MARK_SIDE);
  }
  return frame;
}

/** With noise on the brightness: the same for the same picture on every machine. */
function grained(frame: Buffer, { width, height }: Size, grain: number, picture: number): Buffer {
  let state = picture + 1;
  for (let at = 0; grain > 0 && at < width * height; at += 1) {
    // Numerical Recipes' generator; its upper bits are random enough for a picture.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    frame[at] = (frame[at] ?? 0) + Math.floor((state / 2 ** 32) * 2 * grain) - grain;
  }
  return frame;
}

function y4m(
  { width, height }: Size,
  framesPerSecond: number,
  frames: number,
  paint: (frame: number) => Buffer,
): Buffer {
  const parts: Buffer[] = [
    Buffer.from(`YUV4MPEG2 W${width} H${height} F${framesPerSecond}:1 Ip A1:1 C420mpeg2\n`),
  ];
  for (let frame = 0; frame < frames; frame += 1) {
    parts.push(Buffer.from("FRAME\n"), paint(frame));
  }
  return Buffer.concat(parts);
}

/** Four syllables a second with soft edges: noise suppression takes an even tone for noise and removes it. */
function syllables(seconds: number): number {
  const phase = (seconds * 4) % 1;
  return phase < 0.7 ? Math.sin((Math.PI * phase) / 0.7) ** 0.5 : 0;
}

function wav(sample: (seconds: number) => number): Buffer {
  const count = SAMPLE_RATE_HZ * LOOP_SECONDS;
  const bytes = count * 2;
  const file = Buffer.alloc(44 + bytes);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + bytes, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(SAMPLE_RATE_HZ, 24);
  file.writeUInt32LE(SAMPLE_RATE_HZ * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(bytes, 40);
  for (let index = 0; index < count; index += 1) {
    file.writeInt16LE(Math.round(0.5 * 32_767 * sample(index / SAMPLE_RATE_HZ)), 44 + index * 2);
  }
  return file;
}
