import { describe, expect, it } from "vitest";
import { QualityReporter } from "./quality.ts";
import type { Sample, StreamSample } from "./stats.ts";

const stream = (limitedBy: string | null): StreamSample => ({
  direction: "up",
  kind: "video",
  mid: "1",
  codec: "VP8",
  bitrateBps: 0,
  loss: 0,
  jitterMs: null,
  width: null,
  height: null,
  framesPerSecond: null,
  limitedBy,
  bufferMs: null,
});

const sample = (at: number, bad: Partial<Sample> = {}): Sample => ({
  at,
  up: { bitrateBps: 0, loss: 0 },
  down: { bitrateBps: 0, loss: 0 },
  roundTripMs: 20,
  streams: [stream("none")],
  transport: "udp",
  frozenMs: 0,
  concealedMs: 0,
  ...bad,
});

describe("the report of what was seen and heard", () => {
  it("adds up ten seconds and says what hindered most", () => {
    const reporter = new QualityReporter();
    expect(reporter.add(sample(0, { frozenMs: 400.4 }))).toBeNull();
    expect(reporter.add(sample(5000, { concealedMs: 60, streams: [stream("bandwidth")] }))).toBeNull();
    expect(reporter.add(sample(10_000, { frozenMs: 600, streams: [stream("cpu")] }))).toEqual({
      type: "report_quality",
      frozen_ms: 1000,
      concealed_ms: 60,
      limited: "cpu",
    });
    expect(reporter.add(sample(15_000, { frozenMs: 1 }))).toBeNull();
    expect(reporter.add(sample(20_000))).toMatchObject({ frozen_ms: 1, concealed_ms: 0, limited: "none" });
  });

  it("says nothing while all is well", () => {
    const reporter = new QualityReporter();
    for (let at = 0; at <= 60_000; at += 1000) expect(reporter.add(sample(at))).toBeNull();
  });
});
