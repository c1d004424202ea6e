/** The way in when something is missing: the host, or the passcode. */

import { expect, test } from "vitest";
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

test("a link with no passcode or an old one asks for it, and the right one opens the meeting", async () => {
  const scene = await Scene.open(troupe, { settings: { lobby: false, passcode: true } });
  const { passcode, join_url } = scene.meeting;
  const [bare] = join_url.split("#") as [string];
  for (const link of [bare, `${bare}#p=000000`]) {
    const ben = await scene.enter(BEN);
    await ben.join(link);
    await ben.reads("This meeting cannot be joined.");
    const field = ben.page.getByRole("textbox", { name: "Passcode" });
    expect(await field.inputValue()).toBe(link === bare ? "" : "000000");
    await field.fill(passcode ?? "");
    await ben.press("Join");
    await ben.isInMeeting();
    await ben.page.close();
  }
});
