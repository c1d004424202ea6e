import { expect, it } from "vitest";
import { withStereo } from "./stereo.ts";

function offer(parameters: string): string {
  const line = (mid: number): string =>
    `m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:${mid}\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 ${parameters}\r\n`;
  return `v=0\r\n${Array.from({ length: 9 }, (_, mid) => line(mid)).join("")}`;
}

const PLAIN = "minptime=10;useinbandfec=1";

it("asks for stereo in the slot of a screen's sound and nowhere else", () => {
  const lines = withStereo(offer(PLAIN)).split("m=audio");
  const stereo = lines.flatMap((line, index) => (line.includes(`${PLAIN};stereo=1\r\n`) ? [index - 1] : []));
  expect(stereo).toEqual([7]);
  expect(withStereo(offer(PLAIN)).replace(";stereo=1", "")).toBe(offer(PLAIN));
});

it("leaves an offer alone that says it, or has no such line", () => {
  for (const text of [offer("maxplaybackrate=48000;stereo=1;useinbandfec=1"), "offer-1", ""]) {
    expect(withStereo(text)).toBe(text);
  }
});
