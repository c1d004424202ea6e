import { describe, expect, it } from "vitest";
import { Statistics } from "./stats.ts";

function report(...entries: readonly Record<string, unknown>[]): RTCStatsReport {
  return new Map(entries.map((entry) => [entry["id"], entry])) as unknown as RTCStatsReport;
}

const inbound = (bytesReceived: number, packetsReceived: number, packetsLost: number) => ({
  id: "in",
  type: "inbound-rtp",
  kind: "video",
  mid: "8",
  codecId: "c",
  bytesReceived,
  packetsReceived,
  packetsLost,
  frameWidth: 640,
  frameHeight: 360,
});
const codec = { id: "c", type: "codec", mimeType: "video/VP8" };

describe("a sample", () => {
  it("has rates since the last one", () => {
    const statistics = new Statistics();
    statistics.sample(report(inbound(1000, 10, 0), codec), 0);
    const sample = statistics.sample(report(inbound(126_000, 100, 10), codec), 1000);
    expect(sample.down).toEqual({ bitrateBps: 1_000_000, loss: 0.1 });
    expect(sample.streams[0]).toMatchObject({
      direction: "down",
      codec: "VP8",
      mid: "8",
      width: 640,
      height: 360,
    });
  });

  it("takes the loss upwards from the other end's report", () => {
    const outbound = (bytesSent: number, packetsSent: number) => ({
      id: "out",
      type: "outbound-rtp",
      kind: "audio",
      mid: "0",
      bytesSent,
      packetsSent,
    });
    const remote = { id: "r", type: "remote-inbound-rtp", localId: "out", fractionLost: 0.2 };
    const statistics = new Statistics();
    statistics.sample(report(outbound(0, 0)), 0);
    const sample = statistics.sample(report(outbound(5000, 50), remote), 1000);
    expect(sample.up).toEqual({ bitrateBps: 40_000, loss: expect.closeTo(0.2) });
  });

  it("leaves out slots that nobody fills, and starts anew with a fresh connection", () => {
    const statistics = new Statistics();
    statistics.sample(report(inbound(5000, 50, 0)), 0);
    expect(statistics.sample(report(inbound(5000, 50, 0)), 1000).streams).toEqual([]);
    expect(statistics.sample(report(inbound(100, 1, 0)), 2000).streams).toEqual([]);
  });

  it("adds up what stood still and what was made up, of the worst stream", () => {
    const picture = (totalFreezesDuration: number) => ({ ...inbound(1000, 10, 0), totalFreezesDuration });
    const sound = (totalSamplesReceived: number, concealedSamples: number) => ({
      ...{ id: "a", type: "inbound-rtp", kind: "audio", mid: "4", bytesReceived: 1000 },
      ...{ totalSamplesReceived, concealedSamples, silentConcealedSamples: 480 },
    });
    const statistics = new Statistics();
    statistics.sample(report(picture(1), { ...picture(0), id: "in2" }, sound(48_000, 960)), 0);
    const sample = statistics.sample(
      report(picture(1.25), { ...picture(0.5), id: "in2" }, sound(96_000, 960 + 4800)),
      1000,
    );
    expect(sample).toMatchObject({ frozenMs: 500, concealedMs: 100 });
  });

  it("knows the way in use", () => {
    const pair = {
      id: "p",
      type: "candidate-pair",
      nominated: true,
      state: "succeeded",
      currentRoundTripTime: 0.025,
      localCandidateId: "l",
    };
    const sample = new Statistics().sample(
      report(pair, { id: "l", type: "local-candidate", protocol: "udp" }),
      0,
    );
    expect(sample).toMatchObject({ roundTripMs: 25, transport: "udp" });
  });
});
