/** A standard player on a page of another site watches somebody of the meeting by WHEP. */

import { expect, test } from "vitest";
import { ANA, SCREEN_HUE } from "../harness/cast";
import type { Person } from "../harness/person";
import { Player } from "../harness/player";
import { gatherTroupe, Scene } from "../harness/troupe";

const troupe = gatherTroupe(ANA);

test("a player follows one person from the camera to the screen and back", async () => {
  const scene = await Scene.open(troupe);
  const [ana] = (await scene.join(ANA)) as [Person];
  const [{ id } = { id: "" }] = await scene.api.roster(scene.meeting);
  const ticket = await scene.api.ticket(scene.meeting, "A wall of screens");

  const player = await Player.open(troupe.browser(ANA));
  const session = await player.watch(`${scene.api.url}/whep/${scene.meeting.id}/${id}`, ticket);
  await player.sees(ANA.hue);
  expect(await player.tracks()).toBe(2);
  expect(await scene.api.roster(scene.meeting)).toHaveLength(1);

  await scene.openTab(ana);
  await ana.press("Share screen");
  await player.sees(SCREEN_HUE);
  await ana.press("Stop sharing");
  await player.sees(ANA.hue);

  expect(await player.stop(session, ticket)).toBe(200);
  expect(await player.stop(session, ticket)).toBe(404);
});
