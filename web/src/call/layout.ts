/** Where tiles go: pure functions of sizes in CSS pixels. */

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const GAP = 8;
const ASPECT = 16 / 9;
/** Strip beside a large picture: wide enough to know a face, narrow enough to leave the picture. */
const STRIP = { share: 0.18, least: 112, most: 240 } as const;

/** Equal 16:9 tiles, as large as the best grid allows, rows centred. Whole pixels, so that edges are sharp. */
export function gallery(count: number, stage: Size): readonly Rect[] {
  if (count <= 0 || stage.width <= 0 || stage.height <= 0) return [];
  const columns = bestColumns(count, stage);
  const tile = tileSize(count, columns, stage);
  const rows = Math.ceil(count / columns);
  const top = (stage.height - rows * tile.height - (rows - 1) * GAP) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = (stage.width - inRow * tile.width - (inRow - 1) * GAP) / 2;
    return {
      x: Math.floor(left + (index % columns) * (tile.width + GAP)),
      y: Math.floor(top + row * (tile.height + GAP)),
      ...tile,
    };
  });
}

/** Size of one tile of a grid; 0 where it does not fit. */
export function tileSize(count: number, columns: number, stage: Size): Size {
  const rows = Math.ceil(count / columns);
  const byWidth = (stage.width - (columns - 1) * GAP) / columns;
  const byHeight = ((stage.height - (rows - 1) * GAP) / rows) * ASPECT;
  const width = Math.max(0, Math.floor(Math.min(byWidth, byHeight)));
  return { width, height: Math.floor(width / ASPECT) };
}

function bestColumns(count: number, stage: Size): number {
  let best = 1;
  for (let columns = 2; columns <= count; columns += 1) {
    if (tileSize(count, columns, stage).width > tileSize(count, best, stage).width) best = columns;
  }
  return best;
}

export interface Spotlit {
  readonly large: Rect;
  readonly strip: readonly Rect[];
}

/** One large picture with a strip of `count` others beside it (wide stage) or above it (tall stage); what does not fit is left out. */
export function spotlit(count: number, stage: Size): Spotlit {
  if (count === 0) return { large: { x: 0, y: 0, ...stage }, strip: [] };
  return stage.width >= stage.height ? stripBeside(count, stage) : stripAbove(count, stage);
}

/** How many tiles the strip holds. */
export function stripCapacity(stage: Size): number {
  if (stage.width >= stage.height)
    return capacity(stage.height, Math.floor(stripWidth(stage.width) / ASPECT));
  return capacity(stage.width, stripWidth(stage.width * 2));
}

function stripBeside(count: number, stage: Size): Spotlit {
  const width = stripWidth(stage.width);
  const height = Math.floor(width / ASPECT);
  const shown = Math.min(count, capacity(stage.height, height));
  const top = Math.floor((stage.height - shown * height - (shown - 1) * GAP) / 2);
  const x = stage.width - width;
  return {
    large: { x: 0, y: 0, width: Math.max(0, x - GAP), height: stage.height },
    strip: Array.from({ length: shown }, (_, index) => ({
      x,
      y: top + index * (height + GAP),
      width,
      height,
    })),
  };
}

function stripAbove(count: number, stage: Size): Spotlit {
  const width = Math.min(stripWidth(stage.width * 2), stage.width);
  const height = Math.floor(width / ASPECT);
  const shown = Math.min(count, capacity(stage.width, width));
  const left = Math.floor((stage.width - shown * width - (shown - 1) * GAP) / 2);
  const y = height + GAP;
  return {
    large: { x: 0, y, width: stage.width, height: Math.max(0, stage.height - y) },
    strip: Array.from({ length: shown }, (_, index) => ({
      x: left + index * (width + GAP),
      y: 0,
      width,
      height,
    })),
  };
}

function stripWidth(stageWidth: number): number {
  return Math.round(Math.min(STRIP.most, Math.max(STRIP.least, stageWidth * STRIP.share)));
}

function capacity(length: number, tile: number): number {
  return Math.max(1, Math.floor((length + GAP) / (tile + GAP)));
}
