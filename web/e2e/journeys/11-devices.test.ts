/** Cameras and microphones that are refused, missing, taken, pulled out and plugged in. */

import { test } from "vitest";
import { ANA, BEN } from "../harness/cast";
import type { Person } from "../harness/person";
import { rig } from "../harness/rig";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN);

test("who may use neither microphone nor camera, has none, or finds them taken, is told so and can still join", async () => {
  const scene = await Scene.open(troupe);
  const cases = [
    [
      { audio: "NotAllowedError", video: "NotAllowedError" },
      "does not let this page use your microphone and camera",
    ],
    [{ audio: "NotAllowedError" }, "does not let this page use your microphone."],
    [{ video: "NotAllowedError" }, "does not let this page use your camera."],
    [{ audio: "NotFoundError", video: "NotFoundError" }, "No microphone and no camera were found."],
    [{ video: "NotFoundError" }, "No camera was found. Plug one in"],
    [{ audio: "NotReadableError" }, "Your microphone does not start. Another program may be using it"],
    [{ video: "NotReadableError" }, "Your camera does not start. Another program may be using it"],
  ] as const;
  for (const [failures, words] of cases) {
    const ana = await scene.enter(ANA);
    await rig(ana.page, failures);
    await ana.page.goto(scene.meeting.join_url);
    await ana.reads(words);
    await ana.reads("You can also join without");
  }
  const last = scene.people.at(-1) as Person;
  await last.join(scene.meeting.join_url);
  await last.isInMeeting();
});

test("a microphone that is pulled out gives way to another, which is named, and comes back as an offer", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.enter(ANA);
  await rig(ana.page);
  await ana.join(scene.meeting.join_url);
  await ana.isInMeeting();
  const [ben] = (await scene.join(BEN)) as [Person];
  await ben.hears([ANA]);

  await ana.page.evaluate(() => window.rig.unplug("audio"));
  await ana.reads(/Your microphone was unplugged\. Now in use: .*Fake/);
  await ben.hears([ANA]);
  await ana.page.evaluate(() => window.rig.plug());
  await ana.reads(/New microphone: .*Fake/);
  await ana.press("Use it");
  await ben.hears([ANA]);
});

test("the meeting goes on when the only camera is pulled out, and the picture returns with it", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.enter(ANA);
  await rig(ana.page);
  await ana.join(scene.meeting.join_url);
  await ana.isInMeeting();
  const [ben] = (await scene.join(BEN)) as [Person];
  await ben.sees([ANA]);

  await ana.page.evaluate(() => window.rig.unplug("video", true));
  await ana.reads("Your camera was unplugged.");
  await Promise.all([ben.sees([]), ben.hears([ANA]), ana.sees([BEN])]);
  await ana.page.evaluate(() => window.rig.plug());
  await ana.reads("A camera was plugged in.");
  await ana.press("Switch it on");
  await ben.sees([ANA]);
});

test("a share that the person calls off needs no words; one that the system forbids says what to do", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.enter(ANA);
  await rig(ana.page, { screen: "NotAllowedError: Permission denied" });
  await ana.join(scene.meeting.join_url);
  await ana.isInMeeting();

  await ana.press("Share screen");
  await ana.page.evaluate(() => {
    window.rig.failures.screen = "NotAllowedError: Permission denied by system";
  });
  await ana.button("Share screen").waitFor();
  await ana.press("Share screen");
  await ana.reads("The system does not let this browser share the screen.");
  await ana.button("Share screen").waitFor();
});
