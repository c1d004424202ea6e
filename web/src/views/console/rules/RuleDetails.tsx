import { useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import type { MarketFinding, MarketRule } from "../../../api/types.ts";
import { languageName } from "../../../i18n/languages.ts";
import "../../../ui/Facts.css";
import { Note } from "../../../ui/Note.tsx";
import { useMarketWords } from "../useMarketWords.ts";

interface RuleDetailsProps {
  readonly rule: MarketRule;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly findings: readonly MarketFinding[];
}

/** All that a rule says. */
export function RuleDetails({ rule, groups, findings }: RuleDetailsProps) {
  const { t } = useLingui();
  const words = useMarketWords();
  const any = t`Any`;
  const listed = (values: readonly string[] | undefined) =>
    values === undefined || values.length === 0 ? any : words.list(values);
  const place = (code: string) => {
    const group = groups[code];
    return group === undefined ? words.place(code) : `${code} (${group.map(words.place).join(", ")})`;
  };
  const told = (kind: MarketFinding["kind"], others: string) =>
    ({
      shadowed: t`This rule never decides: ${others} before it say the same.`,
      contradicted: t`This rule never decides: ${others} before it say the opposite of it, or answer before it.`,
      overlapping: t`This rule and ${others} before it decide some questions differently: their order matters.`,
    })[kind];
  const facts: readonly (readonly [string, ReactNode])[] = [
    [t`From`, rule.from === undefined ? t`Always` : words.moment(rule.from)],
    ...(rule.until === undefined ? [] : ([[t`Until`, words.moment(rule.until)]] as const)),
    [t`Country or region`, listed(rule.countries?.map(place))],
    [t`Kind of tenant`, listed(rule.kinds?.map(words.kind))],
    [t`Channel`, listed(rule.channels?.map(words.channel))],
    [t`Plan`, listed(rule.plans)],
    [t`Partner`, listed(rule.partners)],
    [t`About`, listed(rule.verbs.map(words.verb))],
    ...((rule.offers ?? []).length === 0 ? [] : ([[t`Offered instead`, listed(rule.offers)]] as const)),
  ];
  const messages = Object.entries(rule.message ?? {});
  return (
    <section className="card" aria-label={rule.id}>
      <header className="console__title">
        <h2>{rule.id}</h2>
        <span className="badge" data-tone={rule.decision === "allow" ? "success" : "danger"}>
          {words.decision(rule.decision)}
        </span>
      </header>
      {findings.map((finding) => (
        <Note key={finding.kind} tone="warning">
          {told(finding.kind, words.list(finding.by))}
        </Note>
      ))}
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name} className="facts__row">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {messages.length > 0 && (
        <div className="console__messages">
          <h3>{t`What people read`}</h3>
          {messages.map(([language, sentence]) => (
            <p key={language} lang={language}>
              <span className="muted small">{languageName(language)}</span>
              <br />
              {sentence}
            </p>
          ))}
        </div>
      )}
    </section>
  );
}
