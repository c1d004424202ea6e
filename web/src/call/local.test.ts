import { beforeEach, describe, expect, it } from "vitest";
import type { Source } from "../api/signalling.ts";
import { Devices } from "./devices.ts";
import { Local, type LocalNotice } from "./local.ts";
import { settle } from "./testing/fake-clock.ts";
import { FakeDevices, type FakeTrack } from "./testing/fake-media.ts";
import { memoryStore } from "./testing/memory-store.ts";

let media: FakeDevices;
let devices: Devices;
let local: Local;
let lines: Map<Source, MediaStreamTrack | null>;
let announced: string[];
let notices: LocalNotice[];
let permission: PermissionState | undefined;

beforeEach(() => {
  media = new FakeDevices();
  lines = new Map();
  announced = [];
  notices = [];
  permission = undefined;
  devices = new Devices({
    mediaDevices: media as unknown as MediaDevices,
    store: memoryStore(),
    permission: async () => permission,
    phone: false,
    processors: 8,
  });
  local = new Local({
    devices,
    onTrack: (source, track) => lines.set(source, track),
    onSources: () => announced.push(local.sources.join("+")),
    onNotice: (notice) => notices.push(notice),
  });
});

const opened = (index: number): FakeTrack => media.opened[index] as FakeTrack;

describe("the device check", () => {
  it("asks once for both", async () => {
    await local.begin(true, true);
    expect(media.asked).toBe(1);
    expect(local.sources).toEqual(["microphone", "camera"]);
  });

  it("opens the microphone where there is no camera, and says so", async () => {
    media.cameras = [];
    await local.begin(true, true);
    expect(local.sources).toEqual(["microphone"]);
    expect(local.getSnapshot().camera).toMatchObject({ on: false, problem: "missing" });
  });

  it("tells a refusal of the person from a busy device", async () => {
    media.failures.push("NotAllowedError", "NotAllowedError", "NotReadableError");
    await local.begin(true, true);
    expect(local.getSnapshot().microphone.problem).toBe("denied");
    expect(local.getSnapshot().camera.problem).toBe("busy");
  });
});

describe("a question closed without an answer", () => {
  it("is not asked again for each device", async () => {
    permission = "prompt";
    media.failures.push("NotAllowedError");
    await local.begin(true, true);
    expect(media.asked).toBe(1);
    expect(local.getSnapshot().microphone.problem).toBe("denied");
  });
});

describe("the microphone", () => {
  it("sends nothing while muted, and is back at once", async () => {
    await local.begin(true, false);
    local.setMicrophone(false);
    expect(lines.get("microphone")).toBeNull();
    expect(opened(0).readyState).toBe("live");
    local.setMicrophone(true);
    expect(lines.get("microphone")).toBe(opened(0));
    expect(media.asked).toBe(1);
  });

  it("ends as the last click wants, however quick the clicks", async () => {
    local.setMicrophone(true);
    local.setMicrophone(false);
    local.setMicrophone(true);
    local.setMicrophone(false);
    await settle();
    expect(local.sources).toEqual([]);
    expect(announced).toEqual([]);
  });
});

describe("the camera", () => {
  it("is closed when video stops", async () => {
    await local.begin(true, true);
    local.setCamera(false);
    await settle();
    expect(opened(1).readyState).toBe("ended");
    expect(lines.get("camera")).toBeNull();
    expect(announced.at(-1)).toBe("microphone");
  });

  it("that is pulled out gives way to another, and it is said", async () => {
    await local.begin(false, true);
    await settle();
    media.cameras = ["Desk camera"];
    opened(0).unplug();
    await settle();
    expect(lines.get("camera")).toBe(opened(1));
    expect(notices).toEqual([{ type: "device_changed", kind: "camera", label: "Desk camera" }]);
  });

  it("that was the only one is said to be gone", async () => {
    await local.begin(false, true);
    await settle();
    media.cameras = [];
    opened(0).unplug();
    await settle();
    expect(local.sources).toEqual([]);
    expect(notices.at(-1)).toEqual({ type: "device_gone", kind: "camera" });
  });
});

it("says when a device that was missing is plugged in", async () => {
  media.cameras = [];
  await local.begin(false, true);
  expect(local.getSnapshot().camera.problem).toBe("missing");
  media.cameras = ["New"];
  media.dispatchEvent(new Event("devicechange"));
  await settle();
  expect(local.getSnapshot().camera.problem).toBeNull();
  expect(notices.at(-1)).toEqual({ type: "device_found", kind: "camera" });
});

it("offers a device that is plugged in beside the one in use, and only that", async () => {
  await local.begin(false, true);
  await devices.refresh();
  expect(notices).toEqual([]);
  media.cameras = ["Lid", "Desk"];
  media.dispatchEvent(new Event("devicechange"));
  await settle();
  expect(notices).toEqual([{ type: "device_added", kind: "camera", device: { id: "Desk", label: "Desk" } }]);
});

it("does not call a permission that was taken back an unplugged device", async () => {
  await local.begin(false, true);
  await settle();
  media.failures.push("NotAllowedError");
  opened(0).unplug();
  await settle();
  expect(notices).toEqual([{ type: "capture_failed", kind: "camera", problem: "denied" }]);
});

describe("sharing", () => {
  it("has the screen and its sound", async () => {
    local.setScreen(true);
    await settle();
    expect(local.sources).toEqual(["screen", "screen_audio"]);
  });

  it("ends by the browser's own button", async () => {
    local.setScreen(true);
    await settle();
    opened(0).unplug();
    await settle();
    expect(local.sources).toEqual([]);
    expect(lines.get("screen_audio")).toBeNull();
    expect(opened(1).readyState).toBe("ended");
  });

  it("needs no words when the person closed the picker", async () => {
    media.failures.push("NotAllowedError");
    local.setScreen(true);
    await settle();
    expect(local.getSnapshot().screen).toMatchObject({ on: false, problem: null });
    expect(notices).toEqual([]);
  });
});

it("closes everything at the end", async () => {
  await local.begin(true, true);
  local.setScreen(true);
  await settle();
  local.close();
  expect(media.opened.every(({ readyState }) => readyState === "ended")).toBe(true);
});
