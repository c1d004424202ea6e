/** A page of another site that plays one participant by WHEP or publishes by WHIP: a peer connection and one request. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import type { Sight } from "../page/contract";
import { probeScript } from "./bundle";
import { isHue } from "./judge";
import { PATIENCE_MS } from "./patience";
import { until } from "./wait";

const PLAYER = `<!doctype html><title>A player</title>
<div role="group" aria-label="Player"><video autoplay muted playsinline></video></div>
<script>
  async function dial(connection, url, ticket) {
    await connection.setLocalDescription();
    const answer = await fetch(url, {
      method: "POST",
      headers: { authorization: "Bearer " + ticket, "content-type": "application/sdp" },
      body: connection.localDescription.sdp,
    });
    const sdp = await answer.text();
    if (answer.status !== 201) throw new Error(sdp);
    await connection.setRemoteDescription({ type: "answer", sdp });
    return answer.headers.get("location");
  }
</script>`;

/** Layers within one stream of packets. */
export interface LayersWithin {
  readonly codec: "VP9" | "AV1";
  readonly scalabilityMode: string;
}

/** Of the page above: offers, takes the answer, and gives the address of the connection. */
declare function dial(connection: RTCPeerConnection, url: string, ticket: string): Promise<string>;

export class Player {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Opens the page of a site of its own. */
  static async open(browser: Browser): Promise<Player> {
    const site = createServer((_, answer) => answer.setHeader("content-type", "text/html").end(PLAYER));
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void site.close());
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.addInitScript({ content: await probeScript() });
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}`);
    return new Player(page);
  }

  /** Watches at a WHEP address; returns the address of the connection. */
  async watch(address: string, ticket: string): Promise<string> {
    return await this.#page.evaluate(
      async ([url, bearer]) => {
        const connection = new RTCPeerConnection();
        for (const kind of ["audio", "video"]) connection.addTransceiver(kind, { direction: "recvonly" });
        connection.ontrack = ({ streams }) => {
          const video = document.querySelector("video");
          // Sound and picture are one stream: whichever comes first, the element plays both.
          if (video !== null) video.srcObject = streams[0] ?? null;
        };
        return await dial(connection, url, bearer);
      },
      [address, ticket] as const,
    );
  }

  /**
   * Publishes a camera of this colour at a WHIP address: in two layers by name, or in those of one stream; returns the address of
   * the connection.
   */
  async publish(address: string, ticket: string, hue: number, within?: LayersWithin): Promise<string> {
    return await this.#page.evaluate(
      async ([url, bearer, colour, codec, scalabilityMode]) => {
        const size = codec === undefined ? { width: 640, height: 360 } : { width: 960, height: 540 };
        const canvas = Object.assign(document.createElement("canvas"), size);
        const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
        let step = 0;
        setInterval(() => {
          pen.fillStyle = `hsl(${colour} 90% 50%)`;
          pen.fillRect(0, 0, canvas.width, canvas.height);
          pen.fillStyle = "white";
          pen.fillRect((step++ * 13) % canvas.width, canvas.height - 40, 40, 40);
        }, 100);
        const connection = new RTCPeerConnection();
        const layers = [{ rid: "l", scaleResolutionDownBy: 2 }, { rid: "h" }];
        const line = connection.addTransceiver(
          canvas.captureStream().getVideoTracks()[0] as MediaStreamTrack,
          {
            direction: "sendonly",
            sendEncodings: codec === undefined ? layers : [{ scalabilityMode } as RTCRtpEncodingParameters],
          },
        );
        if (codec !== undefined) {
          const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
          const wanted = [`video/${codec}`, "video/rtx"];
          line.setCodecPreferences(codecs.filter(({ mimeType }) => wanted.includes(mimeType)));
        }
        return await dial(connection, url, bearer);
      },
      [address, ticket, hue, within?.codec, within?.scalabilityMode] as const,
    );
  }

  /** Ends a connection; returns the status of the answer. */
  async stop(session: string, ticket: string): Promise<number> {
    return await this.#page.evaluate(
      async ([url, bearer]) =>
        (await fetch(url, { method: "DELETE", headers: { authorization: `Bearer ${bearer}` } })).status,
      [session, ticket] as const,
    );
  }

  async sees(hue: number): Promise<void> {
    await until(`the player shows the hue ${hue}`, PATIENCE_MS, async () => {
      const sights: readonly Sight[] = await this.#page.evaluate(() => window.probe.see());
      return sights.some((sight) => isHue(sight, hue)) ? undefined : JSON.stringify(sights);
    });
  }

  /** How many tracks the element plays. */
  async tracks(): Promise<number> {
    return await this.#page.evaluate(() => {
      const stream = document.querySelector("video")?.srcObject;
      return stream instanceof MediaStream ? stream.getTracks().length : 0;
    });
  }
}
