import { describe, expect, it } from "vitest";
import { arrange, type Scene, wantedTiles } from "./arrange.ts";

const people = (count: number): string[] => [
  "me",
  ...Array.from({ length: count - 1 }, (_, index) => `p${index + 1}`),
];

function scene(change: Partial<Scene> = {}): Scene {
  return {
    you: "me",
    order: people(4),
    view: "gallery",
    pinned: null,
    spotlight: null,
    active: null,
    sharer: null,
    page: 0,
    pageSize: 25,
    stage: { width: 1280, height: 720 },
    ...change,
  };
}

const large = (change: Partial<Scene>): string | undefined =>
  arrange(scene(change)).tiles.find((tile) => tile.large)?.participant;

describe("who is large", () => {
  it("is nobody in the gallery", () => expect(large({})).toBeUndefined());
  it("is who speaks in the speaker view", () => expect(large({ view: "speaker", active: "p2" })).toBe("p2"));
  it("is somebody else than oneself before anybody spoke", () =>
    expect(large({ view: "speaker" })).toBe("p1"));
  it("is who the host put into the spotlight", () =>
    expect(large({ spotlight: "p3", active: "p1" })).toBe("p3"));
  it("is first of all who one has pinned", () => expect(large({ pinned: "p1", spotlight: "p3" })).toBe("p1"));
  it("is nobody who has left", () => expect(large({ pinned: "gone" })).toBeUndefined());
});

describe("a shared screen", () => {
  it("is large, with everybody beside it", () => {
    const { tiles } = arrange(scene({ sharer: "p1", pinned: "p2" }));
    expect(tiles[0]).toMatchObject({ participant: "p1", source: "screen", large: true });
    expect(tiles.slice(1).map((tile) => tile.participant)).toEqual(people(4));
  });

  it("keeps who speaks on the strip", () => {
    const { tiles } = arrange(scene({ sharer: "p1", order: people(30), active: "p29" }));
    expect(tiles.map((tile) => tile.participant)).toContain("p29");
  });
});

describe("pages", () => {
  it("hold 25 people each, in their order", () => {
    const first = arrange(scene({ order: people(30) }));
    expect([first.pages, first.tiles.length]).toEqual([2, 25]);
    const second = arrange(scene({ order: people(30), page: 1 }));
    expect(second.tiles.map((tile) => tile.participant)).toEqual(people(30).slice(25));
  });

  it("end at the last one when people leave", () => expect(arrange(scene({ page: 7 })).page).toBe(0));
});

describe("what the engine is asked for", () => {
  it("is the pictures that are on and not one's own, in device pixels", () => {
    const { tiles } = arrange(scene({ order: ["me", "p1", "p2"] }));
    const wanted = wantedTiles(tiles, "me", (id) => id === "p1", 2);
    const rect = tiles.find((tile) => tile.participant === "p1")?.rect;
    expect(wanted).toEqual([
      { participant: "p1", source: "camera", width: (rect?.width ?? 0) * 2, height: (rect?.height ?? 0) * 2 },
    ]);
  });
});
