import { type CalendarDate, today } from "@internationalized/date";
import { useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { Form } from "react-aria-components/Form";
import { api } from "../../../api/http.ts";
import type { MarketSimulation } from "../../../api/types.ts";
import { useAction } from "../../../shell/useAction.ts";
import { Button } from "../../../ui/Button.tsx";
import { DateField } from "../../../ui/DateField.tsx";
import { Note } from "../../../ui/Note.tsx";
import { SimulationResult } from "./SimulationResult.tsx";

/** Asks what a date changes for the tenants there are. Nothing is stored and nobody is told. */
export function SimulationPanel() {
  const { t } = useLingui();
  const [date, setDate] = useState<CalendarDate | null>(() => today("UTC").add({ days: 1 }));
  const [result, setResult] = useState<MarketSimulation | null>(null);
  const trial = useAction(async () => {
    if (date === null) return;
    setResult(await api.post<MarketSimulation>("/market/simulations", { at: `${date}T00:00:00Z` }));
  });
  return (
    <section className="card" aria-label={t`Try a date`}>
      <h3>{t`What does a date change?`}</h3>
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
        {t`The rules of that moment are compared with those of now, for every tenant there is. Nothing is changed.`}
      </p>
      {trial.error !== null && <Note tone="danger">{trial.error}</Note>}
      {result !== null && <SimulationResult result={result} />}
    </section>
  );
}
