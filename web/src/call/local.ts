/**
 * One's own microphone, camera and screen: what the person wants, and what is open.
 *
 * Each kind runs after its wish, so that quick clicks end in the last one wanted. A muted microphone stays open (unmuting is
 * instant) but its track is off the connection: nothing of it leaves this computer. A camera that is off is closed.
 */
import type { Source } from "../api/signalling.ts";
import { CaptureError, type CaptureKind, type CaptureProblem, type Device, type Devices } from "./devices.ts";
import { Emitter } from "./emitter.ts";

export interface Capture {
  /** Wanted, and as far as possible so. */
  readonly on: boolean;
  readonly opening: boolean;
  readonly problem: CaptureProblem | null;
  readonly track: MediaStreamTrack | null;
}

export interface LocalView {
  readonly microphone: Capture;
  readonly camera: Capture;
  readonly screen: Capture;
}

export type LocalNotice =
  | { readonly type: "device_changed"; readonly kind: "microphone" | "camera"; readonly label: string }
  | { readonly type: "device_found"; readonly kind: "microphone" | "camera" }
  | { readonly type: "device_added"; readonly kind: "microphone" | "camera"; readonly device: Device }
  | { readonly type: "device_gone"; readonly kind: "microphone" | "camera" }
  | { readonly type: "capture_failed"; readonly kind: CaptureKind; readonly problem: CaptureProblem };

const OFF: Capture = { on: false, opening: false, problem: null, track: null };

export interface LocalOptions {
  readonly devices: Devices;
  /** Puts a track on the connection or takes it off. */
  readonly onTrack: (source: Source, track: MediaStreamTrack | null) => void;
  /** The list of sources that are on has changed. */
  readonly onSources: () => void;
  readonly onNotice: (notice: LocalNotice) => void;
}

export class Local {
  readonly #options: LocalOptions;
  readonly #changes = new Emitter<void>();
  #view: LocalView = { microphone: OFF, camera: OFF, screen: OFF };
  #screenAudio: MediaStreamTrack | null = null;
  #announced = "";
  readonly #busy = new Set<CaptureKind>();
  #known: Readonly<Record<"microphone" | "camera", readonly Device[]>> = { microphone: [], camera: [] };

  constructor(options: LocalOptions) {
    this.#options = options;
    options.devices.subscribe(() => this.#meetDevices());
  }

  readonly subscribe = (listener: () => void): (() => void) => this.#changes.listen(listener);
  readonly getSnapshot = (): LocalView => this.#view;

  /** What is on now, in the order of the offer. */
  get sources(): readonly Source[] {
    const { microphone, camera, screen } = this.#view;
    return [
      ...(microphone.on && microphone.track ? (["microphone"] as const) : []),
      ...(camera.on && camera.track ? (["camera"] as const) : []),
      ...(screen.on && screen.track ? (["screen"] as const) : []),
      ...(screen.on && this.#screenAudio ? (["screen_audio"] as const) : []),
    ];
  }

  /** Opens what the device check wants, with one question for both; resolves when it is open or has failed. */
  async begin(audio: boolean, video: boolean): Promise<void> {
    if (!(audio && video)) {
      await Promise.all([this.#want("microphone", audio), this.#want("camera", video)]);
      return;
    }
    this.#patch("microphone", { on: true, opening: true, problem: null });
    this.#patch("camera", { on: true, opening: true, problem: null });
    this.#busy.add("microphone").add("camera");
    const { tracks, problems } = await this.#options.devices.openBoth();
    for (const kind of ["microphone", "camera"] as const) {
      this.#busy.delete(kind);
      const track = tracks[kind];
      if (track === undefined) this.#patch(kind, { ...OFF, problem: problems[kind] ?? "failed" });
      else this.#adopt(kind, track);
      void this.#pursue(kind);
    }
  }

  setMicrophone(on: boolean): void {
    void this.#want("microphone", on);
  }

  setCamera(on: boolean): void {
    void this.#want("camera", on);
  }

  setScreen(on: boolean): void {
    void this.#want("screen", on);
  }

  /** Another device, at once if the kind is on. */
  async choose(kind: "microphone" | "camera", deviceId: string): Promise<void> {
    this.#options.devices.prefer(kind === "microphone" ? { microphoneId: deviceId } : { cameraId: deviceId });
    await this.#reopen(kind);
  }

  /** The other camera of a phone. */
  async flip(): Promise<void> {
    const facing = this.#options.devices.preferences.facing === "user" ? "environment" : "user";
    this.#options.devices.prefer({ facing });
    // Phones open one camera at a time.
    this.#release("camera");
    await this.#pursue("camera");
  }

  /** The page is seen again after a phone call or a long sleep: opens what the system has closed. */
  revive(): void {
    for (const kind of ["microphone", "camera"] as const) {
      if (this.#view[kind].track?.readyState === "ended") this.#ended(kind);
    }
  }

  close(): void {
    for (const kind of ["microphone", "camera", "screen"] as const) {
      this.#release(kind);
      this.#patch(kind, OFF);
    }
  }

  #want(kind: CaptureKind, on: boolean): Promise<void> {
    this.#patch(kind, { on, problem: on ? null : this.#view[kind].problem });
    return this.#pursue(kind);
  }

  /** Brings the kind to its wish; runs once a kind, and looks again at the end for a newer wish. */
  async #pursue(kind: CaptureKind, quiet = false): Promise<void> {
    if (this.#busy.has(kind)) return;
    this.#busy.add(kind);
    try {
      while (this.#view[kind].on && this.#view[kind].track === null) await this.#open(kind, quiet);
    } finally {
      this.#busy.delete(kind);
    }
    const { on, track } = this.#view[kind];
    if (!on && kind !== "microphone") this.#release(kind);
    if (kind === "microphone") this.#options.onTrack("microphone", on ? track : null);
    this.#announce();
  }

  async #open(kind: CaptureKind, quiet: boolean): Promise<void> {
    this.#patch(kind, { opening: true });
    try {
      if (kind === "screen") {
        const { video, audio } = await this.#options.devices.openScreen();
        this.#screenAudio = audio;
        this.#adopt("screen", video);
      } else {
        const devices = this.#options.devices;
        this.#adopt(kind, await (kind === "microphone" ? devices.openMicrophone() : devices.openCamera()));
      }
    } catch (error) {
      const problem = error instanceof CaptureError ? error.problem : "failed";
      this.#patch(kind, { ...OFF, problem: problem === "dismissed" ? null : problem });
      if (problem !== "dismissed" && !quiet)
        this.#options.onNotice({ type: "capture_failed", kind, problem });
    }
  }

  #adopt(kind: CaptureKind, track: MediaStreamTrack): void {
    this.#patch(kind, { track, opening: false, problem: null });
    track.addEventListener("ended", () => {
      if (this.#view[kind].track === track) this.#ended(kind);
    });
    if (kind !== "microphone") this.#options.onTrack(kind, track);
    if (kind === "screen") this.#options.onTrack("screen_audio", this.#screenAudio);
  }

  /** The device was unplugged, the permission taken back, or the browser's own "stop sharing" was pressed. */
  #ended(kind: CaptureKind): void {
    if (kind === "screen") {
      this.setScreen(false);
      return;
    }
    const wanted = this.#view[kind].on;
    this.#release(kind);
    void this.#options.devices.refresh();
    if (!wanted) return;
    // Said with its outcome: what failed here did so because of the device that ended.
    void this.#pursue(kind, true).then(() => {
      const { track, problem } = this.#view[kind];
      if (track !== null) this.#options.onNotice({ type: "device_changed", kind, label: track.label });
      else if (problem === "missing") this.#options.onNotice({ type: "device_gone", kind });
      else if (problem !== null) this.#options.onNotice({ type: "capture_failed", kind, problem });
    });
  }

  /** A device that was missing is there now: the person may switch it on. Another one beside the one in use is offered. */
  #meetDevices(): void {
    const { microphones: microphone, cameras: camera } = this.#options.devices.getSnapshot();
    const before = this.#known;
    this.#known = { microphone, camera };
    for (const kind of ["microphone", "camera"] as const) {
      const { problem, track } = this.#view[kind];
      if (problem === "missing" && this.#known[kind].length > 0) {
        this.#patch(kind, { problem: null });
        this.#options.onNotice({ type: "device_found", kind });
      }
      if (track === null) continue;
      const device = newcomer(before[kind], this.#known[kind]);
      if (device !== undefined) this.#options.onNotice({ type: "device_added", kind, device });
    }
  }

  async #reopen(kind: "microphone" | "camera"): Promise<void> {
    if (this.#view[kind].track === null) return;
    this.#release(kind);
    if (kind === "microphone" && !this.#view.microphone.on) return;
    await this.#pursue(kind);
  }

  #release(kind: CaptureKind): void {
    const { track } = this.#view[kind];
    if (track === null) return;
    this.#options.onTrack(kind, null);
    track.stop();
    if (kind === "screen") {
      this.#options.onTrack("screen_audio", null);
      this.#screenAudio?.stop();
      this.#screenAudio = null;
    }
    this.#patch(kind, { track: null });
  }

  #announce(): void {
    const sources = this.sources.join();
    if (sources === this.#announced) return;
    this.#announced = sources;
    this.#options.onSources();
  }

  #patch(kind: CaptureKind, change: Partial<Capture>): void {
    this.#view = { ...this.#view, [kind]: { ...this.#view[kind], ...change } };
    this.#changes.emit();
  }
}

/** Who was not among the ones known before. Names come with the permission: before that nobody was known. */
function newcomer(before: readonly Device[], now: readonly Device[]): Device | undefined {
  const known = new Set(before.filter(({ label }) => label !== "").map(({ id }) => id));
  return known.size === 0 ? undefined : now.find(({ id, label }) => label !== "" && !known.has(id));
}
