import "./Meter.css";

interface MeterProps {
  /** What it measures, as "Microphone level". */
  readonly label: string;
  /** 0…1. */
  readonly value: number;
  readonly steps?: number;
}

/** A level in steps, as of a microphone. */
export function Meter({ label, value, steps = 12 }: MeterProps) {
  const lit = Math.round(Math.min(1, Math.max(0, value)) * steps);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <meter> cannot be drawn in steps
    <div
      className="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={steps}
      aria-valuenow={lit}
    >
      {Array.from({ length: steps }, (_, step) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the steps never move
        <span className="meter__step" data-lit={step < lit || undefined} key={step} />
      ))}
    </div>
  );
}
