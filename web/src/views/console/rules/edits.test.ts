import { CalendarDateTime } from "@internationalized/date";
import { expect, test } from "vitest";
import type { MarketRule } from "../../../api/types.ts";
import { formOf, moved, NEW_RULE, put, ruleOf, without } from "./edits.ts";

const SHANGHAI = "Asia/Shanghai";
const RULE: MarketRule = {
  id: "no-direct-upgrade",
  from: "2020-08-22T16:00:00Z",
  countries: ["CN", "EU"],
  kinds: ["enterprise"],
  channels: ["direct"],
  plans: ["pro"],
  partners: ["bizconf"],
  verbs: ["upgrade"],
  decision: "deny",
  offers: ["zhumu", "umeet"],
  message: { en: "Ask a partner.", "zh-CN": "请联系合作伙伴。" },
};

const ids = (rules: readonly MarketRule[]) => rules.map(({ id }) => id).join("");
const rules = ["a", "b", "c"].map((id) => ({ ...NEW_RULE, id }));

test("a form says the rule that it was made of", () => {
  expect(ruleOf(formOf(RULE, SHANGHAI), SHANGHAI)).toEqual({ ...RULE, from: "2020-08-22T16:00:00.000Z" });
  expect(ruleOf(formOf(NEW_RULE, "UTC"), "UTC")).toEqual(NEW_RULE);
});

test("times are those of the zone that the form names", () => {
  expect(formOf(RULE, SHANGHAI).from).toEqual(new CalendarDateTime(2020, 8, 23));
});

test("lists are typed with commas of either script, or spaces; what is empty is left out", () => {
  const form = { ...formOf(RULE, "UTC"), countries: " CN，HK、MO TW ,", plans: " ", message: { en: " " } };
  const said = ruleOf(form, "UTC");
  expect(said.countries).toEqual(["CN", "HK", "MO", "TW"]);
  expect(said).not.toHaveProperty("plans");
  expect(said).not.toHaveProperty("message");
});

test("who is allowed is offered nobody instead", () => {
  expect(ruleOf({ ...formOf(RULE, "UTC"), decision: "allow" }, "UTC")).not.toHaveProperty("offers");
});

test("a new rule stands first, a changed one where it stood", () => {
  expect(ids(put(rules, null, { ...NEW_RULE, id: "x" }))).toBe("xabc");
  expect(ids(put(rules, "b", { ...NEW_RULE, id: "x" }))).toBe("axc");
  expect(ids(without(rules, "b"))).toBe("ac");
});

test("a rule moves up and down and not beyond the ends", () => {
  expect(ids(moved(rules, "a", 1))).toBe("bac");
  expect(ids(moved(rules, "c", -1))).toBe("acb");
  expect(ids(moved(rules, "a", -1))).toBe("abc");
  expect(ids(moved(rules, "c", 5))).toBe("abc");
  expect(ids(moved(rules, "unknown", 1))).toBe("abc");
});
