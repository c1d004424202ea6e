/**
 * Small print on a shared screen can be read, whatever the way down. Not a journey: on a machine that is busy with other things
 * the way is taken for narrower than it is, and what it carries then promises nothing.
 */

import { expect, test } from "vitest";
import { ANA, BEN, CHEN } from "../harness/cast";
import type { Person } from "../harness/person";
import { original, PRINT } from "../harness/print";
import { gatherTroupe, Scene } from "../harness/troupe";

const WINDOW = { width: 1280, height: 800 };
/** Room for sound and a screen that rests. */
const NARROW_BPS = 700_000;

const troupe = gatherTroupe(ANA, BEN, CHEN);

test("who has a narrow way reads the small print on a shared screen", async () => {
  const scene = await Scene.open(troupe, { relayed: "udp" });
  const [ana, ben, chen] = (await scene.join(ANA, BEN, CHEN)) as [Person, Person, Person];
  await Promise.all([ben, chen].map((person) => person.page.setViewportSize(WINDOW)));
  await Promise.all([ben.sees([ANA, CHEN]), chen.sees([ANA, BEN])]);
  const ports = await ben.page.evaluate(() => window.probe.mediaPorts());
  expect(ports).not.toEqual([]);
  scene.network.narrow(NARROW_BPS, ports);

  const drawn = await original(await scene.openTab(ana, PRINT));
  await ana.press("Share screen");
  await Promise.all([ben, chen].map((person) => person.readsPrint(drawn)));
  await ben.hears([ANA, CHEN]);
});
