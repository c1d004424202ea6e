/** Everybody receives the picture in the size of their tile. */

import { expect, test } from "vitest";
import { ANA, BEN, CHEN, type Persona } from "../harness/cast";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";

/** Her camera is worth two layers: the whole of it, and half its width and height. Its grain makes them cost what they may. */
const LARGE_ANA: Persona = { ...ANA, camera: { width: 640, height: 360 }, grain: 20 };
const LARGE_WINDOW = { width: 1280, height: 800 };
/** Room for sound and a small picture. */
const NARROW_BPS = 400_000;
const SMALL_WINDOW = { width: 420, height: 420 };

const troupe = gatherTroupe(LARGE_ANA, BEN, CHEN);

test("a small tile receives the small layer and a large one the large, and they follow the window", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben, chen] = (await scene.join(LARGE_ANA, BEN, CHEN)) as [Person, Person, Person];
  await Promise.all([ben.page.setViewportSize(SMALL_WINDOW), chen.page.setViewportSize(LARGE_WINDOW)]);
  await Promise.all([ben.seesInHeight(LARGE_ANA, 180), chen.seesInHeight(LARGE_ANA, 360)]);

  await Promise.all([ben.page.setViewportSize(LARGE_WINDOW), chen.page.setViewportSize(SMALL_WINDOW)]);
  await Promise.all([ben.seesInHeight(LARGE_ANA, 360), chen.seesInHeight(LARGE_ANA, 180)]);

  // What nobody watches is not even sent, until somebody does.
  await ben.page.setViewportSize(SMALL_WINDOW);
  await Promise.all([ben.seesInHeight(LARGE_ANA, 180), ana.sendsHeights([180])]);
  await chen.page.setViewportSize(LARGE_WINDOW);
  await Promise.all([chen.seesInHeight(LARGE_ANA, 360), ana.sendsHeights([180, 360])]);

  // The pictures go on moving, and one connection did it all.
  await Promise.all([ben.seesMoving(LARGE_ANA), chen.seesMoving(LARGE_ANA), ana.sees([BEN, CHEN])]);
  for (const person of [ana, ben, chen]) {
    expect((await person.page.evaluate(() => window.probe.received())).connections).toBe(1);
  }
});

test("whose way down is narrow receives smaller pictures, and the large ones again when it is wide", async () => {
  const scene = await Scene.open(troupe, { relayed: "udp" });
  const [ana, ben] = (await scene.join(LARGE_ANA, BEN)) as [Person, Person];
  await ben.page.setViewportSize(LARGE_WINDOW);
  await ben.seesInHeight(LARGE_ANA, 360);

  scene.network.narrow(NARROW_BPS);
  await ben.seesInHeight(LARGE_ANA, 180);
  await Promise.all([ben.seesMoving(LARGE_ANA), ben.hears([ANA]), ana.hears([BEN])]);
  expect((await ben.page.evaluate(() => window.probe.received())).connections).toBe(1);

  scene.network.narrow(null);
  await ben.seesInHeight(LARGE_ANA, 360);
  await ben.seesMoving(LARGE_ANA);
});
