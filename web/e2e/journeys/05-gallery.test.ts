/** Nine people in one gallery, and two on two workers. */

import { expect, test } from "vitest";
import { ANA, BEN, CHEN, CROWD } from "../harness/cast";
import { bringCrowd } from "../harness/crowd";
import { PATIENCE_MS } from "../harness/patience";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";
import { until } from "../harness/wait";

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

test("two people of one meeting on two workers see and hear each other", async () => {
  const scene = await Scene.open(troupe, { workers: 2 });
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA]), ana.hears([BEN]), ben.hears([ANA])]);
  // Each is on a worker of their own, so that all of it came across.
  await until("each worker has one of them", PATIENCE_MS, async () => {
    const people = await scene.api.metrics("meetinghouse_media_worker_peers");
    return String(people) === "1,1" ? undefined : String(people);
  });
});
