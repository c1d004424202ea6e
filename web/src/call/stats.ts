/**
 * What the connection does, once a second, from `getStats`.
 *
 * Counters become rates between two samples; a counter that went back (a fresh connection) starts anew.
 */

export interface Sample {
  /** Milliseconds. */
  readonly at: number;
  readonly up: Direction;
  readonly down: Direction;
  /** Round trip of the path in use. */
  readonly roundTripMs: number | null;
  readonly streams: readonly StreamSample[];
  /** "udp" or "tcp". */
  readonly transport: string | null;
  /** How long the picture that froze longest stood still. */
  readonly frozenMs: number;
  /** How long the sound that was worst was made up because nothing came. */
  readonly concealedMs: number;
}

export interface Direction {
  readonly bitrateBps: number;
  /** Share of packets lost since the last sample, 0…1. */
  readonly loss: number;
}

export interface StreamSample {
  readonly direction: "up" | "down";
  readonly kind: "audio" | "video";
  readonly mid: string;
  readonly codec: string;
  readonly bitrateBps: number;
  readonly loss: number;
  readonly jitterMs: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly framesPerSecond: number | null;
  /** Up only: what holds the encoder back (`none`, `cpu`, `bandwidth`, `other`). */
  readonly limitedBy: string | null;
  /** Down only: milliseconds that samples or frames wait in the buffer. */
  readonly bufferMs: number | null;
}

/** What limits the meeting now, most hindering first. */
export type Limit =
  | "offline"
  | "bandwidth_down"
  | "loss_down"
  | "loss_up"
  | "delay"
  | "computer"
  | "bandwidth_up"
  | "nothing";

/** From where on a person notices. */
const NOTICED_LOSS = 0.03;
const NOTICED_ROUND_TRIP_MS = 300;

interface RtpStats extends RTCStats {
  kind?: string;
  mid?: string;
  codecId?: string;
  bytesSent?: number;
  bytesReceived?: number;
  packetsSent?: number;
  packetsReceived?: number;
  packetsLost?: number;
  jitter?: number;
  frameWidth?: number;
  frameHeight?: number;
  framesPerSecond?: number;
  qualityLimitationReason?: string;
  jitterBufferDelay?: number;
  jitterBufferEmittedCount?: number;
  totalFreezesDuration?: number;
  concealedSamples?: number;
  silentConcealedSamples?: number;
  totalSamplesReceived?: number;
  fractionLost?: number;
  localId?: string;
}

interface Counters {
  readonly at: number;
  readonly bytes: number;
  readonly packets: number;
  readonly lost: number;
  readonly bufferDelay: number;
  readonly bufferCount: number;
  /** Seconds. */
  readonly frozen: number;
  /** Samples. */
  readonly concealed: number;
  readonly samples: number;
}

export class Statistics {
  #last = new Map<string, Counters>();

  /** The sample between the last report and this one. */
  sample(report: RTCStatsReport, at: number): Sample {
    const entries = [...report.values()] as RtpStats[];
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    const next = new Map<string, Counters>();
    const flows: Flow[] = [];
    const deltas: Delta[] = [];
    for (const entry of entries) {
      if (entry.type !== "inbound-rtp" && entry.type !== "outbound-rtp") continue;
      const now = counters(entry, at);
      next.set(entry.id, now);
      const delta = difference(now, this.#last.get(entry.id));
      if (delta !== undefined) deltas.push(delta);
      // Slots that nobody fills say nothing.
      if (delta !== undefined && (delta.bytes > 0 || delta.lost > 0))
        flows.push(flow(entry, delta, entries, byId));
    }
    this.#last = next;
    return {
      at,
      up: total(flows.filter(({ stream }) => stream.direction === "up")),
      down: total(flows.filter(({ stream }) => stream.direction === "down")),
      streams: flows.map(({ stream }) => stream),
      frozenMs: Math.max(0, ...deltas.map(({ frozen }) => frozen * 1000)),
      concealedMs: Math.max(0, ...deltas.map((delta) => ratio(delta.concealed, delta.samples) * delta.ms)),
      ...path(entries, byId),
    };
  }
}

/** A stream with the packets behind its loss. */
interface Flow {
  readonly stream: StreamSample;
  readonly lost: number;
  readonly packets: number;
}

function flow(
  entry: RtpStats,
  delta: Delta,
  entries: readonly RtpStats[],
  byId: ReadonlyMap<string, RTCStats>,
): Flow {
  const up = entry.type === "outbound-rtp";
  // Of what was sent, the other end knows what was lost (RFC 3550 §6.4.1).
  const report = up
    ? entries.find(({ type, localId }) => type === "remote-inbound-rtp" && localId === entry.id)
    : undefined;
  const lost = up ? (report?.fractionLost ?? 0) * delta.packets : delta.lost;
  const packets = up ? delta.packets : delta.packets + delta.lost;
  const stream: StreamSample = {
    direction: up ? "up" : "down",
    kind: entry.kind === "audio" ? "audio" : "video",
    mid: entry.mid ?? "",
    codec: codecName(byId.get(entry.codecId ?? "")),
    bitrateBps: bitrate(delta),
    loss: ratio(lost, packets),
    jitterMs: entry.jitter === undefined ? null : entry.jitter * 1000,
    width: entry.frameWidth ?? null,
    height: entry.frameHeight ?? null,
    framesPerSecond: entry.framesPerSecond ?? null,
    limitedBy: entry.qualityLimitationReason ?? null,
    bufferMs: delta.bufferCount > 0 ? (delta.bufferDelay / delta.bufferCount) * 1000 : null,
  };
  return { stream, lost, packets };
}

function total(flows: readonly Flow[]): Direction {
  const sum = (pick: (flow: Flow) => number): number => flows.reduce((so, each) => so + pick(each), 0);
  return {
    bitrateBps: sum(({ stream }) => stream.bitrateBps),
    loss: ratio(
      sum(({ lost }) => lost),
      sum(({ packets }) => packets),
    ),
  };
}

/** `paused`: the server has no room for a picture on the way to this person. */
export function limit(sample: Sample | undefined, connected: boolean, paused: boolean): Limit {
  if (!connected || sample === undefined) return "offline";
  if (paused) return "bandwidth_down";
  if (sample.down.loss >= NOTICED_LOSS) return "loss_down";
  if (sample.up.loss >= NOTICED_LOSS) return "loss_up";
  if (sample.roundTripMs !== null && sample.roundTripMs >= NOTICED_ROUND_TRIP_MS) return "delay";
  const held = sample.streams.map((stream) => stream.limitedBy);
  if (held.includes("cpu")) return "computer";
  if (held.includes("bandwidth")) return "bandwidth_up";
  return "nothing";
}

/** The connection in bars: 3 good, 2 fair, 1 poor. */
export function bars(sample: Sample | undefined): 1 | 2 | 3 {
  if (sample === undefined) return 3;
  const worst = Math.max(sample.down.loss, sample.up.loss);
  const delay = sample.roundTripMs ?? 0;
  if (worst >= 3 * NOTICED_LOSS || delay >= 2 * NOTICED_ROUND_TRIP_MS) return 1;
  if (worst >= NOTICED_LOSS || delay >= NOTICED_ROUND_TRIP_MS) return 2;
  return 3;
}

function counters(entry: RtpStats, at: number): Counters {
  return {
    at,
    bytes: entry.bytesSent ?? entry.bytesReceived ?? 0,
    packets: entry.packetsSent ?? entry.packetsReceived ?? 0,
    lost: entry.packetsLost ?? 0,
    bufferDelay: entry.jitterBufferDelay ?? 0,
    bufferCount: entry.jitterBufferEmittedCount ?? 0,
    frozen: entry.totalFreezesDuration ?? 0,
    concealed: (entry.concealedSamples ?? 0) - (entry.silentConcealedSamples ?? 0),
    samples: entry.totalSamplesReceived ?? 0,
  };
}

interface Delta extends Omit<Counters, "at"> {
  readonly ms: number;
}

function difference(now: Counters, last: Counters | undefined): Delta | undefined {
  if (last === undefined || now.bytes < last.bytes || now.at <= last.at) return undefined;
  return {
    ms: now.at - last.at,
    bytes: now.bytes - last.bytes,
    packets: now.packets - last.packets,
    lost: Math.max(0, now.lost - last.lost),
    bufferDelay: now.bufferDelay - last.bufferDelay,
    bufferCount: now.bufferCount - last.bufferCount,
    frozen: Math.max(0, now.frozen - last.frozen),
    concealed: Math.max(0, now.concealed - last.concealed),
    samples: now.samples - last.samples,
  };
}

function bitrate({ bytes, ms }: Delta): number {
  return (bytes * 8 * 1000) / ms;
}

function path(
  entries: readonly RtpStats[],
  byId: ReadonlyMap<string, RTCStats>,
): Pick<Sample, "roundTripMs" | "transport"> {
  const pair = entries.find(
    (entry) =>
      entry.type === "candidate-pair" &&
      (entry as RTCIceCandidatePairStats).nominated &&
      (entry as RTCIceCandidatePairStats).state === "succeeded",
  ) as RTCIceCandidatePairStats | undefined;
  const local = byId.get(pair?.localCandidateId ?? "") as { protocol?: string } | undefined;
  const seconds = pair?.currentRoundTripTime;
  return { roundTripMs: seconds === undefined ? null : seconds * 1000, transport: local?.protocol ?? null };
}

function codecName(codec: RTCStats | undefined): string {
  return (codec as { mimeType?: string } | undefined)?.mimeType?.split("/")[1] ?? "";
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : 0;
}
