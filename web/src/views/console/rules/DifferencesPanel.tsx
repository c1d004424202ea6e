import { useLingui } from "@lingui/react/macro";
import { api } from "../../../api/http.ts";
import type { MarketDifference, MarketRuleSet, Page } from "../../../api/types.ts";
import { useResource } from "../../../shell/useResource.ts";
import { ErrorPanel } from "../../../ui/ErrorPanel.tsx";
import { Note } from "../../../ui/Note.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";

/** What a version would change of the rules in force, rule by rule. */
export function DifferencesPanel({ set }: { readonly set: MarketRuleSet }) {
  const { t } = useLingui();
  const { resource, reload } = useResource(`${set.id} ${set.revision}`, (signal) =>
    api.get<Page<MarketDifference>>(`/market/rules/${set.id}/differences`, { signal }),
  );
  return (
    <section className="card" aria-label={t`Compared with what is in force`}>
      <h2>{t`Compared with what is in force`}</h2>
      {resource.state === "loading" && <SkeletonRows rows={3} />}
      {resource.state === "error" && (
        <ErrorPanel error={resource.error} title={t`The rules could not be compared`} onRetry={reload} />
      )}
      {resource.state === "ready" &&
        (resource.value.items.length === 0 ? (
          <Note>{t`There is no difference.`}</Note>
        ) : (
          resource.value.items.map((difference) => (
            <Entry key={`${difference.kind} ${difference.rule}`} difference={difference} />
          ))
        ))}
    </section>
  );
}

const TONES = { added: "success", removed: "danger", changed: "warning", moved: "accent" } as const;

function Entry({ difference }: { readonly difference: MarketDifference }) {
  const { t } = useLingui();
  const { kind, rule, was = {}, now = {} } = difference;
  const words = { added: t`Added`, removed: t`Removed`, changed: t`Changed`, moved: t`Moved` };
  const keys = kind === "changed" ? [...new Set([...Object.keys(was), ...Object.keys(now)])] : [];
  return (
    <article className="console__difference">
      <h3>
        <span className="badge" data-tone={TONES[kind]}>
          {words[kind]}
        </span>
        {rule}
      </h3>
      {keys.map((key) => (
        <p key={key} className="small">
          <code>{key}</code>: <del>{text(was[key])}</del> <ins>{text(now[key])}</ins>
        </p>
      ))}
    </article>
  );
}

function text(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
