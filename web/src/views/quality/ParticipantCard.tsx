import { useLingui } from "@lingui/react/macro";
import { CircleCheck, TriangleAlert } from "lucide-react";
import type { ParticipantQuality } from "../../api/types.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { TimePlot } from "../../ui/TimePlot.tsx";
import { useSentences } from "./useSentences.ts";

interface ParticipantCardProps {
  readonly participant: ParticipantQuality;
  /** The session's span, in milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

/** How it went for one person: a sentence, and the lines behind it. */
export function ParticipantCard({ participant, from, until }: ParticipantCardProps) {
  const { t, i18n } = useLingui();
  const sentences = useSentences();
  const { name, verdict, series } = participant;
  const isGood = verdict.cause === null;
  const [first, ...rest] = sentences(participant);
  const at = series.at.map((moment) => Date.parse(moment));
  const marked =
    verdict.since === null || verdict.until === null
      ? null
      : ([Date.parse(verdict.since), Date.parse(verdict.until)] as const);
  const percent = (share: number): string =>
    i18n.number(share, { style: "percent", maximumFractionDigits: 1 });
  const ms = (value: number): string => t`${i18n.number(Math.round(value))} ms`;
  const kbps = (bps: number): string => t`${i18n.number(Math.round(bps / 1000))} kbit/s`;
  const stay = [participant.joined_at, participant.left_at].map((moment) =>
    moment === null ? t`now` : i18n.date(moment, { hour: "numeric", minute: "2-digit" }),
  );
  const most = (show: (value: number) => string) => (value: number) => {
    const shown = show(value);
    return t`up to ${shown}`;
  };
  const isMissing = verdict.frozen_ms + verdict.concealed_ms > 0;
  const shared = { at, from, until, marked };
  return (
    <article className="card quality__person" data-good={isGood || undefined}>
      <header>
        <Avatar name={name} size="small" />
        <h2 className="truncate">
          <bdi>{name}</bdi>
        </h2>
        <span className="muted small">{stay.join(" – ")}</span>
      </header>
      <p className="quality__sentence">
        {isGood ? (
          <CircleCheck size={20} aria-hidden="true" />
        ) : (
          <TriangleAlert size={20} aria-hidden="true" />
        )}
        <span>{first}</span>
      </p>
      {rest.length > 0 && (
        <ul className="quality__more muted">
          {rest.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      {at.length > 1 && (
        <div className="quality__plots">
          <TimePlot
            {...shared}
            label={t`Lost`}
            lines={[
              { label: t`to them`, values: series.down_loss },
              { label: t`from them`, values: series.up_loss },
            ]}
            show={most(percent)}
            least={0.05}
          />
          <TimePlot
            {...shared}
            label={t`Rate`}
            lines={[
              { label: t`to them`, values: series.down_bps },
              { label: t`from them`, values: series.up_bps },
            ]}
            show={most(kbps)}
            least={100_000}
          />
          <TimePlot
            {...shared}
            label={t`Round trip`}
            lines={[{ label: t`Round trip`, values: series.rtt_ms }]}
            show={most(ms)}
            least={100}
          />
          {isMissing && (
            <TimePlot
              {...shared}
              label={t`Missing`}
              lines={[
                { label: t`pictures`, values: series.frozen_ms },
                { label: t`sound`, values: series.concealed_ms },
              ]}
              show={most(ms)}
              least={1000}
            />
          )}
        </div>
      )}
    </article>
  );
}
