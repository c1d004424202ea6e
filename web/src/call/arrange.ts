/**
 * Which pictures are on the stage, and where: from who is there, what is pinned, and which view was chosen.
 *
 *     a shared screen          large, people in a strip
 *     pinned, spotlit, or      that person large, the others in a strip
 *     the speaker view
 *     else                     the gallery, in pages
 */
import type { Tile } from "../api/signalling.ts";
import { gallery, type Rect, type Size, spotlit, stripCapacity } from "./layout.ts";

/** Tiles on one page: as many as there are slots for pictures (`VIDEO_SLOTS`); on a phone, as many as a thumb can tell apart. */
export const PAGE_SIZE = { desktop: 25, phone: 8 } as const;

export interface Scene {
  readonly you: string;
  /** Everybody to be seen, in their order. */
  readonly order: readonly string[];
  readonly view: "gallery" | "speaker";
  readonly pinned: string | null;
  readonly spotlight: string | null;
  readonly active: string | null;
  /** Whose screen is to be seen, if any; never one's own. */
  readonly sharer: string | null;
  readonly page: number;
  readonly pageSize: number;
  readonly stage: Size;
}

export interface Placed {
  readonly participant: string;
  readonly source: "camera" | "screen";
  readonly rect: Rect;
  readonly large: boolean;
}

export interface Arrangement {
  readonly tiles: readonly Placed[];
  readonly pages: number;
  /** The page shown: the wanted one, or the last there is. */
  readonly page: number;
}

export function arrange(scene: Scene): Arrangement {
  if (scene.sharer !== null) return withLarge(scene, scene.sharer, "screen");
  const large = largePerson(scene);
  return large === null ? inGallery(scene) : withLarge(scene, large, "camera");
}

/** Who is large: the own choice before the host's before the one who speaks. */
function largePerson(scene: Scene): string | null {
  const here = (id: string | null): id is string => id !== null && scene.order.includes(id);
  if (here(scene.pinned)) return scene.pinned;
  if (here(scene.spotlight)) return scene.spotlight;
  if (scene.view === "gallery") return null;
  if (here(scene.active)) return scene.active;
  return scene.order.find((id) => id !== scene.you) ?? scene.order[0] ?? null;
}

function inGallery({ order, page, pageSize, stage }: Scene): Arrangement {
  const pages = Math.max(1, Math.ceil(order.length / pageSize));
  const shown = Math.min(Math.max(0, page), pages - 1);
  const people = order.slice(shown * pageSize, (shown + 1) * pageSize);
  const rects = gallery(people.length, stage);
  return { tiles: place(people, rects), pages, page: shown };
}

function withLarge(scene: Scene, participant: string, source: "camera" | "screen"): Arrangement {
  const others = source === "screen" ? scene.order : scene.order.filter((id) => id !== participant);
  const perPage = Math.min(scene.pageSize - 1, stripCapacity(scene.stage));
  const pages = Math.max(1, Math.ceil(others.length / perPage));
  const page = Math.min(Math.max(0, scene.page), pages - 1);
  const strip = withActive(others.slice(page * perPage, (page + 1) * perPage), others, scene.active);
  const { large, strip: rects } = spotlit(strip.length, scene.stage);
  return {
    tiles: [{ participant, source, rect: large, large: true }, ...place(strip, rects)],
    pages,
    page,
  };
}

/** Who speaks is on the strip: in the last place, where nobody else moves. */
function withActive(
  strip: readonly string[],
  others: readonly string[],
  active: string | null,
): readonly string[] {
  if (active === null || strip.includes(active) || !others.includes(active)) return strip;
  return [...strip.slice(0, -1), active];
}

function place(people: readonly string[], rects: readonly Rect[]): readonly Placed[] {
  return rects.flatMap((rect, index) => {
    const participant = people[index];
    return participant === undefined ? [] : [{ participant, source: "camera" as const, rect, large: false }];
  });
}

/** What the engine is asked for: pictures that are on and not one's own, in device pixels. */
export function wantedTiles(
  tiles: readonly Placed[],
  you: string,
  shows: (participant: string, source: "camera" | "screen") => boolean,
  pixelRatio: number,
): readonly Tile[] {
  const pixels = (length: number): number => Math.min(16_384, Math.max(1, Math.round(length * pixelRatio)));
  return tiles
    .filter(({ participant, source }) => participant !== you && shows(participant, source))
    .map(({ participant, source, rect, large }) => ({
      participant,
      source,
      width: pixels(rect.width),
      height: pixels(rect.height),
      ...(large && { pinned: true }),
    }));
}
