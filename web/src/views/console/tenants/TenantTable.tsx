import { useLingui } from "@lingui/react/macro";
import { Button as AriaButton } from "react-aria-components/Button";
import type { TenantRow } from "../../../api/types.ts";
import "../../../ui/Table.css";
import { ColumnHead } from "../ColumnHead.tsx";
import { useMarketWords } from "../useMarketWords.ts";

interface TenantTableProps {
  readonly tenants: readonly TenantRow[];
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  readonly chosen: string | null;
  readonly onChoose: (id: string) => void;
}

const TONES = { active: "success", suspended: "warning", ended: "plain" } as const;

/** Tenants, a row each. */
export function TenantTable({ tenants, sort, onSort, chosen, onChoose }: TenantTableProps) {
  const { t, i18n } = useLingui();
  const words = useMarketWords();
  return (
    <table className="table rules">
      <thead>
        <tr>
          <ColumnHead by="name" sort={sort} onSort={onSort}>{t`Name`}</ColumnHead>
          <ColumnHead by="country" sort={sort} onSort={onSort}>{t`Country or region`}</ColumnHead>
          <th scope="col">{t`Channel`}</th>
          <ColumnHead by="plan" sort={sort} onSort={onSort}>{t`Plan`}</ColumnHead>
          <th scope="col">{t`Members`}</th>
          <ColumnHead by="status" sort={sort} onSort={onSort}>{t`Status`}</ColumnHead>
        </tr>
      </thead>
      <tbody>
        {tenants.map((tenant) => (
          <tr key={tenant.id} data-chosen={tenant.id === chosen || undefined}>
            <th scope="row">
              <AriaButton
                className="rules__choose"
                aria-pressed={tenant.id === chosen}
                onPress={() => onChoose(tenant.id)}
              >
                {tenant.name}
              </AriaButton>
            </th>
            <td data-label={t`Country or region`}>
              {tenant.country === null ? "–" : words.place(tenant.country)}
            </td>
            <td data-label={t`Channel`}>{tenant.partner ?? words.channel(tenant.channel)}</td>
            <td data-label={t`Plan`}>{tenant.plan}</td>
            <td data-label={t`Members`}>{i18n.number(tenant.members)}</td>
            <td data-label={t`Status`}>
              <span className="badge" data-tone={TONES[tenant.status]}>
                {words.standing(tenant.status)}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
