import { useLingui } from "@lingui/react/macro";
import { api } from "../../../api/http.ts";
import type { OneTimeLink, TenantRow } from "../../../api/types.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Button } from "../../../ui/Button.tsx";
import "../../../ui/Facts.css";
import { Note } from "../../../ui/Note.tsx";
import { useMarketWords } from "../useMarketWords.ts";

interface TenantDetailsProps {
  readonly tenant: TenantRow;
  /** Absent for who may only look. */
  readonly onChange?: () => void;
  readonly onOwnerLink?: (link: OneTimeLink) => void;
}

/** What a tenant is and has; nothing of what its people say or plan. */
export function TenantDetails({ tenant, onChange, onOwnerLink }: TenantDetailsProps) {
  const { t, i18n } = useLingui();
  const words = useMarketWords();
  const invite = useAction(async () => {
    onOwnerLink?.(await api.post<OneTimeLink>(`/tenants/${tenant.id}/owner-link`));
  });
  const facts = [
    [t`Kind of tenant`, words.kind(tenant.kind)],
    [t`Country or region`, tenant.country === null ? "–" : words.place(tenant.country)],
    ...(tenant.subdivision === null ? [] : [[t`Part of it`, tenant.subdivision]]),
    [t`Channel`, words.channel(tenant.channel)],
    ...(tenant.partner === null ? [] : [[t`Partner`, tenant.partner]]),
    [t`Plan`, tenant.plan],
    [t`Members`, i18n.number(tenant.members)],
    [t`Since`, i18n.date(tenant.created_at, { dateStyle: "medium" })],
    [t`Status`, words.standing(tenant.status)],
  ] as const;
  return (
    <section className="card" aria-label={tenant.name}>
      <h2>{tenant.name}</h2>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name} className="facts__row">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {onChange !== undefined && (
        <div className="form__actions">
          <Button onPress={onChange}>{t`Change…`}</Button>
          {onOwnerLink !== undefined && tenant.members === 0 && (
            <Button isPending={invite.pending} onPress={() => void invite.run()}>
              {t`New link for the first owner`}
            </Button>
          )}
        </div>
      )}
      {invite.error !== null && <Note tone="danger">{invite.error}</Note>}
    </section>
  );
}
