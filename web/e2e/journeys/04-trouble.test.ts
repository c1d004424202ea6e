/** The network goes, the server dies: everybody comes back by themselves. */

import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { ANA, BEN, CHEN } from "../harness/cast";
import { PATIENCE_MS, promised } from "../harness/patience";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";
import { until } from "../harness/wait";
import type { Playback } from "../page/contract";

const troupe = gatherTroupe(ANA, BEN, CHEN);
/** From the server's return until everybody is back. */
const BACK_MS = promised(5_000);
const OUTAGE_MS = 10_000;
/** More than were on their way when the ports changed. */
const REBOUND_PACKETS = 12;
/** Chromium checks its connection every 2.5 s, and with that says where it is. */
const REBOUND_MS = promised(3_000);
const STALL_MS = 2_000;
/** A second of them tells; one earlier packet in each makes them twice as large. */
const SOUND_PACKETS = 50;
const CARRIES = 1.6;

test("after ten seconds without network everybody sees and hears each other again", async () => {
  const scene = await Scene.open(troupe, { relayed: "udp" });
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA]), ana.hears([BEN])]);

  scene.network.cut();
  await Promise.all([ana.reads(/reconnecting/i), ben.reads(/reconnecting/i), delay(OUTAGE_MS)]);
  scene.network.mend();
  await Promise.all([ana.sees([BEN]), ben.sees([ANA]), ana.hears([BEN]), ben.hears([ANA])]);
  await ana.page.getByText(/reconnecting/i).waitFor({ state: "hidden" });
  expect(await scene.api.roster(scene.meeting)).toHaveLength(2);
});

test("another port of a NAT and a server that stands still cost a moment and no connection", async () => {
  const scene = await Scene.open(troupe, { relayed: "udp" });
  const people = (await scene.join(ANA, BEN)) as [Person, Person];
  const [ana, ben] = people;
  await Promise.all([ana.sees([BEN]), ben.sees([ANA])]);

  scene.network.rebind();
  const rebound = performance.now();
  const gaps = await Promise.all(
    people.map(async (person) => {
      const { packets } = await person.page.evaluate(() => window.probe.received());
      await person.receives(packets + REBOUND_PACKETS);
      return Math.round(performance.now() - rebound);
    }),
  );
  console.log(`media are back ${Math.max(...gaps)} ms after the NAT gave other ports`);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(REBOUND_MS);
  await Promise.all([ana.sees([BEN]), ben.sees([ANA]), ana.hears([BEN]), ben.hears([ANA])]);

  // A server that stood still is a longer gap of the same kind: nobody connects anew.
  await scene.server.stall(STALL_MS);
  await Promise.all([ana.sees([BEN]), ben.sees([ANA]), ana.hears([BEN]), ben.hears([ANA])]);
  for (const person of people) {
    expect((await person.page.evaluate(() => window.probe.received())).connections).toBe(1);
  }
});

test("where packets of sound are lost they come with later ones", async () => {
  const scene = await Scene.open(troupe, { relayed: "udp" });
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  const playback = (): Promise<Playback> => ben.page.evaluate(() => window.probe.playback());
  await Promise.all([ana.hears([BEN]), ben.hears([ANA])]);
  const before = await playback();

  scene.network.lose({ share: 0.2, delayMs: 50 });
  await until("packets of sound carry others", PATIENCE_MS, async () => {
    const now = await playback();
    const packets = now.soundPackets - before.soundPackets;
    const times = (now.soundBytes - before.soundBytes) / packets / (before.soundBytes / before.soundPackets);
    return packets > SOUND_PACKETS && times > CARRIES ? undefined : `${packets} of ${times} times the bytes`;
  });
  await Promise.all([ana.hears([BEN]), ben.hears([ANA]), ben.sees([ANA])]);
});

test("a killed server comes back with everybody and everything that was said", async () => {
  const scene = await Scene.open(troupe);
  const people = (await scene.join(ANA, BEN, CHEN)) as [Person, Person, Person];
  const [ana, ben, chen] = people;
  await Promise.all([ana.sees([BEN, CHEN]), ben.sees([ANA, CHEN]), chen.sees([ANA, BEN])]);
  await ana.says("Said before the fall");
  await ben.press("Chat");
  await ben.reads("Said before the fall");

  await scene.server.kill();
  await scene.server.restart();
  const returned = performance.now();
  await Promise.all([
    ana.sees([BEN, CHEN], BACK_MS),
    ben.sees([ANA, CHEN], BACK_MS),
    chen.sees([ANA, BEN], BACK_MS),
  ]);
  console.log(`everybody is back ${Math.round(performance.now() - returned)} ms after the server`);
  await Promise.all([ana.hears([BEN, CHEN]), ben.hears([ANA, CHEN]), chen.hears([ANA, BEN])]);
  await ben.reads("Said before the fall");
  expect(await scene.api.roster(scene.meeting)).toHaveLength(3);
});
