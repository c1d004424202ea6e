import { useMemo } from "react";
import { encode } from "uqr";
import "./QrCode.css";

interface QrCodeProps {
  readonly value: string;
  /** What scanning it does, as "Open this page on a phone". */
  readonly label: string;
}

/** A QR code. Dark on white in every appearance: many readers do not know the reverse. */
export function QrCode({ value, label }: QrCodeProps) {
  const { size, path } = useMemo(() => draw(value), [value]);
  return (
    <svg
      className="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <path d={path} />
    </svg>
  );
}

/** One path of unit squares; the border of 4 modules is ISO/IEC 18004's quiet zone. */
function draw(value: string): { size: number; path: string } {
  const { data, size } = encode(value, { border: 4, ecc: "M" });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return { size, path };
}
