/**
 * The parts of the way from the click on *Join* to the first picture, as entries of the browser's performance timeline.
 *
 * `meetinghouse:join:<step>` marks the moment; a measure of the same name spans from the click to it. Statistics shows them.
 */
export const JOIN_STEPS = [
  "click",
  "api",
  "signalling",
  "offer",
  "answer",
  "ice",
  "dtls",
  "first-frame",
] as const;
export type JoinStep = (typeof JOIN_STEPS)[number];

const PREFIX = "meetinghouse:join:";

const skipped = new Set<JoinStep>();

/** A step that will say nothing of this join: who is alone waits for a picture as long as others take to come. */
export function skipJoin(step: JoinStep): void {
  skipped.add(step);
}

/** Marks a step once per join; `click` begins a new join. */
export function markJoin(step: JoinStep): void {
  if (step === "click") clearJoin();
  else if (skipped.has(step) || performance.getEntriesByName(PREFIX + step, "mark").length > 0) return;
  performance.mark(PREFIX + step);
  if (step === "click" || performance.getEntriesByName(`${PREFIX}click`, "mark").length === 0) return;
  performance.measure(PREFIX + step, `${PREFIX}click`, PREFIX + step);
}

/** Milliseconds from the click to each step that was reached. */
export function joinTimings(): readonly { readonly step: Exclude<JoinStep, "click">; readonly ms: number }[] {
  return JOIN_STEPS.flatMap((step) => {
    if (step === "click") return [];
    const measure = performance.getEntriesByName(PREFIX + step, "measure")[0];
    return measure === undefined ? [] : [{ step, ms: measure.duration }];
  });
}

function clearJoin(): void {
  skipped.clear();
  for (const step of JOIN_STEPS) {
    performance.clearMarks(PREFIX + step);
    performance.clearMeasures(PREFIX + step);
  }
}
