import { describe, expect, it } from "vitest";
import { matchPath } from "./navigation.ts";

describe("matchPath", () => {
  it("finds what a pattern names", () => {
    expect(matchPath("/j/:link", "/j/abc?x=1")).toEqual({ link: "abc" });
    expect(matchPath("/meetings/:id", "/meetings/a%2Fb/")).toEqual({ id: "a/b" });
    expect(matchPath("/", "/")).toEqual({});
  });

  it("refuses what is shorter, longer, empty or other", () => {
    for (const path of ["/j", "/j/", "/j/a/b", "/k/a"]) expect(matchPath("/j/:link", path)).toBeNull();
  });

  it("takes a broken escape as written", () => {
    expect(matchPath("/j/:link", "/j/%zz")).toEqual({ link: "%zz" });
  });
});
