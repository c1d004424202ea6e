import { useLingui } from "@lingui/react/macro";
import type { CSSProperties } from "react";
import "./States.css";

interface SkeletonProps {
  /** As CSS; a line of text by default. */
  readonly width?: CSSProperties["width"];
  readonly height?: CSSProperties["height"];
  readonly shape?: "line" | "block" | "circle";
}

/** The place of something that is on its way. */
export function Skeleton({ width, height, shape = "line" }: SkeletonProps) {
  return <span className="skeleton" data-shape={shape} style={{ width, height }} aria-hidden="true" />;
}

/** A list on its way: `rows` lines of the shape that the rows will have. It says "Loading" once to a screen reader. */
export function SkeletonRows({ rows = 4 }: { readonly rows?: number }) {
  const { t } = useLingui();
  return (
    <div className="skeleton-rows" role="status" aria-label={t`Loading`}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike and never move
        <div className="skeleton-rows__row" key={row}>
          <Skeleton shape="circle" />
          <div className="skeleton-rows__words">
            <Skeleton width={`${60 - ((row * 13) % 30)}%`} />
            <Skeleton width={`${35 - ((row * 7) % 15)}%`} />
          </div>
        </div>
      ))}
    </div>
  );
}
