import { type CalendarDate, today } from "@internationalized/date";
import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { Form } from "react-aria-components/Form";
import { api } from "../../../api/http.ts";
import type { MarketRuleSet, MarketSimulation } from "../../../api/types.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Button } from "../../../ui/Button.tsx";
import { DateField } from "../../../ui/DateField.tsx";
import { Note } from "../../../ui/Note.tsx";
import { SimulationResult } from "./SimulationResult.tsx";

/** Asks what a date changes for the tenants there are. Nothing is stored and nobody is told. */
export function SimulationPanel({ set }: { readonly set: MarketRuleSet | null }) {
  const { t } = useLingui();
  const drafted = set !== null && set.status !== "active";
  const [date, setDate] = useState<CalendarDate | null>(() => today("UTC").add({ days: 1 }));
  const [result, setResult] = useState<MarketSimulation | null>(null);
  const trial = useAction(async () => {
    if (date === null) return;
    const asked = { at: `${date}T00:00:00Z`, ...(drafted && { rule_set: set.id }) };
    setResult(await api.post<MarketSimulation>("/market/simulations", asked));
  });
  return (
    <section className="card" aria-label={t`Try a date`}>
      <h2>{t`What does a date change?`}</h2>
      <Form
        className="console__trial"
        onSubmit={(event) => {
          event.preventDefault();
          void trial.run();
        }}
      >
        <DateField label={t`Date (00:00 UTC)`} value={date} onChange={setDate} isRequired />
        <Button type="submit" variant="primary" isPending={trial.pending}>
          {t`Simulate`}
        </Button>
      </Form>
      <p className="muted small">
        {drafted
          ? t`Version ${set.version} on that day is compared with what holds now, for every tenant there is. Nothing is changed.`
          : t`The rules of that moment are compared with those of now, for every tenant there is. Nothing is changed.`}
      </p>
      {trial.error !== null && <Note tone="danger">{trial.error}</Note>}
      {result !== null && <SimulationResult result={result} />}
    </section>
  );
}
