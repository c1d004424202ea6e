/**
 * Twenty-five people, one of them behind a narrow way. What is judged is what the server says it sends, which layer and why, and the
 * size of what is decoded: neither depends on how fast the machine is.
 */

import { expect, onTestFinished, test } from "vitest";
import type { ReceivedStream } from "../../src/api/signalling";
import { bringCameras } from "../harness/cameras";
import { ANA, BEN, CHEN, type Persona } from "../harness/cast";
import { PATIENCE_MS } from "../harness/patience";
import type { Person } from "../harness/person";
import { Relay } from "../harness/relay";
import { DESKTOP, gatherTroupe, PHONE, Scene } from "../harness/troupe";
import { until } from "../harness/wait";

/** Cameras worth two layers: the whole, and half of its width and height. Their grain makes them cost what they may. */
const [LARGE_ANA, LARGE_CHEN] = [ANA, CHEN].map((persona) => ({
  ...persona,
  camera: { width: 640, height: 360 },
  grain: 20,
})) as [Persona, Persona];
const TILES = 25;
const CAMERAS = Array.from({ length: TILES - 3 }, (_, index) => `Camera ${index + 1}`);
/** Room for everybody in small, or for one who is large and a few beside. */
const NARROW_BPS = 2_000_000;
/** Room for those few in small. */
const NARROWER_BPS = 700_000;

const troupe = gatherTroupe(LARGE_ANA, BEN, LARGE_CHEN);

test("of 25 people, who speaks is large and all others small, also where the way is narrow", async () => {
  const scene = await Scene.open(troupe);
  const network = await Relay.open("udp");
  onTestFinished(() => network.close());
  network.narrow(NARROW_BPS);
  network.lead(scene.server.http, scene.server.media);
  const [ana, chen] = (await scene.join(LARGE_ANA, LARGE_CHEN)) as [Person, Person];
  // His way alone leads through it: what it costs to carry everybody's would be taken for a bad network.
  const ben = await scene.enter(BEN);
  await ben.context.addInitScript(leadOver, [scene.server.media.port, network.media.port] as const);
  await ben.join(scene.meeting.join_url);
  await ben.isInMeeting();
  await ben.page.setViewportSize(DESKTOP);
  await Promise.all([ana, chen].map((person) => person.page.setViewportSize(PHONE)));
  await chen.press("Mute");
  const cameras = await bringCameras(scene.api, scene.meeting, CAMERAS);
  onTestFinished(() => void cameras.kill());
  const roster = await scene.api.roster(scene.meeting);
  const nameOf = new Map(roster.map(({ id, name }) => [id, name]));
  expect(nameOf.size).toBe(TILES);

  // The statistics say what is sent, and why, as long as they are open.
  await ben.page.locator(".toolbar__middle .tool").last().click();
  await ben.page.getByRole("menuitem", { name: "Statistics" }).click();
  const receives = (
    what: string,
    judge: (pictures: Map<string, ReceivedStream>) => boolean,
  ): Promise<void> => {
    const asked = ben.frames.length;
    return until(`Ben receives ${what}`, PATIENCE_MS, async () => {
      const told = ben.frames.slice(asked).findLast((frame) => frame.type === "statistics");
      if (told === undefined) return "nothing is told";
      const pictures = (told.streams ?? []).filter(({ source }) => source === "camera");
      const named = new Map(pictures.map((stream) => [nameOf.get(stream.participant) ?? "?", stream]));
      return judge(named) ? undefined : JSON.stringify([...named]);
    });
  };
  const isShown = (stream: ReceivedStream | undefined): boolean => stream?.layer !== undefined;

  await receives(
    "everybody",
    (pictures) => pictures.size === TILES - 1 && [...pictures.values()].every(isShown),
  );
  await Promise.all([ben.seesInHeight(LARGE_ANA, 180), ben.seesInHeight(LARGE_CHEN, 180)]);

  // Her larger layer, of two: a stage could show more, and the way may carry fewer pictures a second of it.
  const isLarge = (stream: ReceivedStream | undefined): boolean => stream?.layer === "m";
  await ben.page.keyboard.press("Alt+F1");
  await receives("who speaks large and who is silent small", (pictures) => {
    const silent = pictures.get(CHEN.name);
    return isLarge(pictures.get(ANA.name)) && silent?.layer === "l" && silent.reason === "tile";
  });
  await Promise.all([ben.seesInHeight(LARGE_ANA, 360), ben.seesInHeight(LARGE_CHEN, 180)]);

  // Where there is less room, who speaks becomes smaller, and nobody goes.
  network.narrow(NARROWER_BPS);
  await receives("who speaks small for want of room, and everybody else as before", (pictures) => {
    const [speaking, silent] = [pictures.get(ANA.name), pictures.get(CHEN.name)];
    const isShort = speaking?.layer === "l" && speaking.reason === "bandwidth";
    return isShort && silent?.layer === "l" && [...pictures.values()].every(isShown);
  });
  await Promise.all([ben.seesInHeight(LARGE_ANA, 180), ben.hears([ANA])]);

  network.narrow(NARROW_BPS);
  await receives("who speaks large again", (pictures) => isLarge(pictures.get(ANA.name)));
  await ben.seesInHeight(LARGE_ANA, 360);
  await ben.seesMoving(LARGE_ANA);
  expect((await ana.page.evaluate(() => window.probe.received())).connections).toBe(1);
  expect((await ben.page.evaluate(() => window.probe.received())).connections).toBe(1);
});

/** In the page: the server's media are at another port. */
function leadOver([from, to]: readonly [number, number]): void {
  const set: (this: RTCPeerConnection, description: RTCSessionDescriptionInit) => Promise<void> =
    RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp = "" }): Promise<void> {
    return set.call(this, { type, sdp: sdp.replaceAll(` ${from} `, ` ${to} `) });
  };
}
