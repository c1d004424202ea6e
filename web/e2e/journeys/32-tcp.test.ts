/** Other ways than UDP by IPv4: a hotel or an office that lets no UDP out, and a network that has IPv6 alone. */

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

test("people see and hear each other by IPv6", async () => {
  const scene = await Scene.open(troupe, { mediaHost: "::1" });
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA]), ana.hears([BEN]), ben.hears([ANA])]);
});
