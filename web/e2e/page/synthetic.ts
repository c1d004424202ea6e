/**
 * A page that plays several people at once: each has a connection of their own to signalling and engine, a small drawn camera
 * and a faint voice. They decode nothing, so that many fit beside real browsers on two cores.
 */

import { type ClientMessage, PROTOCOL, type ServerMessage } from "../../src/api/signalling";

export interface Extra {
  readonly ticket: string;
  readonly hue: number;
  readonly toneHz: number;
}

declare global {
  interface Window {
    /** Resolves when every one of them is connected to the engine. */
    perform(extras: readonly Extra[]): Promise<void>;
  }
}

const WIDTH = 160;
const HEIGHT = 90;
const DRAW_EVERY_MS = 200;
/** They only breathe: real browsers stay elected among the loudest, and a breath in a free slot is not taken for a voice. */
const VOICE_GAIN = 0.0002;
const PING_EVERY_MS = 5000;

window.perform = async (extras) => {
  const context = new AudioContext();
  await context.resume();
  await Promise.all(extras.map((extra) => perform(extra, context)));
};

async function perform(extra: Extra, context: AudioContext): Promise<void> {
  const connection = new RTCPeerConnection();
  connection.addTransceiver(voice(context, extra.toneHz), { direction: "sendonly" });
  connection.addTransceiver(camera(extra.hue), { direction: "sendonly" });
  connection.addTransceiver("video", { direction: "sendonly" });
  connection.addTransceiver("audio", { direction: "sendonly" });
  connection.addTransceiver("audio", { direction: "recvonly" });
  await connection.setLocalDescription();

  // Not before: who says nothing at once is sent away.
  const socket = new WebSocket(`ws://${location.host}/signal`, PROTOCOL);
  const send = (message: ClientMessage): void => socket.send(JSON.stringify(message));
  socket.onopen = () => send({ type: "hello", ticket: extra.ticket });
  socket.onmessage = ({ data }: MessageEvent<string>) => {
    const message = JSON.parse(data) as ServerMessage;
    if (message.type === "welcome") {
      send({ type: "offer", id: 1, sdp: connection.localDescription?.sdp ?? "", fresh: true });
      send({ type: "set_sources", id: 2, sources: ["microphone", "camera"] });
    } else if (message.type === "answer") {
      void connection.setRemoteDescription({ type: "answer", sdp: message.sdp });
    }
  };
  setInterval(() => send({ type: "ping", id: 3 }), PING_EVERY_MS);
  await new Promise<void>((resolve, reject) => {
    socket.onclose = ({ code, reason }) => reject(new Error(`signalling closed: ${code} ${reason}`));
    connection.onconnectionstatechange = () => connection.connectionState === "connected" && resolve();
  });
}

function voice(context: AudioContext, toneHz: number): MediaStreamTrack {
  const destination = new MediaStreamAudioDestinationNode(context);
  const oscillator = new OscillatorNode(context, { frequency: toneHz });
  oscillator.connect(new GainNode(context, { gain: VOICE_GAIN })).connect(destination);
  oscillator.start();
  return destination.stream.getAudioTracks()[0] as MediaStreamTrack;
}

function camera(hue: number): MediaStreamTrack {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext("2d");
  let frame = 0;
  const draw = (): void => {
    if (pen === null) {
      return;
    }
    pen.fillStyle = `hsl(${hue} 90% 50%)`;
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    pen.fillStyle = "white";
    pen.fillRect((frame * 13) % WIDTH, HEIGHT - 14, 14, 14);
    frame += 1;
  };
  draw();
  setInterval(draw, DRAW_EVERY_MS);
  return canvas.captureStream().getVideoTracks()[0] as MediaStreamTrack;
}
