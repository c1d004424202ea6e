/** Browsers of different makers meet. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { onTestFinished, test } from "vitest";
import { ANA, CHEN } from "../harness/cast";
import { FirefoxPerson } from "../harness/firefox";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA);

test("Firefox joins a meeting of Chromium: both see and hear each other", async () => {
  const scene = await Scene.open(troupe);
  const [ana] = (await scene.join(ANA)) as [Person];
  const home = await mkdtemp(`${tmpdir()}/meetinghouse-firefox-`);
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const chen = await FirefoxPerson.enter(CHEN, home);
  onTestFinished(() => chen.leave());

  await chen.join(scene.meeting.join_url);
  await Promise.all([chen.sees(ANA), ana.seesMoving(CHEN)]);
  await Promise.all([chen.hears([ANA]), ana.hears([CHEN])]);
});
