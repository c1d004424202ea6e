/** Listens to what plays: the spectrum of every sounding element, several times per syllable. */

import { soundingElements } from "./elements";

const FFT_SIZE = 4096;
const SAMPLE_EVERY_MS = 40;
/** Ten seconds of samples. */
const MEMORY = 250;
/** Level in dBFS below which a bin is silence. */
const SILENCE_DB = -75;
/** Bins on each side in which the surroundings of a pitch are measured: 280 Hz. */
export const NEIGHBOURHOOD = 24;

interface Sample {
  readonly at: number;
  readonly levels: readonly number[];
}

const samples: Sample[] = [];

export async function listen(tonesHz: readonly number[]): Promise<void> {
  const context = new AudioContext();
  await context.resume();
  const ears = new Ears(context, FFT_SIZE);
  const spectrum = new Float32Array(FFT_SIZE / 2);
  setInterval(() => {
    const levels = tonesHz.map(() => 0);
    for (const analyser of ears.attend()) {
      analyser.getFloatFrequencyData(spectrum);
      for (const [index, tone] of tonesHz.entries()) {
        const bin = Math.round((tone * FFT_SIZE) / context.sampleRate);
        levels[index] = Math.max(levels[index] ?? 0, prominence(spectrum, bin));
      }
    }
    samples.push({ at: performance.now(), levels });
    samples.splice(0, samples.length - MEMORY);
  }, SAMPLE_EVERY_MS);
}

export function heard(windowMs: number): number[] {
  const recent = samples.filter((sample) => sample.at >= performance.now() - windowMs);
  return (recent[0]?.levels ?? []).map((_, index) =>
    Math.max(...recent.map((sample) => sample.levels[index] ?? 0)),
  );
}

/**
 * How far `leftHz` stands out of the left channel and of the right one, and `rightHz` of both, in dB: of the element that sounds
 * the most like it, listened to for `windowMs`.
 */
export async function sides(leftHz: number, rightHz: number, windowMs: number): Promise<number[]> {
  const context = new AudioContext();
  await context.resume();
  const ends = soundingElements().flatMap(({ srcObject }) => {
    if (!(srcObject instanceof MediaStream)) return [];
    const splitter = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
    new MediaStreamAudioSourceNode(context, { mediaStream: srcObject }).connect(splitter);
    return [
      [0, 1].map((channel) => {
        const analyser = new AnalyserNode(context, { fftSize: FFT_SIZE, smoothingTimeConstant: 0 });
        splitter.connect(analyser, channel);
        analyser.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
        return analyser;
      }),
    ];
  });
  const spectrum = new Float32Array(FFT_SIZE / 2);
  let best = [0, 0, 0, 0];
  for (const end = performance.now() + windowMs; performance.now() < end; ) {
    await new Promise((done) => {
      setTimeout(done, SAMPLE_EVERY_MS);
    });
    for (const channels of ends) {
      const now = [leftHz, rightHz].flatMap((tone) =>
        channels.map((analyser) => {
          analyser.getFloatFrequencyData(spectrum);
          return prominence(spectrum, Math.round((tone * FFT_SIZE) / context.sampleRate));
        }),
      );
      if (Math.max(...now) > Math.max(...best)) best = now;
    }
  }
  await context.close();
  return best;
}

/** One analyser per sounding element; follows elements as they come, go and change their stream. */
export class Ears {
  readonly #context: AudioContext;
  readonly #fftSize: number;
  readonly #analysers = new Map<
    HTMLMediaElement,
    { readonly stream: MediaStream; readonly analyser: AnalyserNode }
  >();

  constructor(context: AudioContext, fftSize: number) {
    this.#context = context;
    this.#fftSize = fftSize;
  }

  attend(): AnalyserNode[] {
    const sounding = soundingElements();
    for (const [element, ear] of this.#analysers) {
      if (!sounding.includes(element) || element.srcObject !== ear.stream) {
        ear.analyser.disconnect();
        this.#analysers.delete(element);
      }
    }
    for (const element of sounding) {
      const stream = element.srcObject;
      if (stream instanceof MediaStream && !this.#analysers.has(element)) {
        this.#analysers.set(element, { stream, analyser: analyse(this.#context, stream, this.#fftSize) });
      }
    }
    return [...this.#analysers.values()].map((ear) => ear.analyser);
  }
}

/** The silent way on to the loudspeaker keeps the browser from putting the analyser to sleep. */
export function analyse(context: AudioContext, stream: MediaStream, fftSize: number): AnalyserNode {
  const analyser = new AnalyserNode(context, { fftSize, smoothingTimeConstant: 0 });
  new MediaStreamAudioSourceNode(context, { mediaStream: stream })
    .connect(analyser)
    .connect(new GainNode(context, { gain: 0 }))
    .connect(context.destination);
  return analyser;
}

/** How far a bin stands out of its neighbourhood's median, in dB. The whole spectrum's would hide it behind another's voice. */
export function prominence(spectrum: Float32Array, bin: number): number {
  const peak = Math.max(...spectrum.subarray(bin - 2, bin + 3));
  if (!(peak > SILENCE_DB)) {
    return 0;
  }
  const around = [
    ...spectrum.subarray(Math.max(1, bin - NEIGHBOURHOOD), bin - 5),
    ...spectrum.subarray(bin + 6, bin + NEIGHBOURHOOD + 1),
  ].sort((a, b) => a - b);
  return peak - Math.max(-100, around[Math.floor(around.length / 2)] ?? -100);
}
