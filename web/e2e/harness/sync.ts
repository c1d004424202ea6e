/** How far sound and picture are apart. */

import type { Page } from "playwright-core";
import type { SyncMarks } from "../page/contract";
import { LOOP_SECONDS } from "./recordings";

const LOOP_MS = LOOP_SECONDS * 1000;
const MARKS = 4;

/**
 * By how many milliseconds the sound of `name` leads the picture at `receiver`, what the sender's own devices are apart taken
 * off: those play a film and a sound that nobody keeps together.
 */
export async function addedLead(sender: Page, receiver: Page, name: string): Promise<number> {
  const [sent, shown] = await Promise.all([
    sender.evaluate((count) => window.probe.noteSync({ own: true }, count), MARKS),
    receiver.evaluate(([of, count]) => window.probe.noteSync({ name: of }, count), [name, MARKS] as const),
  ]);
  return wrapped(lead(shown) - lead(sent));
}

/** By how much beeps come before flashes: the median over all flashes of the distance to the nearest beep. */
function lead({ flashes, beeps }: SyncMarks): number {
  const leads = flashes.map((flash) => {
    const distances = beeps.map((beep) => wrapped(flash - beep));
    return distances.reduce((best, distance) => (Math.abs(distance) < Math.abs(best) ? distance : best));
  });
  return leads.sort((a, b) => a - b)[leads.length >> 1] ?? Number.NaN;
}

/** Flash and beep repeat with every loop: their distance is known only within half a loop. */
function wrapped(ms: number): number {
  return ms - LOOP_MS * Math.round(ms / LOOP_MS);
}
