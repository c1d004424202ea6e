/** Standard clients on a page of another site: a player watches somebody by WHEP, a camera comes in by WHIP. */

import { expect, test } from "vitest";
import { ANA, type Persona, SCREEN_HUE } from "../harness/cast";
import type { Person } from "../harness/person";
import { Player } from "../harness/player";
import { gatherTroupe, Scene } from "../harness/troupe";

/** Silent, for it sends no sound. */
const LECTERN: Persona = { name: "Lectern", hue: 200, toneHz: 0 };

/** Lines of the smallest of three layers: a quarter of 540, as encoders round it. */
const SMALLEST = 136;
const SMALL_WINDOW = { width: 420, height: 420 };
const LARGE_WINDOW = { width: 1280, height: 800 };

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

test("a camera that comes in by WHIP is somebody on everybody's tiles until it leaves", async () => {
  const scene = await Scene.open(troupe);
  const [ana] = (await scene.join(ANA)) as [Person];
  const ticket = await scene.api.ticket(scene.meeting, LECTERN.name);

  const camera = await Player.open(troupe.browser(ANA));
  const session = await camera.publish(`${scene.api.url}/whip/${scene.meeting.id}`, ticket, LECTERN.hue);
  await ana.sees([LECTERN]);

  expect(await camera.stop(session, ticket)).toBe(200);
  await ana.sees([]);
  expect((await scene.api.roster(scene.meeting)).map(({ name }) => name)).toEqual([ANA.name]);
});

test.each(["VP9", "AV1"] as const)(
  "a camera in %s with layers in one stream is seen in the size of each tile",
  async (codec) => {
    const scene = await Scene.open(troupe);
    const [ana] = (await scene.join(ANA)) as [Person];
    const ticket = await scene.api.ticket(scene.meeting, LECTERN.name);
    const camera = await Player.open(troupe.browser(ANA));
    await ana.page.setViewportSize(SMALL_WINDOW);
    const address = `${scene.api.url}/whip/${scene.meeting.id}`;
    await camera.publish(address, ticket, LECTERN.hue, { codec, scalabilityMode: "L3T3_KEY" });
    await ana.sees([LECTERN]);
    await ana.seesInHeight(LECTERN, SMALLEST);

    await ana.page.setViewportSize(LARGE_WINDOW);
    await ana.seesInHeight(LECTERN, 540);
    await ana.seesMoving(LECTERN);
    await ana.page.setViewportSize(SMALL_WINDOW);
    await ana.seesInHeight(LECTERN, SMALLEST);
    await ana.seesMoving(LECTERN);
  },
);
