/**
 * What Chromium hears and sees where packets are lost on its way down, as a Markdown table (`make bench-losses`).
 *
 * Ana speaks and moves, Ben listens and watches behind a way that loses so much and is 100 ms long. The first five seconds of
 * each row are not counted. Then the same without
 * redundant sound, which tells what that is worth.
 */

import { setTimeout as delay } from "node:timers/promises";
import { test } from "vitest";
import { ANA, BEN, type Persona } from "../harness/cast";
import type { Losses } from "../harness/relay";
import { gatherTroupe, Scene } from "../harness/troupe";
import type { Playback } from "../page/contract";

const SETTLES_MS = 5_000;
const COUNTED_MS = 20_000;
const DELAY_MS = 100;
const SAMPLES_PER_SECOND = 48_000;
const ROWS: readonly (readonly [string, Losses])[] = [0.1, 0.3, 0.5].flatMap((share) => [
  [`${share * 100} % random`, { share, delayMs: DELAY_MS }] as const,
  [`${share * 100} % in bursts of 5`, { share, burst: 5, delayMs: DELAY_MS }] as const,
]);
const CLIENTS = [
  ["as it is", undefined],
  ["without RED", "audio/red"],
] as const;

const LARGE_ANA: Persona = { ...ANA, camera: { width: 640, height: 360 }, grain: 20 };
const troupe = gatherTroupe(LARGE_ANA, BEN);

test("losses", { timeout: 1_800_000 }, async () => {
  const lines = [
    "| way down, 100 ms | Chromium | sound made up | bytes a packet | freezes | frozen | in one piece, at most |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  for (const [client, without] of CLIENTS) {
    const scene = await Scene.open(troupe, { relayed: "udp" });
    const ana = await scene.enter(LARGE_ANA);
    const ben = await scene.enter(BEN);
    if (without !== undefined) await ben.context.addInitScript(hide, without);
    await Promise.all([ana, ben].map((person) => person.join(scene.meeting.join_url)));
    await ben.sees([LARGE_ANA]);
    for (const [name, losses] of ROWS) {
      scene.network.lose(null);
      await ben.sees([LARGE_ANA]);
      scene.network.lose(losses);
      await delay(SETTLES_MS);
      let [last, longest] = [await ben.page.evaluate(() => window.probe.playback()), 0];
      const first = last;
      for (const end = performance.now() + COUNTED_MS; performance.now() < end; ) {
        await delay(250);
        const now = await ben.page.evaluate(() => window.probe.playback());
        // A freeze is counted when it is over.
        if (now.freezes > last.freezes)
          longest = Math.max(
            longest,
            (now.frozenSeconds - last.frozenSeconds) / (now.freezes - last.freezes),
          );
        last = now;
      }
      lines.push(row(name, client, first, last, longest));
      console.log(lines.at(-1));
    }
  }
  console.log(lines.join("\n"));
});

/** In the page: the browser has no such codec. */
function hide(mimeType: string): void {
  for (const end of [RTCRtpReceiver, RTCRtpSender]) {
    const all = end.getCapabilities.bind(end);
    end.getCapabilities = (kind) => {
      const found = all(kind);
      return found && { ...found, codecs: found.codecs.filter((codec) => codec.mimeType !== mimeType) };
    };
  }
}

function row(name: string, client: string, first: Playback, last: Playback, longest: number): string {
  const heard = last.samples - first.samples;
  const share = (100 * (last.concealed - first.concealed)) / Math.max(1, heard);
  const seconds = heard / SAMPLES_PER_SECOND;
  return [
    "",
    name,
    client,
    `${share.toFixed(1)} % of ${seconds.toFixed(0)} s`,
    String(
      Math.round((last.soundBytes - first.soundBytes) / Math.max(1, last.soundPackets - first.soundPackets)),
    ),
    String(last.freezes - first.freezes),
    `${(last.frozenSeconds - first.frozenSeconds).toFixed(1)} s`,
    `${longest.toFixed(1)} s`,
    "",
  ]
    .join(" | ")
    .trim();
}
