import { describe, expect, it } from "vitest";
import { nearestLanguage, pickLanguage } from "./languages.ts";

describe("nearestLanguage", () => {
  it.each([
    ["zh", "zh-CN"],
    ["zh-CN", "zh-CN"],
    ["zh-Hans-SG", "zh-CN"],
    ["zh-TW", "zh-TW"],
    ["zh-HK", "zh-TW"],
    ["zh-Hant", "zh-TW"],
    ["en-GB", "en"],
    ["fr", null],
    ["enm", null],
  ])("of %s is %s", (tag, language) => {
    expect(nearestLanguage(tag)).toBe(language);
  });
});

describe("pickLanguage", () => {
  it("takes the choice, then the browser's first that we have, then English", () => {
    expect(pickLanguage("zh-TW", ["en"])).toBe("zh-TW");
    expect(pickLanguage(null, ["fr", "zh-Hans", "en"])).toBe("zh-CN");
    expect(pickLanguage(null, ["fr"])).toBe("en");
    expect(pickLanguage("klingon", ["en"])).toBe("en");
  });
});
