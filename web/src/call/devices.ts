/**
 * Microphones, cameras and speakers: which there are, which are chosen, and opening them.
 *
 * A chosen device that is not there gives way to the default one; the choice is kept, so that it counts again when the device is
 * back. Errors: `CaptureError` with a problem that has words for a person; anything else is a fault of ours.
 */
import { Emitter } from "./emitter.ts";
import { DEFAULTS, type Preferences, readPreferences, type Store, writePreferences } from "./preferences.ts";

export type CaptureKind = "microphone" | "camera" | "screen";

/** `dismissed`: the person closed the picker of screens, which needs no words. */
export type CaptureProblem = "denied" | "missing" | "busy" | "insecure" | "dismissed" | "failed";

export class CaptureError extends Error {
  override readonly name = "CaptureError";
  readonly kind: CaptureKind;
  readonly problem: CaptureProblem;

  constructor(kind: CaptureKind, problem: CaptureProblem) {
    super(`${kind}: ${problem}`);
    this.kind = kind;
    this.problem = problem;
  }
}

export interface Device {
  /** "" stands for the system's choice. */
  readonly id: string;
  /** Empty until a permission was given. */
  readonly label: string;
}

export interface DevicesView {
  readonly microphones: readonly Device[];
  readonly cameras: readonly Device[];
  readonly speakers: readonly Device[];
  readonly preferences: Preferences;
}

export interface DevicesOptions {
  /** Absent on insecure pages. */
  readonly mediaDevices: MediaDevices | undefined;
  readonly store: Store;
  /** What the browser has noted of the person's answer; undefined where it does not tell. */
  readonly permission: (kind: "microphone" | "camera") => Promise<PermissionState | undefined>;
  readonly phone: boolean;
  /** Logical processors: few of them encode and decode small pictures only. */
  readonly processors: number;
}

/** Up to this many processors, pictures are captured small: encoding a large one would leave nothing for decoding the others. */
const FEW_PROCESSORS = 4;
const PICTURE_RATE = 30;

export class Devices {
  readonly #options: DevicesOptions;
  readonly #changes = new Emitter<void>();
  #view: DevicesView;

  constructor(options: DevicesOptions) {
    this.#options = options;
    const preferences = readPreferences(options.store);
    this.#view = { microphones: [], cameras: [], speakers: [], preferences };
    options.mediaDevices?.addEventListener?.("devicechange", () => void this.refresh());
  }

  readonly subscribe = (listener: () => void): (() => void) => this.#changes.listen(listener);
  readonly getSnapshot = (): DevicesView => this.#view;

  get preferences(): Preferences {
    return this.#view.preferences;
  }

  prefer(change: Partial<Preferences>): void {
    this.#set({
      preferences: {
        ...DEFAULTS,
        ...this.preferences,
        ...writePreferences(this.#options.store, change),
        ...change,
      },
    });
  }

  async refresh(): Promise<void> {
    const found = (await this.#options.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    this.#set({
      microphones: devicesOf(found, "audioinput"),
      cameras: devicesOf(found, "videoinput"),
      speakers: devicesOf(found, "audiooutput"),
    });
  }

  /** Opens both with one question to the person; what cannot be had is missing from the answer, with its problem. */
  async openBoth(): Promise<{
    readonly tracks: { microphone?: MediaStreamTrack; camera?: MediaStreamTrack };
    readonly problems: { microphone?: CaptureProblem; camera?: CaptureProblem };
  }> {
    try {
      const stream = await this.#capture({ audio: this.#audio(), video: this.#video() });
      const [microphone] = stream.getAudioTracks();
      const [camera] = stream.getVideoTracks();
      return { tracks: { ...(microphone && { microphone }), ...(camera && { camera }) }, problems: {} };
    } catch (error) {
      if (problemOf(error) === "denied" && (await this.#wasDismissed())) {
        return { tracks: {}, problems: { microphone: "denied", camera: "denied" } };
      }
      const [microphone, camera] = await Promise.allSettled([this.openMicrophone(), this.openCamera()]);
      return {
        tracks: {
          ...(microphone.status === "fulfilled" && { microphone: microphone.value }),
          ...(camera.status === "fulfilled" && { camera: camera.value }),
        },
        problems: {
          ...(microphone.status === "rejected" && { microphone: problemOf(microphone.reason) }),
          ...(camera.status === "rejected" && { camera: problemOf(camera.reason) }),
        },
      };
    }
  }

  /** The question for both was closed without an answer: asking for each of them again would nag. */
  async #wasDismissed(): Promise<boolean> {
    const states = await Promise.all([
      this.#options.permission("microphone"),
      this.#options.permission("camera"),
    ]);
    return states.every((state) => state === "prompt");
  }

  async openMicrophone(): Promise<MediaStreamTrack> {
    return this.#only("microphone", () => this.#capture({ audio: this.#audio() }));
  }

  async openCamera(): Promise<MediaStreamTrack> {
    return this.#only("camera", () => this.#capture({ video: this.#video() }));
  }

  /** Asks the person for a screen, window or tab, with its sound where the browser has it. */
  async openScreen(): Promise<{ readonly video: MediaStreamTrack; readonly audio: MediaStreamTrack | null }> {
    const media = this.#options.mediaDevices;
    if (typeof media?.getDisplayMedia !== "function") throw new CaptureError("screen", "insecure");
    const options: DisplayMediaStreamOptions & Record<string, unknown> = {
      video: { frameRate: { max: PICTURE_RATE } },
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      // No hall of mirrors, and the person may change what is shared without stopping.
      selfBrowserSurface: "exclude",
      surfaceSwitching: "include",
      systemAudio: "include",
    };
    try {
      const stream = await media.getDisplayMedia(options);
      const [video] = stream.getVideoTracks();
      if (video === undefined) throw new CaptureError("screen", "failed");
      return { video, audio: stream.getAudioTracks()[0] ?? null };
    } catch (error) {
      const problem = problemOf(error);
      throw new CaptureError("screen", problem === "denied" && !isBySystem(error) ? "dismissed" : problem);
    }
  }

  async #only(kind: CaptureKind, open: () => Promise<MediaStream>): Promise<MediaStreamTrack> {
    try {
      const [track] = (await open()).getTracks();
      if (track !== undefined) return track;
    } catch (error) {
      throw new CaptureError(kind, problemOf(error));
    }
    throw new CaptureError(kind, "failed");
  }

  async #capture(constraints: MediaStreamConstraints): Promise<MediaStream> {
    const media = this.#options.mediaDevices;
    if (typeof media?.getUserMedia !== "function") throw new CaptureError("microphone", "insecure");
    const stream = await media.getUserMedia(constraints);
    // Names of devices are told only after a permission.
    void this.refresh();
    return stream;
  }

  #audio(): MediaTrackConstraints {
    const id = this.preferences.microphoneId;
    return {
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      ...(id !== "" && { deviceId: { ideal: id } }),
    };
  }

  #video(): MediaTrackConstraints {
    const { cameraId, facing } = this.preferences;
    const small = this.#options.processors <= FEW_PROCESSORS;
    return {
      width: { ideal: small ? 640 : 1280 },
      height: { ideal: small ? 360 : 720 },
      frameRate: { ideal: PICTURE_RATE, max: PICTURE_RATE },
      ...(this.#options.phone
        ? { facingMode: { ideal: facing } }
        : cameraId !== "" && { deviceId: { ideal: cameraId } }),
    };
  }

  #set(change: Partial<DevicesView>): void {
    this.#view = { ...this.#view, ...change };
    this.#changes.emit();
  }
}

/** The chosen device if it is there, else the system's choice. */
export function effectiveId(devices: readonly Device[], chosen: string): string {
  return devices.some((device) => device.id === chosen) ? chosen : (devices[0]?.id ?? "");
}

function devicesOf(found: readonly MediaDeviceInfo[], kind: MediaDeviceKind): readonly Device[] {
  return found
    .filter((device) => device.kind === kind && device.deviceId !== "communications")
    .map((device) => ({ id: device.deviceId, label: device.label }));
}

function problemOf(error: unknown): CaptureProblem {
  if (error instanceof CaptureError) return error.problem;
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "failed";
}

/** Chromium tells the system's refusal from the person's by words only. */
function isBySystem(error: unknown): boolean {
  return error instanceof DOMException && /by system/i.test(error.message);
}
