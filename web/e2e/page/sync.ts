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

/** Whose flashes and beeps: the page's own camera and microphone, or those of the person so named. */
export type SyncSubject = { readonly own: true } | { readonly name: string };

/** Resolves when `count` flashes and beeps are noted. */
export async function noteSync(subject: SyncSubject, count: number): Promise<SyncMarks> {
  const context = new AudioContext({ latencyHint: "interactive" });
  await context.resume();
  const marks: Marks = { flashes: [], beeps: [] };
  const stops = [
    watchFlashes(await picture(subject), marks.flashes),
    watchBeeps(context, hearing(subject, context), marks.beeps),
  ];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (marks.flashes.length >= count && marks.beeps.length >= count) {
        clearInterval(timer);
        resolve();
      }
    }, 100);
  });
  for (const stop of stops) {
    stop();
  }
  await context.close();
  return marks;
}

interface Marks {
  readonly flashes: number[];
  readonly beeps: number[];
}

async function picture(subject: SyncSubject): Promise<HTMLVideoElement> {
  if ("own" in subject) {
    return await ownPicture();
  }
  const tile = tiles().find(({ label }) => label.startsWith(subject.name));
  if (tile === undefined) {
    throw new Error(`no tile of ${subject.name}`);
  }
  return tile.video;
}

function hearing(subject: SyncSubject, context: AudioContext): () => readonly AnalyserNode[] {
  if ("name" in subject) {
    const ears = new Ears(context, FFT_SIZE);
    return () => ears.attend();
  }
  const voice = ownTrack("audio");
  const analysers = voice === undefined ? [] : [analyse(context, new MediaStream([voice]), FFT_SIZE)];
  return () => analysers;
}

async function ownPicture(): Promise<HTMLVideoElement> {
  const track = ownTrack("video");
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = track === undefined ? null : new MediaStream([track]);
  await video.play();
  return video;
}

function watchFlashes(video: HTMLVideoElement, flashes: number[]): () => void {
  let bright = true;
  let callback = 0;
  const onFrame = (_now: number, frame: VideoFrameCallbackMetadata): void => {
    const sight = look("", video);
    const brightNow = sight.hue === null && sight.brightness > BRIGHT;
    if (brightNow && !bright) {
      flashes.push(frame.expectedDisplayTime);
    }
    bright = brightNow;
    callback = video.requestVideoFrameCallback(onFrame);
  };
  callback = video.requestVideoFrameCallback(onFrame);
  return () => video.cancelVideoFrameCallback(callback);
}

function watchBeeps(
  context: AudioContext,
  analysers: () => readonly AnalyserNode[],
  beeps: number[],
): () => void {
  const waveform = new Float32Array(FFT_SIZE);
  let lastLoud = performance.now();
  const timer = setInterval(() => {
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
  return () => clearInterval(timer);
}
