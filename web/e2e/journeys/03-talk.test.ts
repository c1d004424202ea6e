/** Words and screens. */

import { expect, test } from "vitest";
import { ANA, BEN, CHEN } from "../harness/cast";
import { PATIENCE_MS } from "../harness/patience";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";
import { until } from "../harness/wait";

const LEFT_HZ = 2700;
const RIGHT_HZ = 3900;
const LISTENING_MS = 1000;
/** How far a tone that plays stands out at least, and how much less it does so on the other side. */
const AUDIBLE_DB = 25;
const APART_DB = 15;

const troupe = gatherTroupe(ANA, BEN, CHEN);

test("chat reaches everybody, and a line to one reaches nobody else", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben, chen] = (await scene.join(ANA, BEN, CHEN)) as [Person, Person, Person];
  await ana.says("Good morning 各位");
  await Promise.all([ben, chen].map((person) => person.press("Chat")));
  await Promise.all([ben.reads("Good morning 各位"), chen.reads("Good morning 各位")]);

  await ana.says("Just between us", BEN);
  await ben.reads("Just between us");
  await ben.says("All have read this");
  await chen.reads("All have read this");
  // Lines arrive in order: what was said before the last one would be here by now.
  expect(await chen.page.locator("body").textContent()).not.toContain("Just between us");
  expect(JSON.stringify(chen.frames)).not.toContain("Just between us");
});

test("a shared screen is seen beside its owner, and is gone when sharing stops", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA])]);
  await scene.openTab(ana);

  await ana.press("Share screen");
  await ben.seesScreenOf(ANA);
  await ben.sees([ANA]);
  await ana.press("Stop sharing");
  await ben.seesNoScreen();
  await ben.sees([ANA]);
});

test("the sound of a shared screen is heard in stereo", async () => {
  const scene = await Scene.open(troupe);
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA])]);
  await scene.openTab(ana);
  // A tab of a headless browser has no sound of its own: it is put beside the picture.
  await ana.page.evaluate(
    ([leftHz, rightHz]) => {
      const devices = navigator.mediaDevices;
      const getDisplayMedia = devices.getDisplayMedia.bind(devices);
      devices.getDisplayMedia = async (options) => {
        const stream = await getDisplayMedia({ ...options, audio: false });
        const context = new AudioContext();
        const merger = new ChannelMergerNode(context, { numberOfInputs: 2 });
        for (const [side, frequency] of [leftHz, rightHz].entries()) {
          const tone = new OscillatorNode(context, { frequency });
          tone.connect(merger, 0, side);
          tone.start();
        }
        const sink = new MediaStreamAudioDestinationNode(context, { channelCount: 2 });
        merger.connect(sink);
        for (const track of sink.stream.getAudioTracks()) stream.addTrack(track);
        return stream;
      };
    },
    [LEFT_HZ, RIGHT_HZ] as const,
  );

  await ana.press("Share screen");
  await ben.seesScreenOf(ANA);
  await until("each tone on its side alone", PATIENCE_MS, async () => {
    const levels = await ben.page.evaluate(
      ([leftHz, rightHz, listeningMs]) => window.probe.sides(leftHz, rightHz, listeningMs),
      [LEFT_HZ, RIGHT_HZ, LISTENING_MS] as const,
    );
    const [left = 0, leftOnRight = 0, rightOnLeft = 0, right = 0] = levels;
    const least = Math.min(left, right);
    const apart = least > AUDIBLE_DB && Math.max(leftOnRight, rightOnLeft) < least - APART_DB;
    return apart ? undefined : levels.join(" ");
  });
});
