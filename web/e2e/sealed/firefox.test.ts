/**
 * Browsers of different makers meet; runs only inside the namespace that `enter.sh` makes. Firefox pairs no candidate on loopback,
 * so that media needs an address beside it, which must not be one of the machine's own.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, test } from "vitest";
import { ANA, CHEN } from "../harness/cast";
import { FirefoxPerson } from "../harness/firefox";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";

/** What `enter.sh` gives to the interface beside loopback. */
const NAMESPACE_ADDRESS = "198.51.100.2";

const troupe = gatherTroupe(ANA);
let home: string;
let chen: FirefoxPerson;

beforeAll(async () => {
  home = await mkdtemp(`${tmpdir()}/meetinghouse-firefox-`);
  chen = await FirefoxPerson.enter(CHEN, home);
});
afterAll(async () => {
  await chen.leave();
  await rm(home, { recursive: true, force: true });
});

test.each(["udp", "tcp"] as const)("by %s Firefox and Chromium see and hear each other", async (way) => {
  const only = way === "tcp" ? { relayed: way } : {};
  const scene = await Scene.open(troupe, { mediaHost: NAMESPACE_ADDRESS, ...only });
  const [ana] = (await scene.join(ANA)) as [Person];
  await chen.join(scene.meeting.join_url);
  await Promise.all([chen.sees(ANA), ana.seesMoving(CHEN)]);
  await Promise.all([chen.hears([ANA]), ana.hears([CHEN])]);
});
