import { useLingui } from "@lingui/react/macro";
import { Copy } from "lucide-react";
import type { State } from "../../api/signalling.ts";
import type { Call } from "../../call/call.ts";
import { useCallView, useServerStatistics, useStatistics } from "../../call/hooks.ts";
import { type JoinStep, joinTimings } from "../../call/marks.ts";
import type { Limit } from "../../call/stats.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Plot } from "./Plot.tsx";
import { StreamTable } from "./StreamTable.tsx";
import "./statistics.css";

interface StatisticsDialogProps {
  readonly call: Call;
  readonly meeting: State;
  readonly onClose: () => void;
}

/** What the connection does, drawn and in one sentence. */
export default function StatisticsDialog({ call, meeting, onClose }: StatisticsDialogProps) {
  const { t, i18n } = useLingui();
  const { slots } = useCallView(call);
  const { samples, skews, limit } = useStatistics(call);
  const server = useServerStatistics(call);
  const last = samples.at(-1);
  const limits: Readonly<Record<Limit, string>> = {
    offline: t`There is no connection at the moment.`,
    loss_up: t`Packets are lost on the way from you: others may hear and see you with gaps.`,
    loss_down: t`Packets are lost on the way to you: you may hear and see others with gaps.`,
    delay: t`The way to the server is long: answers come late.`,
    computer: t`This computer is busy: your picture is sent smaller.`,
    bandwidth_down: t`Your connection downwards is too slow for all pictures: some are left out.`,
    bandwidth_up: t`Your connection upwards is full: your picture is sent smaller.`,
    nothing: t`Nothing limits you.`,
  };
  const steps: Readonly<Record<Exclude<JoinStep, "click">, string>> = {
    api: t`Admitted`,
    signalling: t`Signalling connected`,
    offer: t`Media offered`,
    answer: t`Media answered`,
    ice: t`Path found (ICE)`,
    dtls: t`Keys agreed (DTLS)`,
    "first-frame": t`First picture`,
  };
  const kbps = (bps: number): string => t`${i18n.number(Math.round(bps / 1000))} kbit/s`;
  const percent = (share: number): string =>
    i18n.number(share, { style: "percent", maximumFractionDigits: 1 });
  const ms = (value: number): string => t`${i18n.number(Math.round(value))} ms`;
  const plots = [
    { label: t`Sent`, values: samples.map((sample) => sample.up.bitrateBps), show: kbps },
    { label: t`Received`, values: samples.map((sample) => sample.down.bitrateBps), show: kbps },
    {
      label: t`Lost on the way up`,
      values: samples.map((sample) => sample.up.loss),
      show: percent,
      least: 0.05,
    },
    {
      label: t`Lost on the way down`,
      values: samples.map((sample) => sample.down.loss),
      show: percent,
      least: 0.05,
    },
    { label: t`Round trip`, values: samples.map((sample) => sample.roundTripMs ?? 0), show: ms, least: 50 },
  ];
  const nameOf = (id: string): string => meeting.participants.find((person) => person.id === id)?.name ?? id;
  const asText = (): string =>
    JSON.stringify({ limit, join_ms: joinTimings(), last, skews, server }, null, 2);
  return (
    <Dialog
      title={t`Statistics`}
      isOpen
      size="wide"
      onClose={onClose}
      actions={
        <Button
          icon={<Copy size={16} aria-hidden="true" />}
          onPress={() => void navigator.clipboard.writeText(asText())}
        >
          {t`Copy as text`}
        </Button>
      }
    >
      <div className="statistics">
        <p className="statistics__limit" data-good={limit === "nothing" || undefined}>
          {limits[limit]}
        </p>
        <div className="statistics__plots">
          {plots.map((plot) => (
            <Plot key={plot.label} {...plot} />
          ))}
        </div>
        {last !== undefined && (
          <StreamTable sample={last} slots={slots} received={server?.streams ?? []} nameOf={nameOf} />
        )}
        {skews.length > 0 && (
          <section>
            <h3>{t`Sound against picture`}</h3>
            <ul>
              {skews.map(({ participant, skewMs }) => (
                <li key={participant} className="statistics__pair">
                  <bdi className="truncate">{nameOf(participant)}</bdi>
                  <span>{ms(skewMs)}</span>
                </li>
              ))}
            </ul>
          </section>
        )}
        <section>
          <h3>{t`The way in`}</h3>
          <ul>
            {joinTimings().map(({ step, ms: took }) => (
              <li key={step} className="statistics__pair">
                <span>{steps[step]}</span>
                <span>{ms(took)}</span>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </Dialog>
  );
}
