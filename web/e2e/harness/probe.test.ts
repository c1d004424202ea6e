/** Proves eyes and ears on a page that calls itself, without the application: a journey is worth what its probe is worth. */

import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { probeScript } from "./bundle";
import { BEN, EVERYBODY, type Persona } from "./cast";
import { startChromium } from "./chromium";
import { recordPersona, recordSync } from "./recordings";
import { until } from "./wait";

const HTML = `<!doctype html><title>loop</title>
<div role="group" aria-label="Ben, own"><video autoplay playsinline muted></video></div>
<div role="group" aria-label="Ben, decoded"><video autoplay playsinline muted></video></div>
<audio autoplay></audio>`;

let directory: string;
let server: Server;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(`${tmpdir()}/meetinghouse-probe-`);
  server = createServer((_request, response) => response.setHeader("content-type", "text/html").end(HTML));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

test("eyes tell whose picture it is, ears whose voice, through encoder and decoder", async () => {
  const recording = await recordPersona(directory, BEN.name, BEN.hue, BEN.toneHz);
  await onLoop(recording, async (page) => {
    await page.evaluate(
      (tones) => window.probe.listen(tones),
      EVERYBODY.map((persona) => persona.toneHz),
    );
    const prints = new Set<number>();
    await until("Ben is seen and heard", 15_000, async () => {
      const sights = await page.evaluate(() => window.probe.see());
      const decoded = sights.find((sight) => sight.label === "Ben, decoded");
      prints.add(decoded?.fingerprint ?? 0);
      const heard = names(await page.evaluate(() => window.probe.heard(1500)));
      const right =
        decoded?.hue !== undefined && isHue(BEN, decoded.hue) && prints.size > 3 && heard.join() === "Ben";
      return right ? undefined : JSON.stringify({ sights, heard, prints: prints.size });
    });
    expect(names(await page.evaluate(() => window.probe.heard(3000)))).toEqual(["Ben"]);

    await page.evaluate(() => {
      const stream = document.querySelector("video")?.srcObject as MediaStream | null | undefined;
      for (const track of stream?.getAudioTracks() ?? []) {
        track.enabled = false;
      }
    });
    await until("silence is heard", 5_000, async () => {
      const heard = names(await page.evaluate(() => window.probe.heard(800)));
      return heard.length === 0 ? undefined : heard.join();
    });
  });
});

test("flash and beep keep their distance in both directions of a loop", async () => {
  const recording = await recordSync(directory, BEN.hue, BEN.toneHz);
  await onLoop(recording, async (page) => {
    await page.evaluate(() => window.probe.watchSync({ name: "Ben, decoded" }));
    await until("flashes and beeps are noted", 15_000, async () => {
      const marks = await page.evaluate(() => window.probe.syncMarks());
      return marks.flashes.length >= 3 && marks.beeps.length >= 3 ? undefined : JSON.stringify(marks);
    });
    const { flashes, beeps } = await page.evaluate(() => window.probe.syncMarks());
    for (const marks of [flashes, beeps]) {
      const loops = marks.slice(1).map((at, index) => (at - (marks[index] ?? 0)) / 2000);
      for (const loop of loops) {
        expect(Math.abs(loop - Math.round(loop)), JSON.stringify(marks)).toBeLessThan(0.06);
      }
    }
  });
});

function isHue(persona: Persona, hue: number | null): boolean {
  return hue !== null && Math.abs(((hue - persona.hue + 540) % 360) - 180) < 15;
}

function names(levels: readonly number[]): string[] {
  return EVERYBODY.filter((_, index) => (levels[index] ?? 0) > 25).map((persona) => persona.name);
}

/** Opens the page and has it call itself with the fake devices, processed as a meeting would. */
async function onLoop(
  recording: { film: string; sound: string },
  judge: (page: Page) => Promise<void>,
): Promise<void> {
  const browser: Browser = await startChromium(recording);
  try {
    const page = await browser.newPage();
    await page.addInitScript(await probeScript());
    await page.goto(url);
    await page.evaluate(async () => {
      const [own, decoded] = document.querySelectorAll("video");
      const audio = document.querySelector("audio");
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: true,
        video: { width: 1280, height: 720 },
      });
      const [up, down] = [new RTCPeerConnection(), new RTCPeerConnection()];
      up.onicecandidate = ({ candidate }) => void down.addIceCandidate(candidate ?? undefined);
      down.onicecandidate = ({ candidate }) => void up.addIceCandidate(candidate ?? undefined);
      down.ontrack = ({ track }) => {
        const element = track.kind === "video" ? decoded : audio;
        if (element) {
          element.srcObject = new MediaStream([track]);
        }
      };
      for (const track of stream.getTracks()) {
        up.addTrack(track, stream);
      }
      await up.setLocalDescription();
      await down.setRemoteDescription(up.localDescription as RTCSessionDescription);
      await down.setLocalDescription();
      await up.setRemoteDescription(down.localDescription as RTCSessionDescription);
      if (own) {
        own.srcObject = stream;
      }
    });
    await judge(page);
  } finally {
    await browser.close();
  }
}
