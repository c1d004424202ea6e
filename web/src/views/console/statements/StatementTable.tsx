import { useLingui } from "@lingui/react/macro";
import { Button as AriaButton } from "react-aria-components/Button";
import type { Statement } from "../../../api/types.ts";
import "../../../ui/Table.css";
import { keyOf } from "./key.ts";
import { useMoney } from "./useMoney.ts";

interface StatementTableProps {
  readonly statements: readonly Statement[];
  readonly chosen: string | null;
  readonly onChoose: (key: string) => void;
}

/** Accounts over a month, a row each. */
export function StatementTable({ statements, chosen, onChoose }: StatementTableProps) {
  const { t } = useLingui();
  const money = useMoney();
  return (
    <table className="table rules">
      <thead>
        <tr>
          <th scope="col">{t`Buyer`}</th>
          <th scope="col">{t`Seller`}</th>
          <th scope="col" className="console__amount">{t`Charges`}</th>
          <th scope="col" className="console__amount">{t`Payments`}</th>
          <th scope="col" className="console__amount">{t`Owed at the end`}</th>
        </tr>
      </thead>
      <tbody>
        {statements.map((one) => (
          <tr key={keyOf(one)} data-chosen={keyOf(one) === chosen || undefined}>
            <th scope="row">
              <AriaButton
                className="rules__choose"
                aria-pressed={keyOf(one) === chosen}
                onPress={() => onChoose(keyOf(one))}
              >
                {one.buyer_name}
              </AriaButton>
            </th>
            <td data-label={t`Seller`}>{one.seller_name}</td>
            <td data-label={t`Charges`} className="console__amount">
              {money(one.charges, one.currency)}
            </td>
            <td data-label={t`Payments`} className="console__amount">
              {money(one.payments, one.currency)}
            </td>
            <td data-label={t`Owed at the end`} className="console__amount">
              {money(one.closing, one.currency)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
