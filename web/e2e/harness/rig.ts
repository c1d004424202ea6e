/** Devices that can be refused, taken, pulled out and plugged in, between a page and the browser's own. */

import type { Page } from "playwright-core";

export type Kind = "audio" | "video";

declare global {
  interface Window {
    rig: {
      /** Names (and words) of the errors by which captures fail. */
      readonly failures: { audio?: string; video?: string; screen?: string };
      /** Pulls out the device in use, and with `all` every one of its kind. */
      unplug(kind: Kind, all?: boolean): void;
      /** Plugs everything in again. */
      plug(): void;
    };
  }
}

/** Before the page is opened. `failures` hold from the beginning. */
export async function rig(page: Page, failures: Window["rig"]["failures"] = {}): Promise<void> {
  await page.addInitScript((first) => {
    // The empty page that a tab begins with has none.
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (devices === undefined) return;
    const capture = devices.getUserMedia.bind(devices);
    const share = devices.getDisplayMedia.bind(devices);
    const enumerate = devices.enumerateDevices.bind(devices);
    const gone = new Set<string>();
    const open: MediaStreamTrack[] = [];
    const fail = (error: string | undefined): void => {
      const [name, words] = error?.split(": ") ?? [];
      if (name !== undefined) throw new DOMException(words ?? "", name);
    };
    const present = async (kind?: "audio" | "video"): Promise<MediaDeviceInfo[]> =>
      (await enumerate()).filter(
        (device) =>
          !gone.has(device.deviceId) &&
          !(["audio", "video"] as const).some(
            (one) => device.kind === `${one}input` && window.rig.failures[one] === "NotFoundError",
          ) &&
          (kind === undefined || device.kind === `${kind}input`),
      );
    /** The wanted device if it is there, else the first of its kind. */
    const choose = async (
      kind: "audio" | "video",
      wish: MediaStreamConstraints["audio"],
    ): Promise<MediaTrackConstraints | false> => {
      if (wish === undefined || wish === false) return false;
      fail(window.rig.failures[kind]);
      const constraints = wish === true ? {} : wish;
      const found = await present(kind);
      const wanted = JSON.stringify(constraints.deviceId ?? "");
      const device = found.find(({ deviceId }) => deviceId !== "" && wanted.includes(deviceId)) ?? found[0];
      if (device === undefined) throw new DOMException("", "NotFoundError");
      return { ...constraints, ...(device.deviceId !== "" && { deviceId: { exact: device.deviceId } }) };
    };
    const changed = (): boolean => devices.dispatchEvent(new Event("devicechange"));
    window.rig = {
      failures: first,
      unplug(kind, all = false) {
        for (const track of open.filter((one) => one.kind === kind && one.readyState === "live")) {
          gone.add(track.getSettings().deviceId ?? "");
          track.stop();
          void (async () => {
            if (all) for (const { deviceId } of await present(kind)) gone.add(deviceId);
            track.dispatchEvent(new Event("ended"));
            changed();
          })();
        }
      },
      plug() {
        gone.clear();
        changed();
      },
    };
    devices.enumerateDevices = () => present();
    devices.getUserMedia = async (wishes = {}) => {
      const audio = await choose("audio", wishes.audio);
      const video = await choose("video", wishes.video);
      const stream = await capture({ audio, video });
      open.push(...stream.getTracks());
      return stream;
    };
    devices.getDisplayMedia = async (options) => {
      fail(window.rig.failures.screen);
      return await share(options);
    };
  }, failures);
}
