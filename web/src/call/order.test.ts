import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bringSpeaker, keepOrder } from "./order.ts";

const ids = fc.uniqueArray(fc.integer({ min: 0, max: 60 }).map(String), { maxLength: 40 });

describe("keeping places", () => {
  it("keeps who stays in the same order, and adds who came at the end", () => {
    fc.assert(
      fc.property(ids, ids, (before, present) => {
        const after = keepOrder(before, present);
        expect([...after].sort()).toEqual([...present].sort());
        const stayed = before.filter((id) => present.includes(id));
        expect(after.slice(0, stayed.length)).toEqual(stayed);
      }),
    );
  });

  it("is the very same value when nothing changed", () => {
    const before = ["a", "b"];
    expect(keepOrder(before, ["b", "a"])).toBe(before);
  });
});

describe("a speaker on a later page", () => {
  const everybody = ["me", "a", "b", "c", "d", "e"];

  it("takes the place of who has been silent longest; nobody else moves", () => {
    const spoke = new Map([
      ["a", 50],
      ["b", 10],
      ["c", 90],
    ]);
    expect(bringSpeaker(everybody, "e", 4, spoke, new Set(["me"]))).toEqual(["me", "a", "e", "c", "d", "b"]);
  });

  it("takes the last place among those who never spoke", () => {
    expect(bringSpeaker(everybody, "d", 4, new Map(), new Set(["me"]))).toEqual([
      "me",
      "a",
      "b",
      "d",
      "c",
      "e",
    ]);
  });

  it("stays where it is when it is on the first page, or nobody can give way", () => {
    expect(bringSpeaker(everybody, "b", 4, new Map(), new Set())).toBe(everybody);
    expect(bringSpeaker(everybody, "e", 2, new Map(), new Set(["me", "a"]))).toBe(everybody);
  });
});
