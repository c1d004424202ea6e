import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Slot } from "../api/signalling.ts";
import { Delays } from "./delays.ts";
import { Sync, steer, type Targets } from "./sync.ts";

/** Seconds that a pair may take to come into the corridor. */
const SETTLES_IN = 20;

describe("steering", () => {
  it("brings every skew that a network makes into the corridor, and keeps it there", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -500, max: 500 }),
        fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 60, maxLength: 60 }),
        (natural, noise) => {
          let targets: Targets = { audioMs: 0, videoMs: 0 };
          // The buffer follows its target by a part of the way each second, as browsers' do.
          let delay = { audioMs: 0, videoMs: 0 };
          for (const [second, jitter] of noise.entries()) {
            const skew = natural - delay.audioMs + delay.videoMs + jitter;
            if (second > SETTLES_IN) expect(skew).toBeGreaterThanOrEqual(-125);
            if (second > SETTLES_IN) expect(skew).toBeLessThanOrEqual(45);
            targets = steer(skew, targets);
            delay = {
              audioMs: delay.audioMs + 0.6 * (targets.audioMs - delay.audioMs),
              videoMs: delay.videoMs + 0.6 * (targets.videoMs - delay.videoMs),
            };
          }
        },
      ),
    );
  });

  it("leaves what is in the corridor alone", () => {
    expect(steer(-20, { audioMs: 0, videoMs: 0 })).toEqual({ audioMs: 0, videoMs: 0 });
  });

  it("takes back delay before it adds any", () => {
    expect(steer(100, { audioMs: 0, videoMs: 200 }).audioMs).toBe(0);
    expect(steer(-200, { audioMs: 200, videoMs: 0 }).videoMs).toBe(0);
  });

  it("does not believe a broken clock", () => {
    const last = { audioMs: 10, videoMs: 0 };
    expect(steer(1e9, last)).toBe(last);
  });
});

describe("pairs of slots", () => {
  const slots: readonly Slot[] = [
    { mid: "4", participant: "ana", source: "microphone" },
    { mid: "5", participant: "ben", source: "microphone" },
    { mid: "8", participant: "ben", source: "camera" },
    { mid: "9", participant: null, source: null },
  ];
  const delays = new Map<string, number | null>();
  const receivers = ["4", "5", "8", "9"].map((mid) => ({
    mid,
    setDelay: (ms: number | null) => delays.set(mid, ms),
  }));

  it("are a person's sound and picture; the others have no delay", () => {
    const sync = new Sync();
    sync.setReceivers(receivers);
    const skews = sync.step(slots, [
      { mid: "4", delayMs: 60 },
      { mid: "5", delayMs: 60 },
      { mid: "8", delayMs: 360 },
    ]);
    expect(skews).toEqual([{ participant: "ben", skewMs: 300 }]);
    expect(delays.get("5")).toBeGreaterThan(100);
    expect(delays.get("4")).toBeNull();
    expect(delays.get("8")).toBeNull();
  });

  it("go by the sender's clock where the browser knows it", () => {
    const sync = new Sync();
    sync.setReceivers(receivers);
    const skews = sync.step(slots, [
      { mid: "5", delayMs: 60, playsMs: 1000 },
      { mid: "8", delayMs: 60, playsMs: 1200 },
    ]);
    expect(skews).toEqual([{ participant: "ben", skewMs: -200 }]);
  });

  it("start anew when a slot changes hands", () => {
    const sync = new Sync();
    sync.setReceivers(receivers);
    sync.step(slots, [
      { mid: "5", delayMs: 60 },
      { mid: "8", delayMs: 360 },
    ]);
    sync.step([{ mid: "5", participant: "chu", source: "microphone" }], []);
    expect(delays.get("5")).toBeNull();
  });
});

describe("delays", () => {
  const report = (...entries: readonly Record<string, unknown>[]): RTCStatsReport =>
    new Map(entries.map((entry) => [entry["id"], entry])) as unknown as RTCStatsReport;
  const audio = (seconds: number, count: number) => ({
    id: "a",
    type: "inbound-rtp",
    kind: "audio",
    mid: "4",
    jitterBufferDelay: seconds,
    jitterBufferEmittedCount: count,
  });
  const video = (seconds: number, count: number) => ({
    id: "v",
    type: "inbound-rtp",
    kind: "video",
    mid: "8",
    totalProcessingDelay: seconds,
    framesDecoded: count,
  });

  it("are those since the last look, with what comes after the decoder", () => {
    const delays = new Delays();
    delays.read(report(audio(10, 100), video(1, 10)));
    expect(delays.read(report(audio(10 + 48_000 * 0.08, 48_100), video(1.9, 40)))).toEqual([
      { mid: "4", delayMs: expect.closeTo(80) },
      { mid: "8", delayMs: expect.closeTo(50) },
    ]);
  });

  it("are not told of a stream that stands still", () => {
    const delays = new Delays();
    delays.read(report(audio(10, 100)));
    expect(delays.read(report(audio(10, 100)))).toEqual([]);
  });
});
