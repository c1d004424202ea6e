import { Plural, useLingui } from "@lingui/react/macro";
import { ArrowRight } from "lucide-react";
import type { MarketChange, MarketSimulation, TenantGroup } from "../../../api/types.ts";
import { Note } from "../../../ui/Note.tsx";
import { useMarketWords } from "../useMarketWords.ts";

/** Groups of tenants that are listed for one change; the rest is counted. */
const SHOWN_GROUPS = 5;

/** Who gains and who loses what at a moment. */
export function SimulationResult({ result }: { readonly result: MarketSimulation }) {
  const { t, i18n } = useLingui();
  const words = useMarketWords();
  const at = words.moment(result.at);
  const all = i18n.number(result.tenants);
  return (
    <div className="console__result" role="status">
      {result.changes.length === 0 ? (
        <Note tone="success">{t`On ${at} nothing changes for any of ${all} tenants.`}</Note>
      ) : (
        <>
          <h3>{t`What changes on ${at}, of ${all} tenants`}</h3>
          {result.changes.map((change) => (
            <Change key={`${change.verb} ${change.was_rule} ${change.rule}`} change={change} />
          ))}
        </>
      )}
    </div>
  );
}

function Change({ change }: { readonly change: MarketChange }) {
  const { t, i18n } = useLingui();
  const words = useMarketWords();
  const loses = change.becomes === "deny";
  const sentence = words.sentence(change.message);
  const rest = change.of.slice(SHOWN_GROUPS).reduce((sum, group) => sum + group.tenants, 0);
  return (
    <article className="console__change" data-tone={loses ? "danger" : "success"}>
      <h4>
        <span>{words.verb(change.verb)}</span>
        <span className="console__turn small">
          {words.decision(change.was)}
          <ArrowRight size={16} aria-label={t`becomes`} />
          <span className="badge" data-tone={loses ? "danger" : "success"}>
            {words.decision(change.becomes)}
          </span>
        </span>
      </h4>
      <p>
        <Plural value={change.tenants} one="# tenant" other="# tenants" />
        {" · "}
        {t`by rule ${change.rule}`}
      </p>
      {sentence !== "" && <p className="muted">{sentence}</p>}
      {change.offers.length > 0 && <p>{t`Offered instead: ${words.list(change.offers)}`}</p>}
      <ul className="console__groups small muted">
        {change.of.slice(0, SHOWN_GROUPS).map((group) => (
          <Group key={group.example.id} group={group} />
        ))}
        {rest > 0 && <li>{t`${i18n.number(rest)} others`}</li>}
      </ul>
    </article>
  );
}

function Group({ group }: { readonly group: TenantGroup }) {
  const { i18n } = useLingui();
  const words = useMarketWords();
  const { country, kind, channel } = group.example;
  const who = [country === null ? null : words.place(country), words.kind(kind), words.channel(channel)];
  return (
    <li>
      {i18n.number(group.tenants)} × {who.filter((part) => part !== null).join(" · ")}
    </li>
  );
}
