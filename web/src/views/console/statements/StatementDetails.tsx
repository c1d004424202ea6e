import { useLingui } from "@lingui/react/macro";
import type { Statement } from "../../../api/types.ts";
import "../../../ui/Facts.css";
import { useMoney } from "./useMoney.ts";

interface StatementDetailsProps {
  readonly statement: Statement;
}

/** How an account came from its opening to its closing balance. */
export function StatementDetails({ statement }: StatementDetailsProps) {
  const { t, i18n } = useLingui();
  const money = useMoney();
  const amount = (text: string) => money(text, statement.currency);
  const sums = [
    [t`Owed before`, statement.opening],
    [t`Charges`, statement.charges],
    [t`Credits`, statement.credits],
    [t`Payments`, statement.payments],
    [t`Owed at the end`, statement.closing],
  ] as const;
  const { buyer_name: buyer, seller_name: seller } = statement;
  return (
    <section className="card" aria-label={buyer}>
      <header>
        <h2>{buyer}</h2>
        <p className="muted small">{t`Sold by ${seller}`}</p>
      </header>
      <dl className="console__sums">
        {sums.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{amount(value)}</dd>
          </div>
        ))}
      </dl>
      {statement.lines.length > 0 && (
        <ul className="console__lines">
          {statement.lines.map((line) => (
            <li key={line.reference}>
              <span>
                {line.sku === null ? line.kind : line.sku}
                {line.quantity !== null && ` × ${i18n.number(line.quantity)}`}
                <br />
                <span className="muted small">
                  {i18n.date(line.at, { dateStyle: "medium" })}
                  {line.memo !== "" && ` · ${line.memo}`}
                </span>
              </span>
              <span className="console__amount">{amount(line.amount)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
