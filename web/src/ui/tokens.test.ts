import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const source = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

/** The colours of one appearance: a role's name without its dashes, and what it is painted with. */
type Palette = Map<string, string>;

const TEXT_RATIO = 4.5; // WCAG 2.2, 1.4.3
const CONTROL_RATIO = 3; // WCAG 2.2, 1.4.11

const light = palette(block(":root"), 0);
const dark = palette(block(":root"), 1);
const contrast = new Map([...dark, ...palette(block(':root[data-theme="contrast"]'), 1)]);

const SURFACES = ["surface-sunken", "surface", "surface-raised", "surface-hover", "surface-pressed"];
const SOFT = ["accent-soft", "danger-soft", "success-soft", "warning-soft"];
const STAGE = ["stage", "stage-bar", "stage-tile"];

/** Letters: what is written, and every ground it is written on. */
const TEXT: [string, string[]][] = [
  ["text", [...SURFACES, ...SOFT]],
  ["text-muted", [...SURFACES, ...SOFT]],
  ["accent", [...SURFACES, "accent-soft"]],
  ["danger", [...SURFACES, "danger-soft"]],
  ["success", [...SURFACES, "success-soft"]],
  ["warning", [...SURFACES, "warning-soft"]],
  ["on-accent", ["accent", "accent-hover", "accent-pressed"]],
  ["on-danger", ["danger", "danger-hover"]],
  ["on-action", ["action", "action-hover", "action-start", "action-start-hover"]],
  ["on-leave", ["leave", "leave-hover"]],
  ["on-avatar", [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `avatar-${number}`)],
];

/** What is no letter but must be seen: edges of controls, the ring of the focus. */
const CONTROLS: [string, string[]][] = [
  ["line-control", ["surface-sunken", "surface", "surface-raised"]],
  ["focus", SURFACES],
  ["accent", SURFACES],
];

describe.each([
  ["light", light],
  ["dark", dark],
  ["high contrast", contrast],
])("in %s", (_name, colours) => {
  it.each(pairs(TEXT))("%s on %s can be read", (above, below) => {
    expect(ratio(colours, above, below)).toBeGreaterThanOrEqual(TEXT_RATIO);
  });

  it.each(pairs(CONTROLS))("%s on %s can be seen", (above, below) => {
    expect(ratio(colours, above, below)).toBeGreaterThanOrEqual(CONTROL_RATIO);
  });
});

// The stage takes the dark roles in every appearance; in high contrast it takes that one's.
describe.each([
  ["the stage", dark],
  ["the stage in high contrast", contrast],
])("on %s", (_name, colours) => {
  it.each(
    pairs([
      ["on-stage", STAGE],
      ["text-muted", STAGE],
      ["danger", STAGE],
      ["warning", STAGE],
      ["success", STAGE],
    ]),
  )("%s on %s can be read", (above, below) => {
    expect(ratio(colours, above, below)).toBeGreaterThanOrEqual(TEXT_RATIO);
  });

  it.each(["speaking", "focus", "success"])("the edge of %s can be seen", (edge) => {
    for (const ground of STAGE) expect(ratio(colours, edge, ground)).toBeGreaterThanOrEqual(CONTROL_RATIO);
  });

  it("a name can be read over a white picture, and its marks be seen", () => {
    const white = [255, 255, 255];
    const ground = over(parse(colours.get("stage-overlay")), white);
    const against = (role: string) => contrastOf(parse(colours.get(role)), ground);
    expect(against("on-stage")).toBeGreaterThanOrEqual(TEXT_RATIO);
    for (const mark of ["danger", "warning"]) expect(against(mark)).toBeGreaterThanOrEqual(CONTROL_RATIO);
  });
});

function pairs(rules: [string, string[]][]): [string, string][] {
  return rules.flatMap(([above, grounds]) => grounds.map((below): [string, string] => [above, below]));
}

/** What stands between the braces of the first rule with this selector. */
function block(selector: string): string {
  const start = source.indexOf(`${selector} {`);
  return source.slice(start, source.indexOf("\n}", start));
}

/** Every colour of a block; of `light-dark()` the first or the second. */
function palette(css: string, side: 0 | 1): Palette {
  const found = css.matchAll(
    /^\s*--([a-z0-9-]+):\s*(#\w{6}|rgb\([^)]*\)|light-dark\((#\w{6}), (#\w{6})\));/gm,
  );
  return new Map(
    [...found].map(([, role = "", plain = "", day, night]) => [
      role,
      day === undefined || night === undefined ? plain : ([day, night][side] ?? plain),
    ]),
  );
}

/** Red, green and blue in 0…255 and, where it is not whole, the opacity. */
function parse(colour: string | undefined): number[] {
  if (colour === undefined) throw new Error("no such role");
  if (colour.startsWith("#")) return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  const [red = 0, green = 0, blue = 0, percent = 100] = colour.match(/\d+/g)?.map(Number) ?? [];
  return [red, green, blue, percent / 100];
}

function over([red = 0, green = 0, blue = 0, opacity = 1]: number[], ground: number[]): number[] {
  return [red, green, blue].map((part, at) => part * opacity + (ground[at] ?? 0) * (1 - opacity));
}

function ratio(colours: Palette, above: string, below: string): number {
  return contrastOf(parse(colours.get(above)), parse(colours.get(below)));
}

/** WCAG 2.2: the relative luminance of both, the lighter first, each raised by the flare of a screen. */
function contrastOf(one: number[], other: number[]): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: number[]): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
