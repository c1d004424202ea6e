/** A whole meeting under capture; runs only inside the namespace that `enter.sh` makes. */

import { createSocket } from "node:dgram";
import { expect, test } from "vitest";
import { ANA, BEN } from "../harness/cast";
import type { Person } from "../harness/person";
import { gatherTroupe, Scene } from "../harness/troupe";
import { Capture, type Flow } from "./capture";

/** An address of documentation (RFC 5737): the capture must see who tries to reach it. */
const STRANGER = { host: "203.0.113.9", port: 4242 };

const capture = await Capture.begin();
const troupe = gatherTroupe(ANA, BEN);

test("browsers and server speak to this server and to nobody else", async () => {
  await askStranger();
  const scene = await Scene.open(troupe);
  const [ana, ben] = (await scene.join(ANA, BEN)) as [Person, Person];
  await Promise.all([ana.sees([BEN]), ben.sees([ANA]), ben.hears([ANA])]);
  await ana.says("See https://example.org/ and ask me");
  await ben.press("Chat");
  await ben.reads("See https://");
  await scene.openTab(ana);
  await ana.press("Share screen");
  await ben.seesScreenOf(ANA);
  await ben.press("Leave");
  await ana.sees([]);

  const flows = await capture.end();
  const server = new Set([scene.server.http, scene.server.media].map(({ host, port }) => `${host}:${port}`));
  const strangers = flows.filter(
    (flow) => !server.has(flow.from) && !server.has(flow.to) && !isKernels(flow),
  );
  expect(strangers.filter((flow) => !isControl(flow))).toEqual([]);
  // The capture is worth something only if it would have seen an attempt, and if it saw the meeting.
  expect(strangers.some(isControl)).toBe(true);
  const packets = flows.reduce((sum, flow) => sum + flow.packets, 0);
  expect(packets).toBeGreaterThan(500);
  console.log(`captured ${packets} packets in ${flows.length} flows, all with ${[...server].join(" and ")}`);
});

function isControl({ to }: Flow): boolean {
  return to === `${STRANGER.host}:${STRANGER.port}`;
}

/** The machine telling itself that a port is closed, as when somebody has just left. */
function isKernels({ interface: name, protocol }: Flow): boolean {
  return name === "lo" && protocol === "1";
}

async function askStranger(): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve, reject) =>
    socket.send("hello", STRANGER.port, STRANGER.host, (error) =>
      error === null ? resolve() : reject(error),
    ),
  );
  socket.close();
}
