/** How this person starts meetings, remembered on this device. */

import { remember, remembered } from "../../ui/storage.ts";

export interface StartChoices {
  readonly video: boolean;
  /** In the personal room instead of a new meeting. */
  readonly personal: boolean;
}

const STORAGE_KEY = "meetinghouse.start";
const DEFAULT: StartChoices = { video: true, personal: false };

export function readStartChoices(): StartChoices {
  try {
    return {
      ...DEFAULT,
      ...(JSON.parse(remembered(STORAGE_KEY) ?? "{}") as Partial<StartChoices>),
    };
  } catch {
    return DEFAULT;
  }
}

export function rememberStartChoices(choices: StartChoices): void {
  remember(STORAGE_KEY, JSON.stringify(choices));
}
