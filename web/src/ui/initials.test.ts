import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ground, initials } from "./initials.ts";

describe("initials", () => {
  it.each([
    ["Ana Ruiz", "AR"],
    ["ana", "A"],
    ["Jean-Luc van der Berg", "JB"],
    ["王小明", "小明"],
    ["对话很长的中文名字", "名字"],
    ["王 (Ana)", "王"],
    ["ليلى حداد", "لح"],
    ["  ", "?"],
    ["(guest) 7", "G7"],
  ])("of %s are %s", (name, letters) => {
    expect(initials(name)).toBe(letters);
  });

  it("are at most two letters and the ground one of eight, whatever the name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        expect([...initials(name)].length).toBeLessThanOrEqual(4);
        expect(ground(name)).toBeGreaterThanOrEqual(1);
        expect(ground(name)).toBeLessThanOrEqual(8);
        expect(ground(name)).toBe(ground(` ${name} `));
      }),
    );
  });
});
