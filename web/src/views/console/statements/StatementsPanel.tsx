import { type CalendarDate, today } from "@internationalized/date";
import { useLingui } from "@lingui/react/macro";
import { ChevronLeft, ChevronRight, Download, Receipt } from "lucide-react";
import { useState } from "react";
import type { Statement } from "../../../api/types.ts";
import { usePages } from "../../../shell/usePages.ts";
import { Button, ButtonLink, IconButton } from "../../../ui/Button.tsx";
import { ErrorPanel } from "../../../ui/ErrorPanel.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";
import { StatePanel } from "../../../ui/StatePanel.tsx";
import { Split } from "../Split.tsx";
import { keyOf } from "./key.ts";
import { StatementDetails } from "./StatementDetails.tsx";
import { StatementTable } from "./StatementTable.tsx";

/** One's accounts over a month, with who sells to one and with those that one sells to. */
export function StatementsPanel() {
  const { t, i18n } = useLingui();
  const [month, setMonth] = useState<CalendarDate>(() => today("UTC").set({ day: 1 }));
  const [chosen, setChosen] = useState<string | null>(null);
  const named = month.toString().slice(0, 7);
  const { resource, reload, hasMore, more } = usePages<Statement>("/billing/statements", { month: named });
  const statements = resource.state === "ready" ? resource.value : [];
  const move = (months: number) => {
    setMonth(month.add({ months }));
    setChosen(null);
  };
  const statement = statements.find((one) => keyOf(one) === chosen);
  const title = i18n.date(month.toDate("UTC"), { year: "numeric", month: "long", timeZone: "UTC" });
  return (
    <Split
      hint={t`Choose an account to see its lines.`}
      back={t`All accounts`}
      onBack={() => setChosen(null)}
      list={
        <>
          <div className="split__head">
            <div className="console__month">
              <IconButton
                label={t`Previous month`}
                icon={<ChevronLeft size={20} aria-hidden="true" />}
                onPress={() => move(-1)}
              />
              <h2 aria-live="polite">{title}</h2>
              <IconButton
                label={t`Next month`}
                icon={<ChevronRight size={20} aria-hidden="true" />}
                isDisabled={month.add({ months: 1 }).compare(today("UTC")) > 0}
                onPress={() => move(1)}
              />
            </div>
            <ButtonLink
              href={`/api/v1/billing/statements.csv?month=${named}`}
              download={`statements-${named}.csv`}
              icon={<Download size={20} aria-hidden="true" />}
            >
              {t`Download CSV`}
            </ButtonLink>
          </div>
          {resource.state === "loading" && <SkeletonRows rows={4} />}
          {resource.state === "error" && (
            <ErrorPanel
              error={resource.error}
              title={t`The statements could not be loaded`}
              onRetry={() => void reload()}
            />
          )}
          {resource.state === "ready" &&
            (statements.length === 0 ? (
              <StatePanel icon={<Receipt size={40} />} title={t`Nothing was sold or paid in this month`} />
            ) : (
              <StatementTable statements={statements} chosen={chosen} onChoose={setChosen} />
            ))}
          {hasMore && (
            <Button wide onPress={more}>
              {t`Show more`}
            </Button>
          )}
        </>
      }
      details={statement === undefined ? null : <StatementDetails statement={statement} />}
    />
  );
}
