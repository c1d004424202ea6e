import { expect, it } from "vitest";
import { shouldReload } from "./freshness.ts";

const now = Date.parse("2026-11-23T09:00:00Z");

it.each([
  ["the first failure", 0, "/meetings", true, true],
  ["a failure right after a reload", now - 5_000, "/meetings", true, false],
  ["a failure long after one", now - 3_600_000, "/meetings", true, true],
  ["a failure without a network", 0, "/meetings", false, false],
  ["a failure in a meeting, which goes on without that part", 0, "/meeting", true, false],
])("after %s", (_, last, path, online, reloads) => {
  expect(shouldReload(now, last, path, online)).toBe(reloads);
});
