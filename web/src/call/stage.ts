/**
 * Puts the pictures of the slots onto the page's `<video>` elements, outside React.
 *
 * A view attaches its `<video>` under a key (whose picture, which source); the stage keeps `srcObject` right as slots are filled
 * anew. `data-picture` on the element says what is to be seen: `live`, `waiting` (nothing yet), `undecodable` or `paused`. A slot that
 * changes hands may still hold the last person's frames, so a picture counts as live only from the new stream's first frame on.
 */
import type { Slot } from "../api/signalling.ts";
import type { Clock } from "./clock.ts";
import { markJoin } from "./marks.ts";
import type { Lines } from "./offer.ts";

export type PictureKey = `${string}/${"camera" | "screen"}`;
export type Picture = "live" | "waiting" | "undecodable" | "paused";

/** How long a frame of the new stream is waited for by its time stamp; then any frame counts. */
const PATIENCE_MS = 700;

export function pictureKey(participant: string, source: "camera" | "screen"): PictureKey {
  return `${participant}/${source}`;
}

interface Filled {
  readonly stream: MediaStream;
  readonly slot: Slot;
}

export class Stage {
  readonly #clock: Clock;
  readonly #elements = new Map<HTMLVideoElement, PictureKey>();
  readonly #local = new Map<PictureKey, MediaStream>();
  /** What an element shows, so that nothing is set twice: setting `srcObject` again blinks. */
  readonly #shown = new WeakMap<HTMLVideoElement, string>();
  #streams = new Map<string, MediaStream>();
  #slots: readonly Slot[] = [];
  #generation = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Shows the picture `key` on `video` until the returned function is called. */
  attach(key: PictureKey, video: HTMLVideoElement): () => void {
    this.#elements.set(video, key);
    this.#show(video, key);
    return () => {
      this.#elements.delete(video);
      this.#shown.delete(video);
      video.srcObject = null;
      delete video.dataset["picture"];
    };
  }

  /** One's own picture does not go over the network. */
  setLocal(key: PictureKey, track: MediaStreamTrack | null): void {
    if (track === null) this.#local.delete(key);
    else if (this.#local.get(key)?.getVideoTracks()[0] !== track)
      this.#local.set(key, new MediaStream([track]));
    this.#refresh();
  }

  /** A new connection brings new tracks; the old pictures stay until its slots are filled. */
  setLines(lines: Lines): void {
    this.#generation += 1;
    this.#streams = new Map();
    for (const line of lines.video) {
      if (line.mid !== null) this.#streams.set(line.mid, new MediaStream([line.receiver.track]));
    }
  }

  setSlots(slots: readonly Slot[]): void {
    this.#slots = slots;
    this.#refresh();
  }

  #refresh(): void {
    for (const [video, key] of this.#elements) this.#show(video, key);
  }

  #show(video: HTMLVideoElement, key: PictureKey): void {
    const local = this.#local.get(key);
    const filled = local === undefined ? this.#find(key) : undefined;
    const stream = local ?? filled?.stream;
    const shown =
      stream === undefined
        ? ""
        : `${this.#generation}/${filled?.slot.mid ?? "local"}/${stream.id}/${filled?.slot.rtp_timestamp ?? 0}`;
    const none = filled?.slot.cannot_decode ? "undecodable" : filled?.slot.paused ? "paused" : null;
    if (none !== null) {
      this.#shown.delete(video);
      this.#setPicture(video, none);
      return;
    }
    if (this.#shown.get(video) === shown) return;
    this.#shown.set(video, shown);
    this.#setPicture(video, "waiting");
    if (stream === undefined) {
      video.srcObject = null;
      return;
    }
    if (video.srcObject !== stream) video.srcObject = stream;
    // Without a click (after a reload) sound is held back, pictures are not; an interrupted play() is followed by another.
    video.play().catch(() => {});
    this.#reveal(video, shown, filled?.slot.rtp_timestamp ?? 0, filled !== undefined);
  }

  #find(key: PictureKey): Filled | undefined {
    const slot = this.#slots.find((candidate) => `${candidate.participant}/${candidate.source}` === key);
    if (slot === undefined) return undefined;
    const stream = this.#streams.get(slot.mid);
    return stream === undefined ? undefined : { stream, slot };
  }

  #reveal(video: HTMLVideoElement, shown: string, rtpTimestamp: number, remote: boolean): void {
    const deadline = this.#clock.now() + PATIENCE_MS;
    const look = (_now: number, frame: VideoFrameCallbackMetadata): void => {
      if (this.#shown.get(video) !== shown) return;
      const late = this.#clock.now() >= deadline;
      if (
        !late &&
        frame.rtpTimestamp !== undefined &&
        rtpTimestamp !== 0 &&
        isBefore(frame.rtpTimestamp, rtpTimestamp)
      ) {
        video.requestVideoFrameCallback(look);
        return;
      }
      this.#setPicture(video, "live");
      if (remote) markJoin("first-frame");
    };
    video.requestVideoFrameCallback(look);
  }

  #setPicture(video: HTMLVideoElement, picture: Picture): void {
    video.dataset["picture"] = picture;
  }
}

/** Is RTP time stamp `a` before `b`, in their 32-bit circle (RFC 3550 §5.1)? */
export function isBefore(a: number, b: number): boolean {
  return (b - a) >>> 0 < 2 ** 31 && a !== b;
}
