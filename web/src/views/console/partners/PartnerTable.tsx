import { useLingui } from "@lingui/react/macro";
import { CornerDownRight } from "lucide-react";
import type { PartnerRow } from "../../../api/types.ts";
import { Button } from "../../../ui/Button.tsx";
import "../../../ui/Table.css";
import { useMarketWords } from "../useMarketWords.ts";
import type { Tiered } from "./tiers.ts";

interface PartnerTableProps {
  readonly partners: readonly Tiered[];
  /** Absent for who may only look. */
  readonly onChange?: (partner: PartnerRow) => void;
}

/** Partners, a row each, moved in by their tier. */
export function PartnerTable({ partners, onChange }: PartnerTableProps) {
  const { t, i18n } = useLingui();
  const words = useMarketWords();
  const day = (time: string) => i18n.date(time, { dateStyle: "medium" });
  return (
    <table className="table rules">
      <thead>
        <tr>
          <th scope="col">{t`Name`}</th>
          <th scope="col">{t`Code`}</th>
          <th scope="col">{t`Kind of partner`}</th>
          <th scope="col">{t`Since`}</th>
          <th scope="col">{t`Status`}</th>
          {onChange !== undefined && (
            <th>
              <span className="visually-hidden">{t`Actions`}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {partners.map(({ partner, tier }) => (
          <tr key={partner.code}>
            <th scope="row">
              <span className="rules__name" data-tier={tier}>
                {tier > 0 && <CornerDownRight size={16} aria-hidden="true" />}
                {partner.name}
              </span>
            </th>
            <td data-label={t`Code`}>{partner.code}</td>
            <td data-label={t`Kind of partner`}>{words.partner(partner.kind)}</td>
            <td data-label={t`Since`}>{day(partner.created_at)}</td>
            <td data-label={t`Status`}>
              <span className="badge" data-tone={partner.ended_at === null ? "success" : "plain"}>
                {partner.ended_at === null ? t`Active` : t`Ended on ${day(partner.ended_at)}`}
              </span>
            </td>
            {onChange !== undefined && (
              <td className="table__act">
                <Button size="small" onPress={() => onChange(partner)} aria-label={t`Change ${partner.name}`}>
                  {t`Change…`}
                </Button>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
