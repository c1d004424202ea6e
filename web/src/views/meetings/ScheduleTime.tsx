import { toCalendarDate } from "@internationalized/date";
import { useLingui } from "@lingui/react/macro";
import { useMemo } from "react";
import { Choices } from "../../ui/Choices.tsx";
import { DateField } from "../../ui/DateField.tsx";
import { SearchSelect } from "../../ui/SearchSelect.tsx";
import { Select } from "../../ui/Select.tsx";
import { type Draft, inZone, startDay } from "./draft.ts";
import { type Rhythm, rhythmName, ruleName } from "./recurrence.ts";
import { durationName } from "./times.ts";
import { zoneOptions } from "./zones.ts";

const DURATIONS = [15, 30, 45, 60, 90, 120, 180, 240, 480];
const RHYTHMS: readonly Rhythm[] = [
  "never",
  "daily",
  "weekdays",
  "weekly",
  "fortnightly",
  "monthly",
  "monthly-weekday",
  "yearly",
];

interface ScheduleTimeProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly untilError: string | undefined;
  /** A rule that the form cannot show; it can be kept. */
  readonly customRule: string | null;
}

/** When, in which time zone, how long, and how often. */
export function ScheduleTime({ draft, onChange, untilError, customRule }: ScheduleTimeProps) {
  const { t, i18n } = useLingui();
  const zone = draft.start.timeZone;
  const zones = useMemo(() => zoneOptions(i18n.locale, new Date(), zone), [i18n.locale, zone]);
  const durations = [...new Set([...DURATIONS, draft.durationMinutes])].sort((a, b) => a - b);
  const day = startDay(draft);
  const rhythms = RHYTHMS.map((id) => ({ id: id as Draft["rhythm"], label: rhythmName(i18n, id, day) }));
  if (draft.rhythm === "custom" && customRule !== null) {
    rhythms.push({ id: "custom", label: ruleName(i18n, customRule, day, zone) });
  }
  return (
    <>
      <div className="form__row">
        <DateField
          label={t`When`}
          value={draft.start}
          onChange={(start) => start !== null && onChange({ ...draft, start })}
          granularity="minute"
          hideTimeZone
          isRequired
        />
        <Select
          label={t`Duration`}
          options={durations.map((minutes) => ({ id: String(minutes), label: durationName(i18n, minutes) }))}
          value={String(draft.durationMinutes)}
          onChange={(minutes) => onChange({ ...draft, durationMinutes: Number(minutes) })}
        />
      </div>
      <SearchSelect
        label={t`Time zone`}
        options={zones}
        value={zone}
        onChange={(next) => onChange(inZone(draft, next))}
      />
      <Select
        label={t`Repeat`}
        options={rhythms}
        value={draft.rhythm}
        onChange={(rhythm) => onChange({ ...draft, rhythm, until: rhythm === "never" ? null : draft.until })}
      />
      {draft.rhythm !== "never" && draft.rhythm !== "custom" && (
        <div className="form__row">
          <Choices
            label={t`Ends`}
            choices={[
              { id: "never", label: t`Never` },
              { id: "until", label: t`On a day` },
            ]}
            value={draft.until === null ? "never" : "until"}
            onChange={(end) =>
              onChange({
                ...draft,
                until: end === "never" ? null : toCalendarDate(draft.start).add({ months: 3 }),
              })
            }
          />
          {draft.until !== null && (
            <DateField
              label={t`Last day`}
              value={draft.until}
              onChange={(until) => until !== null && onChange({ ...draft, until })}
              error={untilError}
            />
          )}
        </div>
      )}
    </>
  );
}
