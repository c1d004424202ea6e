import { useLingui } from "@lingui/react/macro";
import type { ReceivedStream, Slot } from "../../api/signalling.ts";
import type { Sample, StreamSample } from "../../call/stats.ts";

interface StreamTableProps {
  readonly sample: Sample;
  readonly slots: readonly Slot[];
  /** What the server says of the streams that it sends. */
  readonly received: readonly ReceivedStream[];
  readonly nameOf: (participant: string) => string;
}

/** Each stream that flows now. */
export function StreamTable({ sample, slots, received, nameOf }: StreamTableProps) {
  const { t, i18n } = useLingui();
  const whose = (stream: StreamSample): string => {
    if (stream.direction === "up") return t`You`;
    const participant = slots.find(({ mid }) => mid === stream.mid)?.participant;
    return participant ? nameOf(participant) : "–";
  };
  const reasons: Readonly<Record<string, string>> = {
    tile: t`Fits its tile`,
    only: t`Only one there is`,
    bandwidth: t`No room for a larger one`,
    not_sent: t`No larger one sent`,
    key_frame: t`Changing`,
    no_room: t`No room`,
    cannot_decode: t`Cannot be shown`,
  };
  const why = (stream: StreamSample): string => {
    const slot = slots.find(({ mid }) => stream.direction === "down" && mid === stream.mid);
    const sent = received.find(
      ({ participant, source }) => participant === slot?.participant && source === slot.source,
    );
    return reasons[sent?.reason ?? ""] ?? "–";
  };
  const size = ({ width, height, framesPerSecond }: StreamSample): string =>
    width === null || height === null
      ? "–"
      : `${width}×${height} ${framesPerSecond === null ? "" : `@${Math.round(framesPerSecond)}`}`;
  return (
    <div className="statistics__scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">{t`Who`}</th>
            <th scope="col">{t`Stream`}</th>
            <th scope="col">{t`kbit/s`}</th>
            <th scope="col">{t`Lost`}</th>
            <th scope="col">{t`Size`}</th>
            <th scope="col">{t`Buffer (ms)`}</th>
            <th scope="col">{t`Why this size`}</th>
          </tr>
        </thead>
        <tbody>
          {sample.streams.map((stream) => (
            <tr key={`${stream.direction}-${stream.mid}-${stream.kind}`}>
              <td>
                <bdi>{whose(stream)}</bdi>
              </td>
              <td>{stream.codec}</td>
              <td>{i18n.number(Math.round(stream.bitrateBps / 1000))}</td>
              <td>{i18n.number(stream.loss, { style: "percent", maximumFractionDigits: 1 })}</td>
              <td>{size(stream)}</td>
              <td>{stream.bufferMs === null ? "–" : i18n.number(Math.round(stream.bufferMs))}</td>
              <td>{why(stream)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
