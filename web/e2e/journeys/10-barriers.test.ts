/** A meeting for assistive technology and by keyboard alone. */

import { expect, test } from "vitest";
import { barriers } from "../harness/barriers";
import { ANA, BEN } from "../harness/cast";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN);

test("no barriers before, in and after a meeting", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.enter(ANA, { owner: true });
  await ana.page.goto(scene.meeting.join_url);
  await ana.button("Join").waitFor();
  expect(await barriers(ana.page)).toEqual([]);

  await ana.join(scene.meeting.join_url);
  await ana.isInMeeting();
  await scene.join(BEN);
  await ana.sees([BEN]);
  await ana.press("Participants");
  await ana.button("Remove Ben").waitFor();
  expect(await barriers(ana.page)).toEqual([]);
  await ana.says("Good morning");
  expect(await barriers(ana.page)).toEqual([]);

  await ana.press("Leave");
  await ana.confirm("End meeting for all");
  await ana.reads(/ended/i);
  expect(await barriers(ana.page)).toEqual([]);
});

test("a keyboard mutes, stops the video, raises a hand and opens the panels", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben] = await scene.join(ANA, BEN);
  await Promise.all([ben?.sees([ANA]), ben?.hears([ANA])]);

  await ana?.page.keyboard.press("Alt+A");
  await ana?.button("Unmute").waitFor();
  await ben?.hears([]);
  await ana?.page.keyboard.press("Alt+V");
  await ana?.button("Start video").waitFor();
  await ben?.sees([]);
  await ana?.page.keyboard.press("Alt+Y");
  await ana?.button("Lower hand").waitFor();
  await ana?.page.keyboard.press("Alt+H");
  await ana?.page.getByRole("textbox", { name: "Message" }).waitFor();
  await ana?.page.keyboard.press("Alt+U");
  await ana?.page.getByRole("heading", { name: /Participants/ }).waitFor();
});
