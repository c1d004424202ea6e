import { useLingui } from "@lingui/react/macro";
import type { Slot } from "../../api/signalling.ts";
import type { Sample, StreamSample } from "../../call/stats.ts";

interface StreamTableProps {
  readonly sample: Sample;
  readonly slots: readonly Slot[];
  readonly nameOf: (participant: string) => string;
}

/** Each stream that flows now. */
export function StreamTable({ sample, slots, nameOf }: StreamTableProps) {
  const { t, i18n } = useLingui();
  const whose = (stream: StreamSample): string => {
    if (stream.direction === "up") return t`You`;
    const participant = slots.find(({ mid }) => mid === stream.mid)?.participant;
    return participant ? nameOf(participant) : "–";
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
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
