/** Words and screens. */

import { expect, test } from "vitest";
import { ANA, BEN, CHEN } from "../harness/cast";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN, CHEN);

test("chat reaches everybody, and a line to one reaches nobody else", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben, chen] = (await scene.join(ANA, BEN, CHEN)) as [Person, Person, Person];
  await ana.says("Good morning 各位");
  await Promise.all([ben, chen].map((person) => person.press("Chat")));
  await Promise.all([ben.reads("Good morning 各位"), chen.reads("Good morning 各位")]);

  await ana.says("Just between us", BEN);
  await ben.reads("Just between us");
  await ben.says("All have read this");
  await chen.reads("All have read this");
  // Lines arrive in order: what was said before the last one would be here by now.
  expect(await chen.page.locator("body").textContent()).not.toContain("Just between us");
  expect(JSON.stringify(chen.frames)).not.toContain("Just between us");
});

test("a shared screen is seen beside its owner, and is gone when sharing stops", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA])]);
  await scene.openTab(ana);

  await ana.press("Share screen");
  await ben.seesScreenOf(ANA);
  await ben.sees([ANA]);
  await ana.press("Stop sharing");
  await ben.seesNoScreen();
  await ben.sees([ANA]);
});
