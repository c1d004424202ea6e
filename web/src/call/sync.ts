/**
 * Keeps a person's sound and picture together.
 *
 * Slots float between people, so browsers cannot pair sound and picture by stream id. Whichever runs ahead is held back here,
 * through its `jitterBufferTarget`; how far it is ahead is told by the delays of both (`delays.ts`).
 * ITU-R BT.1359 allows sound to lead by 45 ms and to lag by 125 ms.
 */
import type { Slot } from "../api/signalling.ts";

/** Sound ahead of or behind the picture by this much is corrected: half of what may be seen, so that noise stays inside. */
const LEAD_MS = 20;
const LAG_MS = 45;
/** Where a correction aims: sound a little late is what nature does. */
const AIM_MS = -15;
/** Part of the measured error corrected at each step: all of it would swing, since the buffer follows slowly. */
const GAIN = 0.5;
/** More than this is a broken clock, and more delay would be worse than bad sync. */
const MOST_DELAY_MS = 600;
/** A target that is no longer needed is let go by this much at each step. */
const RELEASE_MS = 5;

export interface Targets {
  readonly audioMs: number;
  readonly videoMs: number;
}

/** The next buffer targets; `skewMs` positive means that sound is ahead of the picture. */
export function steer(skewMs: number, last: Targets): Targets {
  if (Math.abs(skewMs) > 10 * MOST_DELAY_MS) return last;
  const error = skewMs - AIM_MS;
  if (skewMs > LEAD_MS) return shift(last, GAIN * error);
  if (skewMs < -LAG_MS) return shift(last, GAIN * error);
  // Inside the corridor: give back delay that both sides carry.
  const common = Math.min(last.audioMs, last.videoMs, RELEASE_MS);
  return { audioMs: last.audioMs - common, videoMs: last.videoMs - common };
}

/** Positive: more delay for sound (first by taking delay from the picture); negative: the other way round. */
function shift(last: Targets, byMs: number): Targets {
  if (byMs >= 0) {
    const taken = Math.min(byMs, last.videoMs);
    return { videoMs: last.videoMs - taken, audioMs: Math.min(MOST_DELAY_MS, last.audioMs + byMs - taken) };
  }
  const taken = Math.min(-byMs, last.audioMs);
  return { audioMs: last.audioMs - taken, videoMs: Math.min(MOST_DELAY_MS, last.videoMs - byMs - taken) };
}

/** A receiver whose buffer can be steered. */
export interface Receiver {
  readonly mid: string;
  setDelay(targetMs: number | null): void;
}

/** What one slot plays now. */
export interface Playing {
  readonly mid: string;
  /** From a packet's arrival to ear or eye. */
  readonly delayMs: number;
  /** What is being played, on its sender's clock; only where the browser knows it. */
  readonly playsMs?: number;
}

export interface Skew {
  readonly participant: string;
  readonly skewMs: number;
}

/** Remembers the targets of each pair of slots; a pair that is broken up starts anew. */
export class Sync {
  readonly #receivers = new Map<string, Receiver>();
  #targets = new Map<string, Targets>();

  setReceivers(receivers: readonly Receiver[]): void {
    this.#receivers.clear();
    for (const receiver of receivers) this.#receivers.set(receiver.mid, receiver);
    this.#targets = new Map();
  }

  /** One step; returns the skews for the statistics panel. */
  step(slots: readonly Slot[], playing: readonly Playing[]): readonly Skew[] {
    const byMid = new Map(playing.map((each) => [each.mid, each]));
    const next = new Map<string, Targets>();
    const skews: Skew[] = [];
    const used = new Set<string>();
    for (const [sound, picture, participant] of pairs(slots)) {
      const pair = `${sound}+${picture}+${participant}`;
      const last = this.#targets.get(pair) ?? { audioMs: 0, videoMs: 0 };
      const audio = byMid.get(sound);
      const video = byMid.get(picture);
      used.add(sound).add(picture);
      if (audio === undefined || video === undefined) {
        next.set(pair, last);
        continue;
      }
      const skewMs = skew(audio, video);
      const targets = steer(skewMs, last);
      next.set(pair, targets);
      skews.push({ participant, skewMs });
      this.#receivers.get(sound)?.setDelay(targets.audioMs || null);
      this.#receivers.get(picture)?.setDelay(targets.videoMs || null);
    }
    for (const [mid, receiver] of this.#receivers) if (!used.has(mid)) receiver.setDelay(null);
    this.#targets = next;
    return skews;
  }
}

/** How far sound is ahead of the picture: exactly where known, else by what each takes. */
function skew(audio: Playing, video: Playing): number {
  if (audio.playsMs !== undefined && video.playsMs !== undefined) return audio.playsMs - video.playsMs;
  return video.delayMs - audio.delayMs;
}

/** Sound and picture of the same person (microphone with camera, screen with its sound). */
function* pairs(
  slots: readonly Slot[],
): Generator<readonly [sound: string, picture: string, participant: string]> {
  for (const sound of slots) {
    const source =
      sound.source === "microphone" ? "camera" : sound.source === "screen_audio" ? "screen" : undefined;
    if (source === undefined || !sound.participant) continue;
    const picture = slots.find((slot) => slot.participant === sound.participant && slot.source === source);
    if (picture !== undefined) yield [sound.mid, picture.mid, sound.participant];
  }
}
