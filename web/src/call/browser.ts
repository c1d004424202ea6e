/** The call of this tab, on the real browser: one at a time. */
import { Call } from "./call.ts";
import { systemClock } from "./clock.ts";
import { Devices } from "./devices.ts";
import { rememberSession } from "./entry.ts";
import { isPhone } from "./environment.ts";
import { VIDEO_SLOTS } from "./offer.ts";
import { Sound } from "./sound.ts";
import { Stage } from "./stage.ts";

let devices: Devices | undefined;
let call: Call | undefined;
let holders = 0;

/** The devices of this browser; settings and calls share them. */
export function theDevices(): Devices {
  devices ??= new Devices({
    mediaDevices: navigator.mediaDevices as MediaDevices | undefined,
    store: localStorage,
    permission: askedPermission,
    phone: isPhone(),
    processors: navigator.hardwareConcurrency,
  });
  return devices;
}

/** Browsers differ in which names they know. */
async function askedPermission(kind: "microphone" | "camera"): Promise<PermissionState | undefined> {
  try {
    return (await navigator.permissions.query({ name: kind as PermissionName })).state;
  } catch {
    return undefined;
  }
}

/** The call of this tab; a new one after the last is over. */
export function theCall(): Call {
  if (call === undefined || call.getSnapshot().phase === "over") call = createCall();
  return call;
}

/** How long a meeting may be without a screen: its own is being fetched, or the person went elsewhere in this page. */
const UNSEEN_MS = 5000;

/**
 * Keeps the call while a screen shows it. When the last one has let go, an unused call closes its camera and microphone at once;
 * a meeting is left soon after, for nobody should be heard in a meeting that they do not see.
 */
export function holdCall(): () => void {
  holders += 1;
  return () => {
    holders -= 1;
    const released = call;
    if (released === undefined) return;
    // The next screen takes hold in the same turn, or when it is loaded.
    setTimeout(() => letGo(released), released.getSnapshot().phase === "idle" ? 0 : UNSEEN_MS);
  };
}

function letGo(released: Call): void {
  if (holders > 0 || released !== call) return;
  // On the meeting's own address its screen is still being fetched, on a slow line for longer than we would wait.
  if (location.pathname === "/meeting" && released.getSnapshot().phase !== "idle") {
    setTimeout(() => letGo(released), UNSEEN_MS);
    return;
  }
  if (released.getSnapshot().phase === "idle") released.close();
  else void released.leave();
  call = undefined;
}

function createCall(): Call {
  const created = new Call({
    clock: systemClock,
    openSocket: (protocol) => new WebSocket(signallingUrl(), protocol),
    createPeer: (iceServers) => new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers }),
    capabilities: (kind) => RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [],
    videoSlots: isPhone() ? VIDEO_SLOTS.phone : VIDEO_SLOTS.desktop,
    devices: theDevices(),
    stage: new Stage(systemClock),
    createSound: (onBlocked) => new Sound(soundContainer(), onBlocked),
    remember: (session) => rememberSession(session),
  });
  watchPage(created);
  return created;
}

/** Signalling is on the page's own origin: the content security policy allows no other. */
function signallingUrl(): string {
  const url = new URL("/signal", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

function soundContainer(): HTMLElement {
  const container = document.createElement("div");
  container.hidden = true;
  document.body.append(container);
  return container;
}

/** The network's return and the page's are reasons to look at once. */
function watchPage(watched: Call): void {
  const hurry = (): void => {
    if (document.visibilityState === "visible") watched.hurry();
  };
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  const stop = watched.subscribe(() => {
    if (watched.getSnapshot().phase !== "over") return;
    removeEventListener("online", hurry);
    document.removeEventListener("visibilitychange", hurry);
    stop();
  });
}
