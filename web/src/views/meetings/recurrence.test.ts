import { setupI18n } from "@lingui/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Day, fromRule, type Rhythm, rhythmName, toRule } from "./recurrence.ts";

const RHYTHMS: readonly Rhythm[] = [
  "never",
  "daily",
  "weekdays",
  "weekly",
  "fortnightly",
  "monthly",
  "monthly-weekday",
  "yearly",
];
const days = fc
  .date({ min: new Date("2020-01-01T00:00:00Z"), max: new Date("2090-12-31T00:00:00Z"), noInvalidDate: true })
  .map(
    (date): Day => ({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }),
  );
const monday: Day = { year: 2026, month: 11, day: 23 };

describe("toRule and fromRule", () => {
  it("give back the rhythm and the last day of every repetition of the form", () => {
    fc.assert(
      fc.property(fc.constantFrom(...RHYTHMS), days, days, fc.boolean(), (rhythm, start, last, ends) => {
        const until =
          ends && rhythm !== "never"
            ? [last.year, last.month, last.day].map((part) => String(part).padStart(2, "0")).join("-")
            : null;
        expect(fromRule(toRule({ rhythm, until }, start), "Asia/Shanghai")).toEqual({ rhythm, until });
      }),
    );
  });

  it("name the weekday and its place in the month", () => {
    expect(toRule({ rhythm: "weekly", until: null }, monday)).toBe("FREQ=WEEKLY;BYDAY=MO");
    expect(toRule({ rhythm: "monthly-weekday", until: null }, monday)).toBe("FREQ=MONTHLY;BYDAY=4MO");
    expect(toRule({ rhythm: "monthly-weekday", until: null }, { ...monday, day: 30 })).toBe(
      "FREQ=MONTHLY;BYDAY=-1MO",
    );
  });

  it("read the server's UTC end as the day it is in the meeting's zone", () => {
    const rule = "FREQ=DAILY;UNTIL=20270302T045959Z";
    expect(fromRule(rule, "America/New_York")).toEqual({ rhythm: "daily", until: "2027-03-01" });
    expect(fromRule(rule, "Europe/Madrid")).toEqual({ rhythm: "daily", until: "2027-03-02" });
  });

  it("own up to a rule that the form cannot show", () => {
    for (const rule of [
      "FREQ=WEEKLY;BYDAY=MO,WE",
      "FREQ=DAILY;COUNT=5",
      "FREQ=DAILY;INTERVAL=3",
      "FREQ=SECONDLY",
    ]) {
      expect(fromRule(rule, "UTC")).toBeNull();
    }
  });
});

describe("rhythmName", () => {
  it("says every rhythm in words", () => {
    const i18n = setupI18n({ locale: "en", messages: { en: {} } });
    expect(rhythmName(i18n, "weekly", monday)).toBe("Every week on Monday");
    expect(rhythmName(i18n, "monthly-weekday", monday)).toBe("Every month on the fourth Monday");
    expect(rhythmName(i18n, "yearly", monday)).toBe("Every year on November 23");
  });
});
