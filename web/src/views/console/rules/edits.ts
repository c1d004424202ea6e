/** What is done to the rules of a draft, and what the form of one rule holds. Pure. */

import { type CalendarDateTime, parseAbsolute, toCalendarDateTime, toZoned } from "@internationalized/date";
import type { Channel, MarketDecision, MarketRule, MarketVerb, TenantKind } from "../../../api/types.ts";
import type { Language } from "../../../i18n/languages.ts";

type Rules = readonly MarketRule[];

/** The form of one rule: lists are typed with commas, times are those of the zone that the form names. */
export interface RuleForm {
  readonly id: string;
  readonly from: CalendarDateTime | null;
  readonly until: CalendarDateTime | null;
  readonly countries: string;
  readonly kinds: readonly TenantKind[];
  readonly channels: readonly Channel[];
  readonly plans: string;
  readonly partners: string;
  readonly verbs: readonly MarketVerb[];
  readonly decision: MarketDecision;
  readonly offers: string;
  readonly message: Readonly<Partial<Record<Language, string>>>;
}

export const NEW_RULE: MarketRule = { id: "", verbs: [], decision: "deny" };

export function formOf(rule: MarketRule, zone: string): RuleForm {
  return {
    id: rule.id,
    from: timeIn(rule.from, zone),
    until: timeIn(rule.until, zone),
    countries: listed(rule.countries),
    kinds: rule.kinds ?? [],
    channels: rule.channels ?? [],
    plans: listed(rule.plans),
    partners: listed(rule.partners),
    verbs: rule.verbs,
    decision: rule.decision,
    offers: listed(rule.offers),
    message: rule.message ?? {},
  };
}

/** The rule that a form says; what was left empty is left out. */
export function ruleOf(form: RuleForm, zone: string): MarketRule {
  const message = Object.entries(form.message).flatMap(([tag, sentence]) =>
    sentence.trim() === "" ? [] : [[tag, sentence.trim()] as const],
  );
  const offers = words(form.offers);
  return {
    id: form.id.trim(),
    ...(form.from !== null && { from: toZoned(form.from, zone).toAbsoluteString() }),
    ...(form.until !== null && { until: toZoned(form.until, zone).toAbsoluteString() }),
    ...some("countries", words(form.countries)),
    ...some("kinds", form.kinds),
    ...some("channels", form.channels),
    ...some("plans", words(form.plans)),
    ...some("partners", words(form.partners)),
    verbs: form.verbs,
    decision: form.decision,
    // Who is allowed to do a thing is not sent elsewhere for it.
    ...(form.decision === "deny" && some("offers", offers)),
    ...(message.length > 0 && { message: Object.fromEntries(message) }),
  };
}

/** With `rule` in the place of the one that was `was`; before all others when there was none: the first one decides. */
export function put(rules: Rules, was: string | null, rule: MarketRule): Rules {
  return was === null ? [rule, ...rules] : rules.map((other) => (other.id === was ? rule : other));
}

export function without(rules: Rules, id: string): Rules {
  return rules.filter((rule) => rule.id !== id);
}

/** With a rule so many places further down (or up, when it is less than nothing). */
export function moved(rules: Rules, id: string, by: number): Rules {
  const at = rules.findIndex((rule) => rule.id === id);
  const rule = rules[at];
  if (rule === undefined) return rules;
  const rest = rules.toSpliced(at, 1);
  return rest.toSpliced(Math.min(Math.max(at + by, 0), rest.length), 0, rule);
}

function timeIn(time: string | undefined, zone: string): CalendarDateTime | null {
  return time === undefined ? null : toCalendarDateTime(parseAbsolute(time, zone));
}

function listed(values: readonly string[] | undefined): string {
  return (values ?? []).join(", ");
}

/** Chinese keyboards write other commas. */
function words(text: string): readonly string[] {
  return text.split(/[\s,，、]+/).filter((word) => word !== "");
}

function some<Key extends string, Value>(
  key: Key,
  values: readonly Value[],
): Partial<Record<Key, readonly Value[]>> {
  return values.length === 0 ? {} : ({ [key]: values } as Record<Key, readonly Value[]>);
}
