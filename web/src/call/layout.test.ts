import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GAP, gallery, type Rect, type Size, spotlit, tileSize } from "./layout.ts";

const stage = fc.record({
  width: fc.integer({ min: 240, max: 4000 }),
  height: fc.integer({ min: 240, max: 3000 }),
});
const count = fc.integer({ min: 1, max: 49 });

function overlap(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function inside({ x, y, width, height }: Rect, size: Size): boolean {
  return x >= 0 && y >= 0 && x + width <= size.width && y + height <= size.height;
}

function apart(rects: readonly Rect[]): boolean {
  return rects.every((a, index) => rects.slice(index + 1).every((b) => !overlap(a, b)));
}

describe("the gallery", () => {
  it("holds everybody on the stage, none over another", () => {
    fc.assert(
      fc.property(count, stage, (people, size) => {
        const rects = gallery(people, size);
        expect(rects).toHaveLength(people);
        expect(rects.every((rect) => inside(rect, size))).toBe(true);
        expect(apart(rects)).toBe(true);
      }),
    );
  });

  it("uses at least the area of the best of all grids", () => {
    fc.assert(
      fc.property(count, stage, (people, size) => {
        const best = Math.max(
          ...Array.from({ length: people }, (_, columns) => {
            const tile = tileSize(people, columns + 1, size);
            return tile.width * tile.height;
          }),
        );
        const [first] = gallery(people, size);
        expect((first?.width ?? 0) * (first?.height ?? 0)).toBeGreaterThanOrEqual(best);
      }),
    );
  });

  it("makes tiles of 16:9, all alike", () => {
    fc.assert(
      fc.property(count, stage, (people, size) => {
        const [first, ...rest] = gallery(people, size);
        for (const rect of rest) expect([rect.width, rect.height]).toEqual([first?.width, first?.height]);
        expect(Math.abs((first?.height ?? 0) - ((first?.width ?? 0) * 9) / 16)).toBeLessThan(1);
      }),
    );
  });

  it("is empty without people or room", () => {
    expect(gallery(0, { width: 800, height: 600 })).toEqual([]);
    expect(gallery(3, { width: 0, height: 0 })).toEqual([]);
  });

  it("puts two side by side on a wide stage and over each other on a tall one", () => {
    const [left, right] = gallery(2, { width: 1600, height: 700 });
    expect(left?.y).toBe(right?.y);
    const [upper, lower] = gallery(2, { width: 390, height: 700 });
    expect(upper?.x).toBe(lower?.x);
  });
});

describe("one large picture with a strip", () => {
  it("keeps everything on the stage and apart", () => {
    fc.assert(
      fc.property(fc.nat({ max: 40 }), stage, (people, size) => {
        const { large, strip } = spotlit(people, size);
        const rects = [large, ...strip];
        expect(rects.every((rect) => inside(rect, size))).toBe(true);
        expect(apart(rects)).toBe(true);
      }),
    );
  });

  it("leaves the large picture most of the stage", () => {
    const { large, strip } = spotlit(3, { width: 1280, height: 720 });
    expect(strip).toHaveLength(3);
    expect(large.width).toBeGreaterThan(1280 * 0.75);
    expect((strip[0]?.x ?? 0) - (large.x + large.width)).toBe(GAP);
  });

  it("is the whole stage when nobody else is there", () => {
    expect(spotlit(0, { width: 800, height: 450 }).large).toEqual({ x: 0, y: 0, width: 800, height: 450 });
  });
});
