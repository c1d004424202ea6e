const WIDTH = 120;
const HEIGHT = 32;

interface PlotProps {
  readonly label: string;
  /** One a second, oldest first. */
  readonly values: readonly number[];
  readonly show: (value: number) => string;
  /** The top of the plot is at least this, so that noise does not look like a mountain. */
  readonly least?: number;
}

/** A line of the last two minutes with its present value in words. */
export function Plot({ label, values, show, least = 1 }: PlotProps) {
  const top = Math.max(least, ...values);
  const points = values
    .map(
      (value, index) =>
        `${WIDTH - values.length + index},${(HEIGHT - (value / top) * (HEIGHT - 1)).toFixed(1)}`,
    )
    .join(" ");
  return (
    <figure className="plot">
      <figcaption>
        <span>{label}</span>
        <strong>{show(values.at(-1) ?? 0)}</strong>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <polyline points={points} />
      </svg>
    </figure>
  );
}
