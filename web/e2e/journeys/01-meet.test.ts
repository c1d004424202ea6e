/** People meet: they come, are seen and heard, fall silent, leave and come back. */

import { expect, test } from "vitest";
import { ANA, BEN, CHEN } from "../harness/cast";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN, CHEN);

test("three people open a link and see and hear each other", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben, chen] = await three(scene);

  await Promise.all([ana.sees([BEN, CHEN]), ben.sees([ANA, CHEN]), chen.sees([ANA, BEN])]);
  await Promise.all([ana.hears([BEN, CHEN]), ben.hears([ANA, CHEN]), chen.hears([ANA, BEN])]);
});

test("who mutes is not heard, who stops their video is not seen, until they return", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben, chen] = await three(scene);
  await Promise.all([ben.hears([ANA, CHEN]), chen.sees([ANA, BEN])]);

  await ana.press("Mute");
  await Promise.all([ben.hears([CHEN]), chen.hears([BEN])]);
  await ana.press("Unmute");
  await Promise.all([ben.hears([ANA, CHEN]), chen.hears([ANA, BEN])]);

  await ana.press("Stop video");
  await Promise.all([ben.sees([CHEN]), chen.sees([BEN])]);
  await ana.press("Start video");
  await Promise.all([ben.sees([ANA, CHEN]), chen.sees([ANA, BEN])]);
});

test("somebody who comes late is met, somebody who leaves is gone", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA])]);

  const [chen] = (await scene.join(CHEN)) as [Person];
  await Promise.all([chen.sees([ANA, BEN]), ana.sees([BEN, CHEN]), chen.hears([ANA, BEN])]);

  await ben.press("Leave");
  await Promise.all([ana.sees([CHEN]), chen.sees([ANA]), ana.hears([CHEN])]);
  expect((await scene.api.roster(scene.meeting)).map(({ name }) => name).sort()).toEqual(["Ana", "Chen"]);
});

test("a reloaded page is back in the meeting by itself", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA])]);

  await ben.page.reload();
  await ben.isInMeeting();
  await Promise.all([ben.sees([ANA]), ana.sees([BEN]), ana.hears([BEN]), ben.hears([ANA])]);
  expect(await scene.api.roster(scene.meeting)).toHaveLength(2);
});

async function three(scene: Scene): Promise<[Person, Person, Person]> {
  return (await scene.join(ANA, BEN, CHEN)) as [Person, Person, Person];
}
