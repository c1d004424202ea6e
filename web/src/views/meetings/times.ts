/** When meetings are, in words. Pure: the time zone and the language come with the formatter. */

import type { I18n } from "@lingui/core";
import type { MeetingObject } from "../../api/types.ts";

const MINUTE_MS = 60_000;

/** Its next (or only, or running) beginning; null for meetings without a time. */
export function beginning(meeting: MeetingObject): Date | null {
  const at = meeting.next_at ?? meeting.starts_at;
  return at === null ? null : new Date(at);
}

export function sameDay(a: Date, b: Date): boolean {
  return a.toDateString() === b.toDateString();
}

/** "10:00 – 10:30", in this device's time zone. */
export function timeRange(i18n: I18n, from: Date, durationMinutes: number | null): string {
  const short = { hour: "numeric", minute: "2-digit" } as const;
  if (durationMinutes === null) return i18n.date(from, short);
  const format = new Intl.DateTimeFormat([...[i18n.locales ?? i18n.locale].flat()], short);
  return format.formatRange(from, new Date(from.getTime() + durationMinutes * MINUTE_MS));
}

/** "Monday, 23 November", with the year when it is not this one. */
export function dayName(i18n: I18n, day: Date, now: Date): string {
  return i18n.date(day, {
    weekday: "long",
    day: "numeric",
    month: "long",
    ...(day.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }),
  });
}

/** "1 h 30 min" in the language's own units. */
export function durationName(i18n: I18n, minutes: number): string {
  const unit = (value: number, name: "hour" | "minute") =>
    i18n.number(value, { style: "unit", unit: name, unitDisplay: "short" });
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return [hours > 0 ? unit(hours, "hour") : "", rest > 0 || hours === 0 ? unit(rest, "minute") : ""]
    .filter(Boolean)
    .join(" ");
}
