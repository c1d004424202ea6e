/** A whole call over fakes: the way in, the ways back, and what others may do to us. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Participant } from "../api/signalling.ts";
import { Call } from "./call.ts";
import { Devices } from "./devices.ts";
import type { RememberedSession } from "./entry.ts";
import type { Sound } from "./sound.ts";
import type { Stage } from "./stage.ts";
import { FakeClock, settle } from "./testing/fake-clock.ts";
import { FakeDevices, FakePeer } from "./testing/fake-media.ts";
import { FakeSocket } from "./testing/fake-socket.ts";
import { memoryStore } from "./testing/memory-store.ts";
import { MEETING, person, state, welcome } from "./testing/people.ts";
import type { Notice } from "./view.ts";

let clock: FakeClock;
let sockets: FakeSocket[];
let peers: FakePeer[];
let notices: Notice[];
let remembered: RememberedSession | null;
let call: Call;

const socket = (): FakeSocket => sockets.at(-1) as FakeSocket;
const peer = (): FakePeer => peers.at(-1) as FakePeer;
const me = (change: Partial<Participant> = {}): Participant => person("me", change);

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  peers = [];
  notices = [];
  remembered = null;
  const nothing = (): void => {};
  call = new Call({
    clock,
    openSocket: () => {
      sockets.push(new FakeSocket());
      return socket();
    },
    createPeer: (iceServers) => {
      peers.push(new FakePeer());
      peer().configuration = { iceServers };
      return peer() as unknown as RTCPeerConnection;
    },
    capabilities: (kind) =>
      (kind === "audio" ? ["audio/opus", "audio/red"] : VIDEO_CODECS).map((codec) => {
        const [mimeType = "", sdpFmtpLine] = codec.split(" ");
        return { mimeType, clockRate: 90_000, ...(sdpFmtpLine !== undefined && { sdpFmtpLine }) };
      }),
    videoSlots: 9,
    devices: new Devices({
      mediaDevices: new FakeDevices() as unknown as MediaDevices,
      store: memoryStore(),
      permission: async () => undefined,
      phone: false,
      processors: 8,
    }),
    stage: { setLocal: nothing, setLines: nothing, setSlots: nothing } as unknown as Stage,
    createSound: () =>
      ({
        setLines: nothing,
        setSpeaker: async () => {},
        clear: nothing,
        play: async () => {},
      }) as unknown as Sound,
    remember: (session) => {
      remembered = session;
    },
  });
  call.onNotice((notice) => notices.push(notice));
});

/** Answers what is waiting for an answer. */
async function answer(): Promise<void> {
  const offer = socket().last("offer");
  socket().say({ type: "answer", id: offer.id, sdp: "answer" });
  await settle();
}

async function accept(type: "set_sources"): Promise<void> {
  socket().say({ type: "ok", id: socket().last(type).id });
  await settle();
}

async function joinMeeting(participants: readonly Participant[] = [me()]): Promise<void> {
  await call.local.begin(true, true);
  const joining = call.join(async () => "ticket");
  socket().open();
  await settle();
  socket().say(welcome());
  socket().say({ type: "snapshot", sequence: 1, state: state(participants, { you: "me" }) });
  await joining;
  await settle();
  await answer();
  await accept("set_sources");
  peer().become("connected");
}

const H264_PLAIN = "video/H264 packetization-mode=1;profile-level-id=42e01f";
const H264_MAIN = "video/H264 packetization-mode=1;profile-level-id=4d001f";
const VIDEO_CODECS = [
  "video/AV1 level-idx=5;profile=0;tier=0",
  "video/AV1 level-idx=5;profile=1;tier=0",
  "video/rtx",
  "video/H264 packetization-mode=0;profile-level-id=42e01f",
  H264_PLAIN,
  "video/H264 packetization-mode=1;profile-level-id=42001f",
  H264_MAIN,
  "video/VP9 profile-id=0",
  "video/VP9 profile-id=2",
  "video/VP8",
];

describe("joining", () => {
  it("offers what one sends and every slot, in the order of the contract", async () => {
    await joinMeeting();
    const lines = peer().lines.map(({ kind, direction }) => `${kind} ${direction}`);
    expect(lines.slice(0, 8)).toEqual([
      "audio sendonly",
      "video sendonly",
      "video sendonly",
      "audio sendonly",
      ...Array.from({ length: 4 }, () => "audio recvonly"),
    ]);
    expect(lines.slice(8)).toEqual(Array.from({ length: 9 }, () => "video recvonly"));
    expect(peer().lines[1]?.codecs).toEqual(["video/VP8", H264_PLAIN, "video/rtx"]);
    expect(peer().lines[8]?.codecs).toEqual([
      "video/VP8",
      H264_PLAIN,
      H264_MAIN,
      "video/VP9 profile-id=0",
      "video/AV1 level-idx=5;profile=0;tier=0",
      "video/rtx",
    ]);
    expect(peer().lines[0]?.codecs).toEqual(["audio/opus", "audio/red"]);
    expect(socket().last("offer")).toMatchObject({ fresh: true });
    expect(socket().last("set_sources").sources).toEqual(["microphone", "camera"]);
    expect(call.getSnapshot()).toMatchObject({ phase: "joined", media: "connected", order: ["me"] });
    expect(remembered).toEqual({ resume: "secret-1", audio: true, video: true });
  });

  it("opens its socket while the API is still asked", async () => {
    let give: (ticket: string) => void = () => {};
    const joining = call.join(() => new Promise((resolve) => (give = resolve)));
    socket().open();
    expect(socket().received).toEqual([]);
    give("late");
    await settle();
    expect(socket().last("hello")).toMatchObject({ ticket: "late" });
    socket().say(welcome());
    await joining;
  });

  it("stays at the door when the API says no", async () => {
    await expect(call.join(() => Promise.reject(new Error("locked")))).rejects.toThrow("locked");
    expect(call.getSnapshot().phase).toBe("idle");
    await clock.pass(60_000);
    expect(sockets).toHaveLength(1);
  });

  it("comes in muted where the host wants it so", async () => {
    await call.local.begin(true, false);
    void call.join(async () => "ticket");
    socket().open();
    await settle();
    socket().say(welcome());
    const meeting = { ...MEETING, mute_on_entry: true };
    socket().say({ type: "snapshot", sequence: 1, state: state([me()], { you: "me", meeting }) });
    await settle();
    expect(socket().last("set_sources").sources).toEqual([]);
  });
});

describe("the lobby", () => {
  it("sends no offer before one is let in", async () => {
    void call.join(async () => "ticket");
    socket().open();
    await settle();
    socket().say(welcome({ state: "lobby" }));
    await settle();
    expect(call.getSnapshot().phase).toBe("lobby");
    expect(socket().has("offer")).toBe(false);
    socket().say({ type: "snapshot", sequence: 4, state: state([me()], { you: "me" }) });
    await settle();
    expect(call.getSnapshot().phase).toBe("joined");
    expect(socket().has("offer")).toBe(true);
  });
});

describe("coming back", () => {
  it("keeps its media when the server has", async () => {
    await joinMeeting();
    socket().break();
    expect(call.getSnapshot().connected).toBe(false);
    await clock.pass(0);
    socket().open();
    expect(socket().last("hello")).toMatchObject({ resume: "secret-1", last_sequence: 1 });
    socket().say(welcome({ media_kept: true }));
    await settle();
    expect(socket().has("offer")).toBe(false);
    expect(socket().has("set_sources")).toBe(false);
    expect(peers).toHaveLength(1);
  });

  it("makes a fresh connection after the server was restarted, and says anew what is on", async () => {
    await joinMeeting();
    socket().break();
    await clock.pass(0);
    socket().open();
    socket().say(welcome({ media_kept: false }));
    await settle();
    expect(peers).toHaveLength(2);
    expect(socket().last("offer").fresh).toBe(true);
    expect(socket().last("set_sources").sources).toEqual(["microphone", "camera"]);
    await answer();
    peer().become("connected");
    expect(call.getSnapshot().media).toBe("connected");
  });

  it("tells what was switched while the connection was away", async () => {
    await joinMeeting();
    socket().break();
    call.local.setMicrophone(false);
    await clock.pass(0);
    socket().open();
    socket().say(welcome({ media_kept: true }));
    await settle();
    expect(socket().last("set_sources").sources).toEqual(["camera"]);
  });

  it("restarts ICE after two seconds without, and makes all anew when that does not help", async () => {
    await joinMeeting();
    peer().become("disconnected");
    expect(call.getSnapshot().media).toBe("interrupted");
    await clock.pass(2000);
    expect(peer().restarts).toBe(1);
    expect(socket().last("offer").fresh).toBe(false);
    await answer();
    socket().say({ type: "ok", id: 0 });
    await clock.pass(5000);
    expect(peers).toHaveLength(2);
    expect(socket().last("offer").fresh).toBe(true);
  });

  it("restarts ICE once signalling is back, when both broke", async () => {
    await joinMeeting();
    peer().become("disconnected");
    await clock.pass(2000);
    socket().break();
    await clock.pass(0);
    socket().open();
    socket().say(welcome({ media_kept: true }));
    await settle();
    expect(peers).toHaveLength(1);
    expect(socket().last("offer")).toMatchObject({ fresh: false, sdp: "offer-1" });
    await answer();
    peer().become("connected");
    expect(call.getSnapshot().media).toBe("connected");
  });

  it("takes the relay once nothing direct got through for two seconds, and then at once", async () => {
    const relay = { urls: ["turns:turn.example.org:443?transport=tcp"], username: "1:me", credential: "c" };
    const joining = call.join(async () => "ticket");
    socket().open();
    await settle();
    socket().say(welcome());
    socket().say({ type: "ice_servers", ...relay });
    socket().say({ type: "snapshot", sequence: 1, state: state([me()], { you: "me" }) });
    await joining;
    await settle();
    await answer();
    await clock.pass(1999);
    expect(peer().configuration.iceServers).toEqual([]);
    await clock.pass(1);
    expect(peer().configuration.iceServers).toEqual([relay]);
    expect(peer().restarts).toBe(1);
    expect(socket().last("offer")).toMatchObject({ sdp: "offer-1", fresh: false });
    await answer();
    peer().become("connected");
    expect(call.getSnapshot().media).toBe("connected");
    socket().say({ type: "media_lost", reason: "timeout" });
    await settle();
    expect(peers).toHaveLength(2);
    expect(peer().configuration.iceServers).toEqual([relay]);
  });

  it("leaves the relay alone where it is not needed", async () => {
    await joinMeeting();
    socket().say({
      type: "ice_servers",
      urls: ["turns:turn.example.org"],
      username: "1:me",
      credential: "c",
    });
    await clock.pass(30_000);
    expect(peer().restarts).toBe(0);
    expect(peer().configuration.iceServers).toEqual([]);
  });

  it("does not restart what heals by itself", async () => {
    await joinMeeting();
    peer().become("disconnected");
    await clock.pass(1000);
    peer().become("connected");
    await clock.pass(3000);
    expect(peer().restarts).toBe(0);
    expect(call.getSnapshot().media).toBe("connected");
  });

  it("sends a line of chat again under the same key", async () => {
    await joinMeeting();
    call.say("hello", null);
    const { key } = socket().last("send_chat");
    socket().break();
    await clock.pass(0);
    socket().open();
    socket().say(welcome({ media_kept: true }));
    await settle();
    expect(socket().last("send_chat")).toMatchObject({ key, text: "hello" });
    socket().say({ type: "ok", id: socket().last("send_chat").id });
    await settle();
    expect(call.getSnapshot().outbox).toEqual([]);
  });
});

describe("what others do", () => {
  it("mutes us, and we follow", async () => {
    await joinMeeting([me({ sources: ["microphone", "camera"] })]);
    socket().say({ type: "participant", sequence: 2, participant: me({ sources: ["camera"] }) });
    await settle();
    expect(call.local.getSnapshot().microphone.on).toBe(false);
    expect(peer().lines[0]?.sender.track).toBeNull();
    expect(notices).toContainEqual({ type: "muted_by_host" });
  });

  it("never switches anything on", async () => {
    await joinMeeting([me({ sources: ["microphone", "camera"] })]);
    call.local.setMicrophone(false);
    await settle();
    await accept("set_sources");
    socket().say({
      type: "participant",
      sequence: 2,
      participant: me({ sources: ["microphone", "camera"] }),
    });
    await settle();
    expect(call.local.getSnapshot().microphone.on).toBe(false);
  });

  it("does not take an old word of the server for a mute", async () => {
    await joinMeeting([me({ sources: ["microphone", "camera"] })]);
    call.local.setMicrophone(false);
    await settle();
    await accept("set_sources");
    call.local.setMicrophone(true);
    await settle();
    // Said before our wish was heard.
    socket().say({ type: "participant", sequence: 2, participant: me({ sources: ["camera"] }) });
    await accept("set_sources");
    expect(call.local.getSnapshot().microphone.on).toBe(true);
    expect(notices).toEqual([]);
  });

  it("ends a share that the server refuses", async () => {
    await joinMeeting();
    call.local.setScreen(true);
    await settle();
    socket().say({ type: "error", id: socket().last("set_sources").id, code: "share_taken", detail: "" });
    await settle();
    expect(call.local.getSnapshot().screen.on).toBe(false);
    expect(notices).toContainEqual({ type: "refused", code: "share_taken" });
  });

  it("removes us: everything is closed, and there is no way back by a reload", async () => {
    await joinMeeting();
    socket().say({ type: "closed", reason: "removed" });
    await settle();
    expect(call.getSnapshot()).toMatchObject({ phase: "over", ending: { reason: "removed" } });
    expect(call.local.getSnapshot().camera.track).toBeNull();
    expect(peer().connectionState).toBe("closed");
    expect(remembered).toBeNull();
  });
});

describe("leaving", () => {
  it("hands the meeting over before, when asked to", async () => {
    await joinMeeting([me({ role: "host" }), person("ana")]);
    const leaving = call.leave("ana");
    expect(socket().last("set_role")).toMatchObject({ participant: "ana", role: "host" });
    socket().say({ type: "ok", id: socket().last("set_role").id });
    await settle();
    socket().say({ type: "ok", id: socket().last("leave").id });
    await leaving;
    expect(call.getSnapshot()).toMatchObject({ phase: "over", ending: { reason: "left" } });
  });

  it("does not wait for a server that is not there", async () => {
    await joinMeeting();
    const leaving = call.leave();
    await clock.pass(1000);
    await leaving;
    expect(call.getSnapshot().phase).toBe("over");
  });
});

describe("layers of one's picture", () => {
  it("are sent while somebody watches them, and all of them by a new connection", async () => {
    await joinMeeting();
    const active = (): readonly (boolean | undefined)[] =>
      peer().lines[1]?.sender.parameters.encodings.map((encoding) => encoding.active) ?? [];
    expect(active()).toEqual([true, true, true]);
    socket().say({ type: "layers", source: "camera", layers: ["l", "h"] });
    await settle();
    expect(active()).toEqual([true, false, true]);
    socket().say({ type: "media_lost", reason: "consent" });
    await settle();
    expect(active()).toEqual([true, true, true]);
  });

  it("are three frame rates of a shared screen, which has one size", async () => {
    await joinMeeting();
    const screen = peer().lines[2]?.sender.parameters.encodings;
    expect(screen).toMatchObject([{ scalabilityMode: "L1T3" }]);
  });
});
