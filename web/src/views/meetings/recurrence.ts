/** Repetition between the form, an RFC 5545 RRULE, and words. Pure. */

import type { I18n } from "@lingui/core";
import { msg } from "@lingui/core/macro";

export type Rhythm =
  | "never"
  | "daily"
  | "weekdays"
  | "weekly"
  | "fortnightly"
  | "monthly"
  | "monthly-weekday"
  | "yearly";

export interface Repeat {
  readonly rhythm: Rhythm;
  /** Its last day as YYYY-MM-DD, or null for no end. */
  readonly until: string | null;
}

/** A local calendar date; `month` 1…12. */
export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const WEEKDAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"] as const;
/** A fifth Monday is not in every month: then it is the last one. */
const LAST_WEEK = 5;

function utcDate({ year, month, day }: Day): Date {
  return new Date(Date.UTC(year, month - 1, day));
}

function weekdayOf(start: Day): (typeof WEEKDAYS)[number] {
  return WEEKDAYS[utcDate(start).getUTCDay()] ?? "MO";
}

/** Which of its weekday in the month `start` is: 1…4, or -1 for the last. */
function ordinalOf(start: Day): number {
  const week = Math.ceil(start.day / 7);
  return week === LAST_WEEK ? -1 : week;
}

/** The RRULE of a repetition that begins on `start`, or null when it does not repeat. */
export function toRule({ rhythm, until }: Repeat, start: Day): string | null {
  const parts: Readonly<Record<Rhythm, string | null>> = {
    never: null,
    daily: "FREQ=DAILY",
    weekdays: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    weekly: `FREQ=WEEKLY;BYDAY=${weekdayOf(start)}`,
    fortnightly: `FREQ=WEEKLY;INTERVAL=2;BYDAY=${weekdayOf(start)}`,
    monthly: `FREQ=MONTHLY;BYMONTHDAY=${start.day}`,
    "monthly-weekday": `FREQ=MONTHLY;BYDAY=${ordinalOf(start)}${weekdayOf(start)}`,
    yearly: "FREQ=YEARLY",
  };
  const rule = parts[rhythm];
  if (rule === null || until === null) return rule;
  // A bare date: the server takes the whole of that day in the meeting's own time zone.
  return `${rule};UNTIL=${until.replaceAll("-", "")}`;
}

/** The repetition that a rule of ours says in `zone`, or null for a rule that the form cannot show. */
export function fromRule(rule: string | null, zone: string): Repeat | null {
  if (rule === null) return { rhythm: "never", until: null };
  const pairs = rule.replace(/^RRULE:/i, "").split(";");
  const parts = new Map(pairs.map((pair) => pair.split("=", 2) as [string, string]));
  const until = parts.get("UNTIL");
  parts.delete("UNTIL");
  const rhythm = rhythmOf(parts);
  return rhythm === null ? null : { rhythm, until: until === undefined ? null : lastDay(until, zone) };
}

/** The day that an UNTIL names: written as a date, or as the UTC time at which that day ends in `zone`. */
function lastDay(until: string, zone: string): string | null {
  const found = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})Z)?$/.exec(until);
  if (found === null) return null;
  const [, year, month, day, hour, minute, second] = found;
  if (hour === undefined) return `${year}-${month}-${day}`;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Sweden's dates are written as ISO 8601 has them.
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(at);
}

/** Our rhythms as the parts of a rule, in this order: FREQ, INTERVAL, BYDAY. */
const SHAPES: readonly (readonly [RegExp, Rhythm])[] = [
  [/^DAILY 1 $/, "daily"],
  [/^WEEKLY 1 MO,TU,WE,TH,FR$/, "weekdays"],
  [/^WEEKLY 1 ([A-Z]{2})?$/, "weekly"],
  [/^WEEKLY 2 ([A-Z]{2})?$/, "fortnightly"],
  [/^MONTHLY 1 $/, "monthly"],
  [/^MONTHLY 1 (-1|\+?[1-4])[A-Z]{2}$/, "monthly-weekday"],
  [/^YEARLY 1 $/, "yearly"],
];
const KNOWN_PARTS = new Set(["FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "WKST"]);

function rhythmOf(parts: ReadonlyMap<string, string>): Rhythm | null {
  if ([...parts.keys()].some((key) => !KNOWN_PARTS.has(key))) return null;
  const shape = `${parts.get("FREQ")} ${parts.get("INTERVAL") ?? "1"} ${parts.get("BYDAY") ?? ""}`;
  return SHAPES.find(([pattern]) => pattern.test(shape))?.[1] ?? null;
}

/** "Every week on Monday": the words of a rhythm that begins on `start`. */
export function rhythmName(i18n: I18n, rhythm: Rhythm, start: Day): string {
  const date = utcDate(start);
  const part = (options: Intl.DateTimeFormatOptions) => i18n.date(date, { ...options, timeZone: "UTC" });
  const weekday = part({ weekday: "long" });
  const dayOfMonth = String(start.day);
  const dayOfYear = part({ month: "long", day: "numeric" });
  switch (rhythm) {
    case "never":
      return i18n._(msg`Does not repeat`);
    case "daily":
      return i18n._(msg`Every day`);
    case "weekdays":
      return i18n._(msg`Every weekday (Monday to Friday)`);
    case "weekly":
      return i18n._(msg`Every week on ${weekday}`);
    case "fortnightly":
      return i18n._(msg`Every two weeks on ${weekday}`);
    case "monthly":
      return i18n._(msg`Every month on day ${dayOfMonth}`);
    case "monthly-weekday":
      return ordinalName(i18n, ordinalOf(start), weekday);
    case "yearly":
      return i18n._(msg`Every year on ${dayOfYear}`);
  }
}

function ordinalName(i18n: I18n, ordinal: number, weekday: string): string {
  switch (ordinal) {
    case 1:
      return i18n._(msg`Every month on the first ${weekday}`);
    case 2:
      return i18n._(msg`Every month on the second ${weekday}`);
    case 3:
      return i18n._(msg`Every month on the third ${weekday}`);
    case 4:
      return i18n._(msg`Every month on the fourth ${weekday}`);
    default:
      return i18n._(msg`Every month on the last ${weekday}`);
  }
}

/** A rule in words; one that the form cannot show is shown as it is written. */
export function ruleName(i18n: I18n, rule: string, start: Day, zone: string): string {
  const repeat = fromRule(rule, zone);
  if (repeat === null) return rule;
  const name = rhythmName(i18n, repeat.rhythm, start);
  if (repeat.until === null) return name;
  const until = i18n.date(new Date(`${repeat.until}T00:00:00Z`), { dateStyle: "medium", timeZone: "UTC" });
  return i18n._(msg`${name}, until ${until}`);
}
