/** A page of small print that is shared, and how well of a received picture it can be read. */

import type { Page } from "playwright-core";
import type { Cut } from "../page/contract";

/** Where the print is looked at, in pixels of the page. */
export const PART = { x: 20, y: 20, width: 400, height: 120 } as const;

/** The page: lines of a size that an editor has, drawn once. */
export const PRINT = `<canvas width="960" height="600" style="display: block"></canvas><script>
  const pen = document.querySelector("canvas").getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "white";
  pen.fillRect(0, 0, 960, 600);
  pen.fillStyle = "black";
  pen.font = "13px monospace";
  for (let line = 0; line < 36; line += 1) {
    pen.fillText("let harbour" + line * 37 + " = (pier, tide) => pier.boats[" + line + "] ?? tide(" + line * 91 + "); // moored", 20, 30 + line * 16);
  }
</script><style>body { margin: 0 }</style>`;

/** The brightness of {@link PART}, as the page itself drew it. */
export async function original(tab: Page): Promise<number[]> {
  return await tab.evaluate(({ x, y, width, height }) => {
    const pen = document.querySelector("canvas")?.getContext("2d");
    const { data } = pen?.getImageData(x, y, width, height) ?? { data: [] };
    return Array.from({ length: width * height }, (_, at) => data[at * 4 + 1] ?? 0);
  }, PART);
}

/** What keeps the print from being read; `undefined` when it is nearer to the original than that is at half its size. */
export function illegible(drawn: readonly number[], received: Cut | null): string | undefined {
  if (received === null) return "no picture";
  const blurred = distance(drawn, halved(drawn));
  const seen = distance(drawn, received.pixels);
  const size = `${received.width} × ${received.height}`;
  return seen < blurred
    ? undefined
    : `${size}, ${Math.round(seen)} from the original, half of it ${Math.round(blurred)}`;
}

/** Mean square of the difference. */
function distance(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, at) => sum + (value - (other[at] ?? 0)) ** 2, 0) / one.length;
}

/** Every square of four pixels with one brightness. */
function halved(pixels: readonly number[]): number[] {
  const { width } = PART;
  return pixels.map((_, at) => {
    const corner = at - (at % 2) - (Math.floor(at / width) % 2) * width;
    const four = [corner, corner + 1, corner + width, corner + width + 1];
    return four.reduce((sum, one) => sum + (pixels[one] ?? 0), 0) / 4;
  });
}
