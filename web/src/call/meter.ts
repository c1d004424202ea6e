/** How loud a track is, for the meter of the device check and for "you are muted". */

export interface Meter {
  /** 0 (silence) … 1 (as loud as it gets), now. */
  level(): number;
  close(): void;
}

/** Quiet speech reads as about a third, since loudness is heard by ratios. */
const FLOOR_DB = -60;

export function createMeter(track: MediaStreamTrack, context: AudioContext = new AudioContext()): Meter {
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  void context.resume();
  return {
    level: () => {
      analyser.getFloatTimeDomainData(samples);
      return loudness(samples);
    },
    close: () => {
      source.disconnect();
      void context.close();
    },
  };
}

/** Root mean square on a scale of decibels. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  if (sum === 0) return 0;
  const db = 10 * Math.log10(sum / samples.length);
  return Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
}
