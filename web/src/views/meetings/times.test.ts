import { setupI18n } from "@lingui/core";
import { expect, it } from "vitest";
import type { MeetingObject } from "../../api/types.ts";
import { beginning, dayName, durationName, timeRange } from "./times.ts";

const english = setupI18n({ locale: "en", messages: { en: {} } });
const chinese = setupI18n({ locale: "zh-CN", messages: { "zh-CN": {} } });
const morning = new Date(2026, 10, 23, 10, 0);

it("says how long, in the language's units", () => {
  expect(durationName(english, 45)).toBe("45 min");
  expect(durationName(english, 90)).toBe("1 hr 30 min");
  expect(durationName(chinese, 120)).toBe("2小时");
});

it("says from when to when, and the day with its year only when it is another one", () => {
  expect(timeRange(english, morning, 45)).toMatch(/^10:00\s–\s10:45\sAM$/u);
  expect(timeRange(english, morning, null)).toMatch(/^10:00\sAM$/u);
  expect(dayName(english, morning, morning)).toBe("Monday, November 23");
  expect(dayName(english, new Date(2027, 0, 4), morning)).toBe("Monday, January 4, 2027");
});

it("takes the next time of a series, and none for a room", () => {
  const meeting = { starts_at: "2026-01-05T09:00:00Z", next_at: "2026-11-23T09:00:00Z" } as MeetingObject;
  expect(beginning(meeting)?.toISOString()).toBe("2026-11-23T09:00:00.000Z");
  expect(beginning({ ...meeting, starts_at: null, next_at: null })).toBeNull();
});
