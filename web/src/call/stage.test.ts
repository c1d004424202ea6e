import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Slot } from "../api/signalling.ts";
import type { Lines } from "./offer.ts";
import { pictureKey, Stage } from "./stage.ts";
import { FakeClock } from "./testing/fake-clock.ts";
import { FakeTrack } from "./testing/fake-media.ts";

class FakeStream {
  readonly id = crypto.randomUUID();
  readonly #tracks: readonly unknown[];

  constructor(tracks: readonly unknown[]) {
    this.#tracks = tracks;
  }

  getVideoTracks(): readonly unknown[] {
    return this.#tracks;
  }
}

/** A `<video>` whose frames a test presents. */
class FakeVideo {
  readonly dataset: Record<string, string> = {};
  srcObject: unknown = null;
  #waiting: ((now: number, frame: { rtpTimestamp?: number }) => void)[] = [];

  async play(): Promise<void> {}

  requestVideoFrameCallback(look: (now: number, frame: { rtpTimestamp?: number }) => void): void {
    this.#waiting.push(look);
  }

  present(rtpTimestamp?: number): void {
    const due = this.#waiting;
    this.#waiting = [];
    for (const look of due) look(0, rtpTimestamp === undefined ? {} : { rtpTimestamp });
  }
}

let clock: FakeClock;
let stage: Stage;
let video: FakeVideo;

const element = (): HTMLVideoElement => video as unknown as HTMLVideoElement;
const ana = (change: Partial<Slot> = {}): Slot => ({
  mid: "8",
  participant: "ana",
  source: "camera",
  rtp_timestamp: 9000,
  ...change,
});

function lines(): Lines {
  const video = ["8", "9"].map((mid) => ({ mid, receiver: { track: new FakeTrack("video", mid) } }));
  return { senders: {}, audio: [], video } as unknown as Lines;
}

beforeEach(() => {
  vi.stubGlobal("MediaStream", FakeStream);
  clock = new FakeClock();
  stage = new Stage(clock);
  video = new FakeVideo();
  stage.setLines(lines());
});

describe("a picture", () => {
  it("is live from the first frame of its own stream on, not with the last person's", () => {
    stage.attach(pictureKey("ana", "camera"), element());
    stage.setSlots([ana()]);
    expect(video.dataset["picture"]).toBe("waiting");
    video.present(8000);
    expect(video.dataset["picture"]).toBe("waiting");
    video.present(9000);
    expect(video.dataset["picture"]).toBe("live");
  });

  it("does not wait for ever for a time stamp that does not come", async () => {
    stage.attach(pictureKey("ana", "camera"), element());
    stage.setSlots([ana()]);
    video.present(8000);
    await clock.pass(1000);
    video.present(8500);
    expect(video.dataset["picture"]).toBe("live");
  });

  it("is live with its first frame in browsers that tell no time stamps", () => {
    stage.setSlots([ana()]);
    stage.attach(pictureKey("ana", "camera"), element());
    video.present();
    expect(video.dataset["picture"]).toBe("live");
  });

  it("is not set anew by a list that changes nothing for it", () => {
    stage.attach(pictureKey("ana", "camera"), element());
    stage.setSlots([ana()]);
    video.present(9000);
    stage.setSlots([ana(), { mid: "9", participant: "ben", source: "camera" }]);
    expect(video.dataset["picture"]).toBe("live");
  });

  it("goes when its slot is given to somebody else", () => {
    stage.attach(pictureKey("ana", "camera"), element());
    stage.setSlots([ana()]);
    stage.setSlots([ana({ participant: "ben" })]);
    expect(video.srcObject).toBeNull();
    expect(video.dataset["picture"]).toBe("waiting");
  });

  it("that this browser cannot decode says so", () => {
    stage.attach(pictureKey("ana", "camera"), element());
    stage.setSlots([ana({ cannot_decode: true })]);
    expect(video.dataset["picture"]).toBe("undecodable");
  });

  it("that there is no room for says so, and is there again with the next frame", () => {
    stage.attach(pictureKey("ana", "camera"), element());
    stage.setSlots([ana()]);
    video.present(9000);
    stage.setSlots([ana({ paused: true })]);
    expect(video.dataset["picture"]).toBe("paused");
    stage.setSlots([ana()]);
    expect(video.dataset["picture"]).toBe("waiting");
    video.present(9000);
    expect(video.dataset["picture"]).toBe("live");
  });

  it("of oneself does not come from a slot", () => {
    stage.attach(pictureKey("me", "camera"), element());
    stage.setLocal(pictureKey("me", "camera"), new FakeTrack("video", "own") as unknown as MediaStreamTrack);
    video.present();
    expect(video.dataset["picture"]).toBe("live");
    stage.setLocal(pictureKey("me", "camera"), null);
    expect(video.srcObject).toBeNull();
  });

  it("leaves its element clean", () => {
    const detach = stage.attach(pictureKey("ana", "camera"), element());
    stage.setSlots([ana()]);
    detach();
    stage.setSlots([ana({ rtp_timestamp: 20_000 })]);
    expect(video.srcObject).toBeNull();
    expect(video.dataset["picture"]).toBeUndefined();
  });
});
