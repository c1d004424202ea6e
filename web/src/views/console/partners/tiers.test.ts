import { expect, test } from "vitest";
import { inTiers } from "./tiers.ts";

const partner = (code: string, parent: string | null) => ({
  code,
  name: code.toUpperCase(),
  kind: "reseller" as const,
  parent,
  created_at: "",
  ended_at: null,
});

test("each partner stands after the one it buys from, by name", () => {
  const rows = inTiers([partner("c", "a"), partner("b", null), partner("a", null), partner("d", "c")]);
  expect(rows.map((row) => `${row.tier}${row.partner.code}`)).toEqual(["0a", "1c", "2d", "0b"]);
});

test("who stands below somebody that one may not see begins", () => {
  expect(inTiers([partner("a", "unseen")]).map((row) => row.tier)).toEqual([0]);
});
