/** Nine people in one gallery. */

import { expect, test } from "vitest";
import { ANA, BEN, CHEN, CROWD } from "../harness/cast";
import { bringCrowd } from "../harness/crowd";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN, CHEN);

test("nine people see each other: three browsers and a crowd of six", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben, chen] = (await scene.join(ANA, BEN, CHEN)) as [Person, Person, Person];
  await bringCrowd(troupe.browser(CHEN), scene.api, scene.meeting, CROWD);

  await Promise.all([
    ana.sees([BEN, CHEN, ...CROWD]),
    ben.sees([ANA, CHEN, ...CROWD]),
    chen.sees([ANA, BEN, ...CROWD]),
  ]);
  await Promise.all([ana.hears([BEN, CHEN]), ben.hears([ANA, CHEN]), chen.hears([ANA, BEN])]);
  const names = (await scene.api.roster(scene.meeting)).map(({ name }) => name).sort();
  expect(names).toEqual([ANA, BEN, CHEN, ...CROWD].map(({ name }) => name).sort());
});
