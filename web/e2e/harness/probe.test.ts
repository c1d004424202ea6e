/** Proves eyes and ears on a page that calls itself, without the application: a journey is worth what its probe is worth. */

import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { probeScript } from "./bundle";
import { BEN, SPEAKERS } from "./cast";
import { startChromium } from "./chromium";
import { heardNames, isHue } from "./judge";
import { PATIENCE_MS } from "./patience";
import { recordPersona, recordSync } from "./recordings";
import { addedLead } from "./sync";
import { until } from "./wait";

/** What a probe may add to the distance of sound and picture. */
const NOTHING_MS = 100;

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
  const recording = await recordPersona(directory, BEN);
  await onLoop(recording, async (page) => {
    await page.evaluate(
      (tones) => window.probe.listen(tones),
      SPEAKERS.map((persona) => persona.toneHz),
    );
    const prints = new Set<number>();
    await until("Ben is seen and heard", PATIENCE_MS, async () => {
      const sights = await page.evaluate(() => window.probe.see());
      const decoded = sights.find((sight) => sight.label === "Ben, decoded");
      prints.add(decoded?.fingerprint ?? 0);
      const heard = heardNames(await page.evaluate(() => window.probe.heard(1500)));
      const right = decoded !== undefined && isHue(decoded, BEN.hue) && prints.size > 3 && heard === "Ben";
      return right ? undefined : JSON.stringify({ sights, heard, prints: prints.size });
    });
    expect(heardNames(await page.evaluate(() => window.probe.heard(3000)))).toBe("Ben");

    await page.evaluate(() => {
      const stream = document.querySelector("video")?.srcObject as MediaStream | null | undefined;
      for (const track of stream?.getAudioTracks() ?? []) {
        track.enabled = false;
      }
    });
    await until("silence is heard", PATIENCE_MS, async () => {
      const heard = heardNames(await page.evaluate(() => window.probe.heard(800)));
      return heard === "" ? undefined : heard;
    });
  });
});

test("a loop adds next to nothing between sound and picture", async () => {
  const recording = await recordSync(directory, BEN.hue, BEN.toneHz);
  await onLoop(recording, async (page) => {
    // The browser's sound begins late where its first packets came unevenly, and catches up within seconds.
    await until("the loop adds nothing", PATIENCE_MS, async () => {
      const lead = await addedLead(page, page, "Ben, decoded");
      console.log(`a loop's sound leads its picture by ${Math.round(lead)} ms`);
      return Math.abs(lead) < NOTHING_MS ? undefined : `${lead} ms`;
    });
  });
});

/** Opens the page and has it call itself with the fake devices, processed as a meeting would. */
async function onLoop(
  recording: { film: string; sound: string },
  judge: (page: Page) => Promise<void>,
): Promise<void> {
  const browser: Browser = await startChromium(recording);
  try {
    const page = await browser.newPage({ permissions: ["camera", "microphone"] });
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
