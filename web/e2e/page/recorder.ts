/**
 * Listens where there is no loudspeaker: Firefox starts no `AudioContext` without one, but records and decodes all the same.
 */

import { NEIGHBOURHOOD, prominence } from "./ears";
import { soundingElements } from "./elements";

const WINDOW = 4096;
const SAMPLE_RATE_HZ = 48_000;

/** For each pitch, how far (dB) it stood out at its loudest while recording all that sounds for `durationMs`. */
export async function hearByRecording(tonesHz: readonly number[], durationMs: number): Promise<number[]> {
  const voices = await Promise.all(soundingElements().map((element) => record(element, durationMs)));
  const bins = tonesHz.map((tone) => Math.round((tone * WINDOW) / SAMPLE_RATE_HZ));
  const levels = tonesHz.map(() => 0);
  for (const voice of voices) {
    for (let start = 0; start + WINDOW <= voice.length; start += WINDOW) {
      const spectrum = spectrumAround(bins, voice.subarray(start, start + WINDOW));
      for (const [index, bin] of bins.entries()) {
        levels[index] = Math.max(levels[index] ?? 0, prominence(spectrum, bin));
      }
    }
  }
  return levels;
}

async function record(element: HTMLMediaElement, durationMs: number): Promise<Float32Array> {
  const parts: Blob[] = [];
  const recorder = new MediaRecorder(new MediaStream((element.srcObject as MediaStream).getAudioTracks()));
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((resolve) => {
    recorder.onstop = resolve;
  });
  recorder.start();
  setTimeout(() => recorder.stop(), durationMs);
  await stopped;
  const bytes = await new Blob(parts).arrayBuffer();
  if (bytes.byteLength === 0) {
    return new Float32Array();
  }
  const decoder = new OfflineAudioContext(1, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ);
  return (await decoder.decodeAudioData(bytes)).getChannelData(0);
}

/** Levels in dB of the bins near those asked for; all others are silent. */
function spectrumAround(bins: readonly number[], samples: Float32Array): Float32Array {
  const spectrum = new Float32Array(WINDOW / 2).fill(Number.NEGATIVE_INFINITY);
  for (const bin of bins) {
    for (let near = bin - NEIGHBOURHOOD; near <= bin + NEIGHBOURHOOD; near += 1) {
      spectrum[near] = level(samples, near);
    }
  }
  return spectrum;
}

/** One bin of a discrete Fourier transform under a Hann window. */
function level(samples: Float32Array, bin: number): number {
  let [real, imaginary] = [0, 0];
  for (const [index, sample] of samples.entries()) {
    const weighted = sample * (0.5 - 0.5 * Math.cos((2 * Math.PI * index) / WINDOW));
    real += weighted * Math.cos((2 * Math.PI * bin * index) / WINDOW);
    imaginary += weighted * Math.sin((2 * Math.PI * bin * index) / WINDOW);
  }
  return 10 * Math.log10((real * real + imaginary * imaginary) / (WINDOW * WINDOW));
}
