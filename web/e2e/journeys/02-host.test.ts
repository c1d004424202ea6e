/** What a host decides: who comes in, who must go, and when it ends. */

import { expect, test } from "vitest";
import { ANA, BEN, CHEN } from "../harness/cast";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA, BEN, CHEN);

test("who waits in the lobby gets no media, no roster and no chat until the host admits them", async () => {
  const scene = await Scene.open(troupe, { settings: { lobby: true } });
  const ana = await scene.hostEnters(ANA);
  const chen = await scene.enter(CHEN);
  await chen.join(scene.meeting.join_url);
  await chen.reads(/let you in/i);
  await ana.press("Admit");
  await chen.isInMeeting();
  await Promise.all([ana.sees([CHEN]), chen.sees([ANA])]);
  await ana.says("Only for those inside");

  const ben = await scene.enter(BEN);
  await ben.join(scene.meeting.join_url);
  await ben.reads(/let you in/i);
  await ana.page.getByRole("button", { name: "Admit", exact: true }).first().waitFor();
  // Media flows between the others the whole time; nothing of it comes here.
  await Promise.all([ana.hears([CHEN]), chen.sees([ANA])]);
  expect(await ben.page.evaluate(() => window.probe.received())).toMatchObject({ packets: 0 });
  expect(await scene.api.metric("meetinghouse_media_peers")).toBe(2);
  expect(ben.frames.filter(({ type }) => type !== "welcome" && type !== "ok")).toEqual([]);
  const page = await ben.page.locator("body").textContent();
  expect(page).not.toContain("Only for those inside");
  expect(page).not.toContain("Chen");

  await ana.press("Admit");
  await ben.isInMeeting();
  await Promise.all([ben.sees([ANA, CHEN]), ana.sees([BEN, CHEN]), ben.hears([ANA, CHEN])]);
});

test("the host removes somebody, who cannot come back by reloading", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.hostEnters(ANA);
  const [ben] = await scene.join(BEN);
  await ana.sees([BEN]);

  await ana.press("Participants");
  await ana.press("Remove Ben");
  await ana.reads("Remove Ben?");
  await ana.confirm("Remove");
  await ana.sees([]);
  await ben?.reads("You were removed");
  await ben?.page.reload();
  await ben?.page.getByRole("button").first().waitFor();
  await ben?.button("Leave").waitFor({ state: "detached" });
  expect((await scene.api.roster(scene.meeting)).map(({ name }) => name)).toEqual(["Ana"]);
});

test("a locked meeting lets nobody in until it is unlocked", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.hostEnters(ANA);
  await ana.press("Lock meeting");
  await ana.button("Unlock meeting").waitFor();
  const ben = await scene.enter(BEN);
  await ben.join(scene.meeting.join_url);
  await ben.reads(/locked/i);
  expect((await scene.api.roster(scene.meeting)).map(({ name }) => name)).toEqual(["Ana"]);

  await ana.press("Unlock meeting");
  // The server has it: who asks before that is still refused.
  await ana.button("Lock meeting").waitFor();
  await ben.join(scene.meeting.join_url);
  await ben.isInMeeting();
  await Promise.all([ana.sees([BEN]), ben.sees([ANA])]);
});

test("the host ends the meeting for all", async () => {
  const scene = await Scene.open(troupe);
  const ana = await scene.hostEnters(ANA);
  const [ben, chen] = await scene.join(BEN, CHEN);
  await ana.sees([BEN, CHEN]);

  await ana.press("Leave");
  await ana.confirm("End meeting for all");
  await Promise.all([ben?.reads(/ended/i), chen?.reads(/ended/i)]);
  expect(await scene.api.roster(scene.meeting)).toEqual([]);
});
