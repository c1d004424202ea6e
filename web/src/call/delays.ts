/**
 * How long sound and pictures take in this browser, from a packet's arrival to ear and eye.
 *
 * Both of one person come by the same way, so the difference of these delays is the skew between them. `getStats` has an exact
 * answer only for streams that the browser pairs itself (`estimatedPlayoutTimestamp`), which floating slots are not.
 */
import type { Playing } from "./sync.ts";

/** From the decoder to the screen: composing and half a frame of waiting, which no counter holds. */
const RENDER_MS = 20;

interface InboundStats extends RTCStats {
  readonly kind?: string;
  readonly mid?: string;
  readonly estimatedPlayoutTimestamp?: number;
  readonly jitterBufferDelay?: number;
  readonly jitterBufferEmittedCount?: number;
  readonly totalProcessingDelay?: number;
  readonly framesDecoded?: number;
  readonly totalPlayoutDelay?: number;
  readonly totalSamplesCount?: number;
}

/** A sum of delays in seconds, and of how many things. */
interface Sum {
  readonly seconds: number;
  readonly count: number;
}

export class Delays {
  #last = new Map<string, Sum>();

  /** The delays since the last report, of each inbound stream in which something moved. */
  read(report: RTCStatsReport): readonly Playing[] {
    const entries = [...report.values()] as InboundStats[];
    const next = new Map<string, Sum>();
    const since = (id: string, sum: Sum | undefined): number | undefined => {
      if (sum === undefined) return undefined;
      next.set(id, sum);
      return meanMs(sum, this.#last.get(id));
    };
    const output = entries.find(({ type }) => type === "media-playout");
    const outputMs =
      (output && since(output.id, sumOf(output.totalPlayoutDelay, output.totalSamplesCount))) ?? 0;
    const playing: Playing[] = [];
    for (const entry of entries) {
      if (entry.type !== "inbound-rtp" || entry.mid === undefined) continue;
      const video = entry.kind === "video";
      const inside = since(entry.id, video ? videoSum(entry) : audioSum(entry));
      if (inside === undefined) continue;
      const exact = entry.estimatedPlayoutTimestamp;
      playing.push({
        mid: entry.mid,
        delayMs: inside + (video ? RENDER_MS : outputMs),
        ...(exact !== undefined && { playsMs: exact }),
      });
    }
    this.#last = next;
    return playing;
  }
}

function audioSum({ jitterBufferDelay, jitterBufferEmittedCount }: InboundStats): Sum | undefined {
  return sumOf(jitterBufferDelay, jitterBufferEmittedCount);
}

/** Processing holds the buffer and the decoder; older browsers count the buffer alone. */
function videoSum(entry: InboundStats): Sum | undefined {
  return sumOf(entry.totalProcessingDelay, entry.framesDecoded) ?? audioSum(entry);
}

function sumOf(seconds: number | undefined, count: number | undefined): Sum | undefined {
  return seconds === undefined || count === undefined ? undefined : { seconds, count };
}

function meanMs(now: Sum, last: Sum | undefined): number | undefined {
  const count = now.count - (last?.count ?? 0);
  const seconds = now.seconds - (last?.seconds ?? 0);
  return count > 0 && seconds >= 0 ? (seconds / count) * 1000 : undefined;
}
