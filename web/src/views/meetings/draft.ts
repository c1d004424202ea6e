/** What the schedule form holds, and how it becomes a request. Pure. */

import {
  type CalendarDate,
  now,
  parseAbsolute,
  parseDate,
  toCalendarDate,
  toCalendarDateTime,
  toZoned,
  type ZonedDateTime,
} from "@internationalized/date";
import type { ChatPolicy, MeetingDraft, MeetingObject, SharePolicy } from "../../api/types.ts";
import { type Day, fromRule, type Rhythm, toRule } from "./recurrence.ts";

export interface Draft {
  readonly title: string;
  readonly start: ZonedDateTime;
  readonly durationMinutes: number;
  /** `custom` keeps a rule that the form cannot show. */
  readonly rhythm: Rhythm | "custom";
  readonly until: CalendarDate | null;
  readonly lobby: boolean;
  readonly passcode: boolean;
  readonly joinBeforeHost: boolean;
  readonly muteOnEntry: boolean;
  readonly share: SharePolicy;
  readonly chat: ChatPolicy;
}

const HALF_HOUR = 30;

/** A new meeting: at the next full or half hour, as the defaults of interfaces have it. */
export function newDraft(zone: string): Draft {
  const soon = now(zone).add({ minutes: HALF_HOUR });
  return {
    title: "",
    start: soon.set({ minute: soon.minute - (soon.minute % HALF_HOUR), second: 0, millisecond: 0 }),
    durationMinutes: 60,
    rhythm: "never",
    until: null,
    lobby: true,
    passcode: true,
    joinBeforeHost: false,
    muteOnEntry: false,
    share: "one",
    chat: "everyone",
  };
}

/** The form of a meeting that exists. */
export function draftOf(meeting: MeetingObject, zone: string): Draft {
  const fresh = newDraft(meeting.time_zone ?? zone);
  const repeat = fromRule(meeting.recurrence, meeting.time_zone ?? zone);
  return {
    ...fresh,
    title: meeting.title,
    start:
      meeting.starts_at === null ? fresh.start : parseAbsolute(meeting.starts_at, meeting.time_zone ?? zone),
    durationMinutes: meeting.duration_minutes ?? fresh.durationMinutes,
    rhythm: repeat?.rhythm ?? "custom",
    until: repeat?.until == null ? null : parseDate(repeat.until),
    lobby: meeting.settings.lobby,
    passcode: meeting.passcode !== null,
    joinBeforeHost: meeting.settings.join_before_host,
    muteOnEntry: meeting.settings.mute_on_entry,
    share: meeting.settings.share,
    chat: meeting.settings.chat,
  };
}

/** The same clock time in another zone: who picks a zone means "10:00 there". */
export function inZone(draft: Draft, zone: string): Draft {
  return { ...draft, start: toZoned(toCalendarDateTime(draft.start), zone) };
}

/** The local day on which it begins. */
export function startDay({ start }: Draft): Day {
  return { year: start.year, month: start.month, day: start.day };
}

/** Whether the repetition would end before it begins. */
export function endsBeforeStart({ start, until }: Draft): boolean {
  return until !== null && until.compare(toCalendarDate(start)) < 0;
}

/** The request of the form; `before` is the meeting that it changes. A meeting without a time (a personal room) keeps having none. */
export function requestOf(draft: Draft, before: MeetingObject | null): MeetingDraft {
  const when =
    before !== null && before.kind !== "scheduled"
      ? {}
      : {
          starts_at: draft.start.toDate().toISOString(),
          time_zone: draft.start.timeZone,
          duration_minutes: draft.durationMinutes,
          recurrence:
            draft.rhythm === "custom"
              ? (before?.recurrence ?? null)
              : toRule({ rhythm: draft.rhythm, until: draft.until?.toString() ?? null }, startDay(draft)),
        };
  // A passcode that exists stays the same: people have it already.
  const passcode =
    before !== null && (before.passcode !== null) === draft.passcode ? {} : { passcode: draft.passcode };
  return {
    title: draft.title.trim(),
    ...when,
    settings: {
      lobby: draft.lobby,
      join_before_host: draft.joinBeforeHost,
      mute_on_entry: draft.muteOnEntry,
      share: draft.share,
      chat: draft.chat,
      ...passcode,
    },
  };
}
