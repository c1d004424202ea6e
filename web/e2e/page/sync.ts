/** Notes when flashes are shown and beeps are heard, on one clock. */

import type { SyncMarks } from "./contract";
import { analyse, Ears } from "./ears";
import { ownTrack, tiles } from "./elements";
import { look } from "./eyes";

const FFT_SIZE = 1024;
/** Shorter than the window of `FFT_SIZE` samples (21 ms), so that no sample is missed. */
const LISTEN_EVERY_MS = 8;
const LOUD = 0.02;
const BRIGHT = 170;
/** Silence between two beeps. */
const PAUSE_MS = 400;

const flashes: number[] = [];
const beeps: number[] = [];

export async function watchSync(of: { readonly own: true } | { readonly name: string }): Promise<void> {
  const context = new AudioContext({ latencyHint: "interactive" });
  await context.resume();
  if ("own" in of) {
    watchFlashes(await ownPicture());
    const voice = ownTrack("audio");
    const analyser = voice === undefined ? [] : [analyse(context, new MediaStream([voice]), FFT_SIZE)];
    watchBeeps(context, () => analyser);
    return;
  }
  const tile = tiles().find(({ label }) => label.startsWith(of.name));
  if (tile === undefined) {
    throw new Error(`no tile of ${of.name}`);
  }
  watchFlashes(tile.video);
  const ears = new Ears(context, FFT_SIZE);
  watchBeeps(context, () => ears.attend());
}

export function syncMarks(): SyncMarks {
  return { flashes, beeps };
}

async function ownPicture(): Promise<HTMLVideoElement> {
  const track = ownTrack("video");
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = track === undefined ? null : new MediaStream([track]);
  await video.play();
  return video;
}

function watchFlashes(video: HTMLVideoElement): void {
  let bright = true;
  const onFrame = (_now: number, frame: VideoFrameCallbackMetadata): void => {
    const sight = look("", video);
    const brightNow = sight.hue === null && sight.brightness > BRIGHT;
    if (brightNow && !bright) {
      flashes.push(frame.expectedDisplayTime);
    }
    bright = brightNow;
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
}

function watchBeeps(context: AudioContext, analysers: () => readonly AnalyserNode[]): void {
  const waveform = new Float32Array(FFT_SIZE);
  let lastLoud = performance.now();
  setInterval(() => {
    const now = performance.now();
    for (const analyser of analysers()) {
      analyser.getFloatTimeDomainData(waveform);
      const first = waveform.findIndex((value) => Math.abs(value) > LOUD);
      if (first < 0) {
        continue;
      }
      if (now - lastLoud > PAUSE_MS) {
        beeps.push(now - ((FFT_SIZE - first) / context.sampleRate) * 1000);
      }
      lastLoud = now;
    }
  }, LISTEN_EVERY_MS);
}
