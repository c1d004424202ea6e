/** What this client saw and heard, told to the server in intervals: it alone knows what stood still on the screen. */
import type { ReportQuality } from "../api/signalling.ts";
import type { Sample } from "./stats.ts";

/** Between two reports; the server's samples cover about as much. */
const INTERVAL_MS = 10_000;
/** The most hindering first. */
const LIMITS = ["cpu", "bandwidth", "other"] as const;

type Report = Omit<ReportQuality, "id">;

export class QualityReporter {
  #since: number | undefined;
  #frozenMs = 0;
  #concealedMs = 0;
  readonly #limits = new Set<string>();

  /** Takes a sample; returns a report when one is due and there is something to say. */
  add(sample: Sample): Report | null {
    this.#since ??= sample.at;
    this.#frozenMs += sample.frozenMs;
    this.#concealedMs += sample.concealedMs;
    for (const { limitedBy } of sample.streams) if (limitedBy !== null) this.#limits.add(limitedBy);
    if (sample.at - this.#since < INTERVAL_MS) return null;
    const report: Report = {
      type: "report_quality",
      frozen_ms: Math.round(this.#frozenMs),
      concealed_ms: Math.round(this.#concealedMs),
      limited: LIMITS.find((limit) => this.#limits.has(limit)) ?? "none",
    };
    this.#since = sample.at;
    this.#frozenMs = 0;
    this.#concealedMs = 0;
    this.#limits.clear();
    const isGood = report.frozen_ms === 0 && report.concealed_ms === 0 && report.limited === "none";
    return isGood ? null : report;
  }
}
