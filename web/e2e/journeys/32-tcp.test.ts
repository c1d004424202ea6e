/** A hotel or an office that lets no UDP out: the media go by TCP. */

import { test } from "vitest";
import { ANA, BEN } from "../harness/cast";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN);

test("people see and hear each other where only TCP passes", async () => {
  const scene = await Scene.open(troupe, { relayed: "tcp" });
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA]), ana.hears([BEN]), ben.hears([ANA])]);
  await ana.press("Stop video");
  await ana.press("Start video");
  await ben.sees([ANA]);
});
