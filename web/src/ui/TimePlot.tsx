import "./TimePlot.css";

const WIDTH = 400;
const HEIGHT = 64;

export interface TimeLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

interface TimePlotProps {
  readonly label: string;
  /** Milliseconds since 1970, rising; one for each value. */
  readonly at: readonly number[];
  /** The whole span that is shown, which other plots share. */
  readonly from: number;
  readonly until: number;
  /** The first is drawn whole, the second dashed. */
  readonly lines: readonly [TimeLine] | readonly [TimeLine, TimeLine];
  readonly show: (value: number) => string;
  /** The top is at least this, so that noise does not look like a mountain. */
  readonly least: number;
  /** A time to point at. */
  readonly marked: readonly [number, number] | null;
}

/** Lines over time, with the largest value in words. A gap is where nothing was measured. */
export function TimePlot({ label, at, from, until, lines, show, least, marked }: TimePlotProps) {
  const most = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = Math.max(least, most);
  const x = (time: number): number => (WIDTH * (time - from)) / Math.max(1, until - from);
  const y = (value: number): number => HEIGHT - 1 - (value / top) * (HEIGHT - 2);
  const path = (values: readonly (number | null)[]): string => {
    const gap = widestStep(at);
    let last = Number.NEGATIVE_INFINITY;
    return values
      .map((value, index) => {
        const time = at[index];
        if (value === null || time === undefined) return "";
        const stroke = time - last > gap ? "M" : "L";
        last = time;
        return `${stroke}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
      })
      .join("");
  };
  return (
    <figure className="time-plot">
      <figcaption>
        <span className="time-plot__label">{label}</span>
        {lines.length === 2 &&
          lines.map((line, index) => (
            <span key={line.label} className="time-plot__key" data-line={index}>
              {line.label}
            </span>
          ))}
        <span className="time-plot__most">{show(most)}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {marked !== null && (
          <rect x={x(marked[0])} width={Math.max(2, x(marked[1]) - x(marked[0]))} height={HEIGHT} />
        )}
        {lines.map((line, index) => (
          <path key={line.label} d={path(line.values)} data-line={index} />
        ))}
      </svg>
    </figure>
  );
}

/** Samples further apart than this have something missing between them. */
function widestStep(at: readonly number[]): number {
  const steps = at.slice(1).map((time, index) => time - (at[index] ?? time));
  steps.sort((a, b) => a - b);
  return 2.5 * (steps[Math.floor(steps.length / 2)] ?? 0) || Number.POSITIVE_INFINITY;
}
