/** Who comes before the host waits, and goes in without a click. */

import { test } from "vitest";
import { ANA, BEN } from "../harness/cast";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN);

test("an early guest waits and is in the meeting by themselves when the host starts it", async () => {
  const scene = await Scene.open(troupe, { settings: { lobby: false, join_before_host: false } });
  const ben = await scene.enter(BEN);
  await ben.join(scene.meeting.join_url);
  await ben.reads("The meeting has not started yet");
  await ben.press("Stop waiting");
  await ben.press("Join");
  await ben.reads("The meeting has not started yet");

  const ana = await scene.hostEnters(ANA);
  await ben.isInMeeting();
  await Promise.all([ana.sees([BEN]), ben.sees([ANA]), ana.hears([BEN])]);
});
