import { useLingui } from "@lingui/react/macro";
import type { ParticipantQuality, QualityCause } from "../../api/types.ts";

const SECOND_MS = 1000;

/** How it went for somebody, in sentences: what hindered them, then what came of it. */
export function useSentences(): (participant: ParticipantQuality) => readonly string[] {
  const { t, i18n } = useLingui();
  const clock = (moment: string): string => i18n.date(moment, { hour: "numeric", minute: "2-digit" });
  const seconds = (ms: number): string =>
    i18n.number(ms / SECOND_MS, {
      style: "unit",
      unit: "second",
      maximumFractionDigits: ms < 10 * SECOND_MS ? 1 : 0,
    });
  const percent = (share: number): string =>
    i18n.number(share, { style: "percent", maximumFractionDigits: 0 });

  const said = (cause: QualityCause, when: string, name: string, worst: number): string => {
    const lost = percent(worst);
    const trip = i18n.number(Math.round(worst));
    switch (cause) {
      case "loss_down":
        return t`${when}: up to ${lost} of what was sent to ${name} was lost. They heard and saw others with gaps.`;
      case "loss_up":
        return t`${when}: up to ${lost} of what ${name} sent was lost. Others heard and saw them with gaps.`;
      case "bandwidth_down":
        return t`${when}: the connection to ${name} was too slow for all pictures. Some were left out.`;
      case "delay":
        return t`${when}: the way between ${name} and the server was long, up to ${trip} ms there and back. Answers came late.`;
      case "computer":
        return t`${when}: the computer of ${name} was busy. Their picture was sent smaller.`;
      case "bandwidth_up":
        return t`${when}: the connection from ${name} was full. Their picture was sent smaller.`;
      case "others":
        return t`${when}: pictures stood still for ${name} because somebody else lost packets on the way up.`;
      case "unknown":
        return t`${when}: pictures stood still for ${name}. Nothing that was measured says why.`;
    }
  };

  return ({ name, verdict, series }) => {
    if (series.at.length === 0) return [t`Nothing was measured.`];
    const { cause, since, until, worst, frozen_ms, concealed_ms } = verdict;
    const from = clock(since ?? series.at[0] ?? "");
    const to = clock(until ?? series.at.at(-1) ?? "");
    const when = from === to ? from : t`${from} to ${to}`;
    const frozen = seconds(frozen_ms);
    const silent = seconds(concealed_ms);
    return [
      cause === null ? t`Nothing hindered ${name}.` : said(cause, when, name, worst ?? 0),
      ...(frozen_ms >= SECOND_MS ? [t`Pictures stood still for ${frozen} in all.`] : []),
      ...(concealed_ms >= SECOND_MS ? [t`Sound was missing for ${silent} in all.`] : []),
    ];
  };
}
