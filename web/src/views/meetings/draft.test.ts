import { parseDate } from "@internationalized/date";
import { describe, expect, it } from "vitest";
import type { MeetingObject } from "../../api/types.ts";
import { draftOf, endsBeforeStart, inZone, newDraft, requestOf } from "./draft.ts";

const meeting: MeetingObject = {
  id: "m1",
  title: "Review",
  number: "123456789",
  passcode: "123456",
  join_url: "http://localhost/j/x#p=123456",
  starts_at: "2026-11-23T02:00:00Z",
  duration_minutes: 45,
  recurrence: "FREQ=WEEKLY;BYDAY=MO",
  time_zone: "Asia/Shanghai",
  settings: {
    lobby: true,
    passcode: "123456",
    join_before_host: false,
    share: "one",
    chat: "everyone",
    locked: false,
    mute_on_entry: false,
    e2ee: false,
  },
  host: { id: "a", name: "Ana" },
  kind: "scheduled",
  next_at: null,
  ends_at: null,
  in_progress: false,
  created_at: "2026-11-01T00:00:00Z",
};

describe("a draft", () => {
  it("of a meeting asks for the same meeting when nothing is changed, and leaves its passcode alone", () => {
    const request = requestOf(draftOf(meeting, "Europe/Madrid"), meeting);
    expect(request).toMatchObject({
      title: "Review",
      starts_at: "2026-11-23T02:00:00.000Z",
      duration_minutes: 45,
      time_zone: "Asia/Shanghai",
      recurrence: "FREQ=WEEKLY;BYDAY=MO",
    });
    expect(request.settings).not.toHaveProperty("passcode");
  });

  it("keeps a rule that it cannot show", () => {
    const odd = { ...meeting, recurrence: "FREQ=WEEKLY;BYDAY=MO,WE" };
    expect(requestOf(draftOf(odd, "UTC"), odd).recurrence).toBe("FREQ=WEEKLY;BYDAY=MO,WE");
  });

  it("keeps the clock time when another zone is picked", () => {
    const moved = inZone(draftOf(meeting, "UTC"), "Europe/Madrid");
    expect(moved.start.hour).toBe(10);
    expect(requestOf(moved, meeting).starts_at).toBe("2026-11-23T09:00:00.000Z");
  });

  it("begins on a full or half hour", () => {
    const { start } = newDraft("UTC");
    expect(start.minute % 30).toBe(0);
    expect(start.second).toBe(0);
  });

  it("knows that an end before the beginning is impossible", () => {
    const draft = draftOf(meeting, "UTC");
    expect(endsBeforeStart({ ...draft, until: parseDate("2026-11-22") })).toBe(true);
    expect(endsBeforeStart({ ...draft, until: parseDate("2026-11-23") })).toBe(false);
  });

  it("gives a room without a time none", () => {
    const room = { ...meeting, kind: "personal", starts_at: null, recurrence: null } as const;
    expect(requestOf(draftOf(room, "UTC"), room)).not.toHaveProperty("starts_at");
  });
});
