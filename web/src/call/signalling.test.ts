import { beforeEach, describe, expect, it } from "vitest";
import type { ServerMessage } from "../api/signalling.ts";
import { Signalling, SignallingError } from "./signalling.ts";
import { FakeClock, settle } from "./testing/fake-clock.ts";
import { FakeSocket } from "./testing/fake-socket.ts";
import { welcome } from "./testing/people.ts";

let clock: FakeClock;
let sockets: FakeSocket[];
let heard: string[];
let sequence: number | undefined;

const socket = (): FakeSocket => sockets.at(-1) as FakeSocket;

function start(credentials: { ticket?: string; resume?: string } = { ticket: "t1" }): Signalling {
  const signalling = new Signalling({
    clock,
    openSocket: (protocol) => {
      expect(protocol).toBe("meeting.v1");
      sockets.push(new FakeSocket());
      return socket();
    },
    credentials,
    lastSequence: () => sequence,
    onWelcome: ({ resume }) => heard.push(`welcome ${resume}`),
    onMessage: (message: ServerMessage) => heard.push(message.type),
    onLost: () => heard.push("lost"),
    onRefused: (code) => heard.push(`refused ${code}`),
  });
  signalling.connect();
  return signalling;
}

function startWelcomed(): Signalling {
  const signalling = start();
  socket().open();
  socket().say(welcome());
  return signalling;
}

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  heard = [];
  sequence = undefined;
});

describe("saying hello", () => {
  it("shows the ticket first, and the resume secret with the last sequence after a break", async () => {
    startWelcomed();
    expect(socket().received).toEqual([{ type: "hello", ticket: "t1" }]);
    sequence = 17;
    socket().break();
    await clock.pass(0);
    socket().open();
    expect(socket().received).toEqual([{ type: "hello", resume: "secret-1", last_sequence: 17 }]);
  });

  it("may get its ticket after the socket is open", () => {
    const signalling = start({});
    socket().open();
    expect(socket().received).toEqual([]);
    signalling.authenticate("late");
    expect(socket().received).toEqual([{ type: "hello", ticket: "late" }]);
  });

  it("ends when the server refuses the credentials", async () => {
    start();
    socket().open();
    socket().say({ type: "error", id: null, code: "ticket_used", detail: "" });
    await clock.pass(60_000);
    expect(heard).toEqual(["refused ticket_used"]);
    expect(sockets).toHaveLength(1);
  });

  it("tries again when the server has a fault of its own", async () => {
    start();
    socket().open();
    socket().say({ type: "error", id: null, code: "internal_error", detail: "" });
    socket().break();
    await clock.pass(0);
    expect(sockets).toHaveLength(2);
  });
});

describe("coming back", () => {
  it("tries at once, then ever more slowly, at most every three seconds, for ever", async () => {
    startWelcomed();
    socket().break();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      const before = clock.now();
      const known = sockets.length;
      while (sockets.length === known) await clock.pass(100);
      waits.push(clock.now() - before);
      socket().break();
    }
    expect(waits.map((wait) => Math.round(wait / 100) / 10)).toEqual([0.1, 0.3, 1, 2, 3, 3, 3, 3, 3]);
  });

  it("does not wait when the network is back", async () => {
    const signalling = startWelcomed();
    for (let attempt = 0; attempt < 6; attempt += 1) {
      socket().break();
      await clock.pass(attempt < 5 ? 3000 : 0);
    }
    const known = sockets.length;
    signalling.hurry();
    expect(sockets).toHaveLength(known + 1);
  });

  it("stays away after the server's last word", async () => {
    startWelcomed();
    socket().say({ type: "closed", reason: "removed" });
    await clock.pass(60_000);
    expect(heard.at(-1)).toBe("closed");
    expect(sockets).toHaveLength(1);
  });
});

describe("requests", () => {
  it("resolve with their own answer", async () => {
    const signalling = startWelcomed();
    const first = signalling.request({ type: "offer", sdp: "v=0", fresh: true });
    const second = signalling.request({ type: "ping" });
    const offer = socket().last("offer");
    socket().say({ type: "ok", id: socket().last("ping").id });
    socket().say({ type: "answer", id: offer.id, sdp: "answer" });
    await expect(first).resolves.toMatchObject({ type: "answer", sdp: "answer" });
    await expect(second).resolves.toMatchObject({ type: "ok" });
  });

  it("reject with the server's code", async () => {
    const signalling = startWelcomed();
    const refused = signalling.request({ type: "end_meeting" });
    socket().say({ type: "error", id: socket().last("end_meeting").id, code: "not_allowed", detail: "" });
    await expect(refused).rejects.toMatchObject({ code: "not_allowed" });
  });

  it("reject when the connection breaks, and while there is none", async () => {
    const signalling = startWelcomed();
    const cut = signalling.request({ type: "ping" });
    socket().break();
    await expect(cut).rejects.toEqual(new SignallingError("disconnected"));
    await expect(signalling.request({ type: "ping" })).rejects.toMatchObject({ code: "disconnected" });
  });
});

describe("the heartbeat", () => {
  it("asks at the server's interval and stays while there are answers", async () => {
    startWelcomed();
    for (let beat = 0; beat < 5; beat += 1) {
      await clock.pass(10_000);
      socket().say({ type: "ok", id: socket().last("ping").id });
      await settle();
    }
    expect(socket().received.filter(({ type }) => type === "ping")).toHaveLength(5);
    expect(sockets).toHaveLength(1);
  });

  it("takes silence for a break", async () => {
    startWelcomed();
    await clock.pass(10_000 + 8000);
    expect(heard).toContain("lost");
    expect(sockets).toHaveLength(2);
  });

  it("asks at once after a change of network, with little patience", async () => {
    const signalling = startWelcomed();
    signalling.hurry();
    await clock.pass(0);
    expect(socket().has("ping")).toBe(true);
    await clock.pass(2500);
    expect(heard).toContain("lost");
  });
});
