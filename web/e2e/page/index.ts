/** Installs the probe; bundled into one script that the harness puts before everything else in a page. */

import type { Playback, Received } from "./contract";
import { heard, listen, sides } from "./ears";
import { peerConnections, soundingElements, watchApplication } from "./elements";
import { cut, see, seenFirstFrames, watchFirstFrames } from "./eyes";
import { hearByRecording } from "./recorder";
import { noteSync } from "./sync";

const violations: string[] = [];
document.addEventListener("securitypolicyviolation", (event) => {
  violations.push(
    `${event.violatedDirective} refused ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`,
  );
});

async function received(): Promise<Received> {
  let packets = 0;
  let frozenMs = 0;
  for (const connection of peerConnections()) {
    for (const report of (await connection.getStats()).values() as Iterable<RTCInboundRtpStreamStats>) {
      if (report.type !== "inbound-rtp") continue;
      packets += report.packetsReceived ?? 0;
      frozenMs += (report.totalFreezesDuration ?? 0) * 1000;
    }
  }
  return { connections: peerConnections().length, packets, frozenMs };
}

async function playback(): Promise<Playback> {
  let sum: Playback = {
    samples: 0,
    concealed: 0,
    soundPackets: 0,
    soundBytes: 0,
    freezes: 0,
    frozenSeconds: 0,
  };
  for (const connection of peerConnections()) {
    for (const report of (await connection.getStats()).values() as Iterable<RTCInboundRtpStreamStats>) {
      if (report.type !== "inbound-rtp") continue;
      const isSound = report.kind === "audio";
      sum = {
        samples: sum.samples + (report.totalSamplesReceived ?? 0),
        concealed: sum.concealed + (report.concealedSamples ?? 0) - (report.silentConcealedSamples ?? 0),
        soundPackets: sum.soundPackets + (isSound ? (report.packetsReceived ?? 0) : 0),
        soundBytes: sum.soundBytes + (isSound ? (report.bytesReceived ?? 0) : 0),
        freezes: sum.freezes + (report.freezeCount ?? 0),
        frozenSeconds: sum.frozenSeconds + (report.totalFreezesDuration ?? 0),
      };
    }
  }
  return sum;
}

async function sentHeights(): Promise<number[]> {
  const heights: number[] = [];
  for (const connection of peerConnections()) {
    for (const report of (await connection.getStats()).values() as Iterable<RTCOutboundRtpStreamStats>) {
      const isSent = report.type === "outbound-rtp" && report.active === true;
      if (isSent && report.frameHeight !== undefined) heights.push(report.frameHeight);
    }
  }
  return heights.sort((a, b) => a - b);
}

async function mediaPorts(): Promise<number[]> {
  const ports: number[] = [];
  for (const connection of peerConnections()) {
    const reports = await connection.getStats();
    for (const pair of reports.values() as Iterable<RTCIceCandidatePairStats>) {
      if (pair.type !== "candidate-pair" || !pair.nominated) continue;
      const local = reports.get(pair.localCandidateId) as { port?: number } | undefined;
      if (local?.port !== undefined) ports.push(local.port);
    }
  }
  return ports;
}

watchApplication();
watchFirstFrames();
window.probe = {
  see,
  cut,
  firstFrames: seenFirstFrames,
  listen,
  heard,
  sides,
  hearByRecording,
  playing: () => soundingElements().length,
  noteSync,
  received,
  playback,
  sentHeights,
  mediaPorts,
  connectionStates: () =>
    peerConnections().map(
      (peer) => `${peer.signalingState} ice ${peer.iceConnectionState} dtls ${peer.connectionState}`,
    ),
  violations: () => violations,
};
