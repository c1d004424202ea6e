import { useLingui } from "@lingui/react/macro";
import { useMemo } from "react";
import type { CaptureProblem } from "../../call/devices.ts";
import type { Help } from "../../call/environment.ts";

/** Sentences for what cannot be opened. */
export function useProblemWords() {
  const { t } = useLingui();
  return useMemo(() => {
    const microphone: Readonly<Record<CaptureProblem, string>> = {
      denied: t`The browser does not let this page use your microphone.`,
      missing: t`No microphone was found. Plug one in; then unmute.`,
      busy: t`Your microphone does not start. Another program may be using it: close that and try again.`,
      insecure: t`Browsers give pages a microphone only over a secure connection (https).`,
      dismissed: t`No microphone was chosen.`,
      failed: t`Your microphone does not start. Unplug it and plug it in again, or choose another one.`,
    };
    const camera: Readonly<Record<CaptureProblem, string>> = {
      denied: t`The browser does not let this page use your camera.`,
      missing: t`No camera was found. Plug one in; then start your video.`,
      busy: t`Your camera does not start. Another program may be using it: close that and try again.`,
      insecure: t`Browsers give pages a camera only over a secure connection (https).`,
      dismissed: t`No camera was chosen.`,
      failed: t`Your camera does not start. Unplug it and plug it in again, or choose another one.`,
    };
    const both: Readonly<Record<CaptureProblem, string>> = {
      denied: t`The browser does not let this page use your microphone and camera.`,
      missing: t`No microphone and no camera were found.`,
      busy: t`Your microphone and camera do not start. Another program may be using them: close that and try again.`,
      insecure: t`Browsers give pages a microphone and a camera only over a secure connection (https).`,
      dismissed: t`No microphone and no camera were chosen.`,
      failed: t`Your microphone and camera do not start. Unplug them and plug them in again.`,
    };
    const screen: Readonly<Record<CaptureProblem, string>> = {
      denied: t`The system does not let this browser share the screen. Allow it in the system's privacy settings.`,
      missing: t`There is no screen that can be shared.`,
      busy: t`The screen cannot be read at the moment. Try again.`,
      insecure: t`This browser cannot share a screen.`,
      dismissed: t`No screen was chosen.`,
      failed: t`Sharing the screen did not start. Try again.`,
    };
    const help: Readonly<Record<Help, string>> = {
      chromium: t`Press the symbol left of the address, switch Camera and Microphone on, then load the page again.`,
      firefox: t`Press the crossed-out camera left of the address, remove the block, then load the page again.`,
      safari: t`In the menu Safari, choose Settings for This Website, allow Camera and Microphone, then load the page again.`,
      ios: t`Press the symbol beside the address, choose Website Settings, allow Camera and Microphone, then load the page again.`,
      android: t`Press the symbol left of the address, choose Permissions, allow Camera and Microphone, then load the page again.`,
      other: t`Allow Camera and Microphone in the browser's settings for this page, then load it again.`,
    };
    return {
      microphone: (problem: CaptureProblem) => microphone[problem],
      camera: (problem: CaptureProblem) => camera[problem],
      both: (problem: CaptureProblem) => both[problem],
      screen: (problem: CaptureProblem) => screen[problem],
      help: (browser: Help) => help[browser],
    };
  }, [t]);
}
