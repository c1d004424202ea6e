/** Afterwards the server tells who saw a picture stand still, and for how long. */

import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { ANA, BEN } from "../harness/cast";
import { PATIENCE_MS } from "../harness/patience";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";
import { until } from "../harness/wait";

const troupe = gatherTroupe(ANA, BEN);
/** Long enough to be seen, too short for anybody to reconnect. */
const OUTAGE_MS = 3_000;
/** Between two samples of the browser's statistics, of which the last may lie on either side of a freeze's end. */
const TOLERANCE_MS = 300;

test("what stood still is told as the browser counted it", async () => {
  const scene = await Scene.open(troupe, { relayed: "udp" });
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA])]);
  const frozen = async (): Promise<number> =>
    (await ben.page.evaluate(() => window.probe.received())).frozenMs;
  const before = await frozen();

  scene.network.cut();
  await delay(OUTAGE_MS);
  scene.network.mend();
  await ben.seesMoving(ANA);
  expect((await frozen()) - before).toBeGreaterThan(OUTAGE_MS / 2);

  // The client tells it with its next report, at most ten seconds later.
  await until("the server knows of the freeze", PATIENCE_MS, async () => {
    const counted = await frozen();
    const told = (await scene.api.quality(scene.meeting)).find(({ name }) => name === BEN.name);
    const difference = counted - (told?.verdict.frozen_ms ?? 0);
    return Math.abs(difference) <= TOLERANCE_MS ? undefined : `${difference} ms of ${counted} are not told`;
  });
  expect((await ben.page.evaluate(() => window.probe.received())).connections).toBe(1);
});
