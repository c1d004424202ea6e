/** A network that passes nothing but TLS to the port of HTTPS: the media go there too, by the server's own relay. */

import { test } from "vitest";
import { ANA, BEN } from "../harness/cast";
import { PATIENCE_MS } from "../harness/patience";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";
import { until } from "../harness/wait";

const troupe = gatherTroupe(ANA, BEN);

test("people see and hear each other where only HTTPS passes", async () => {
  const scene = await Scene.open(troupe, { relayed: "tls" });
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA]), ana.hears([BEN]), ben.hears([ANA])]);
  // The server counts its relayed addresses every second, so that the number comes after the picture.
  await until("both go by the relay", PATIENCE_MS, async () => {
    const allocations = await scene.api.metric("meetinghouse_turn_allocations");
    return allocations >= 2 ? undefined : `${allocations} relayed addresses`;
  });
});
