/** Whose picture and whose voice it is. */

import type { Sight } from "../page/contract";
import { type Persona, SPEAKERS } from "./cast";

/** How far a voice must stand out, in dB. Another's spill stays below 15, a voice is above 50. */
const VOICE_DB = 30;
/** Encoders and colour spaces turn a hue by a few degrees. */
const HUE_TOLERANCE = 16;

export function isHue(sight: Sight, hue: number): boolean {
  return sight.hue !== null && Math.abs(((sight.hue - hue + 540) % 360) - 180) <= HUE_TOLERANCE;
}

/** Somebody's picture under their own name. */
export function isOf(sight: Sight, persona: Persona): boolean {
  return sight.visible && sight.label.startsWith(persona.name) && isHue(sight, persona.hue);
}

/** The tile of a shared screen, whoever's it is. */
export function isScreen({ label }: Sight): boolean {
  return label.includes("screen");
}

/** Whom the levels of `heard`, taken for the pitches of all speakers, make out. */
export function heardNames(levels: readonly number[]): string {
  return names(SPEAKERS.filter((_, index) => (levels[index] ?? 0) > VOICE_DB));
}

export function names(people: readonly Persona[]): string {
  return people.map((persona) => persona.name).join(" and ");
}
