import { useLingui } from "@lingui/react/macro";
import { useEffect } from "react";
import type { Call } from "../../call/call.ts";
import { useLocal } from "../../call/hooks.ts";
import { createMeter } from "../../call/meter.ts";
import { toasts } from "../../ui/toasts.ts";
import { shortcutKeys } from "./shortcuts.ts";

const LOOK_MS = 200;
/** So loud is speech into the microphone, and not the keyboard beside it. */
const SPEECH_LEVEL = 0.55;
/** A cough is shorter. */
const SPEECH_MS = 1200;
const HINT = "muted-hint";

/** Says once in each mute that one talks into a muted microphone. What is measured stays in this page. */
export function useMutedHint(call: Call): void {
  const { t } = useLingui();
  const { microphone } = useLocal(call);
  const track = microphone.on ? null : microphone.track;
  useEffect(() => {
    if (track === null) return;
    const meter = createMeter(track);
    let loudMs = 0;
    const timer = setInterval(() => {
      loudMs = meter.level() >= SPEECH_LEVEL ? loudMs + LOOK_MS : 0;
      if (loudMs < SPEECH_MS) return;
      clearInterval(timer);
      toasts.show(t`You are muted. Press ${shortcutKeys("microphone")} to speak.`, { key: HINT });
    }, LOOK_MS);
    return () => {
      clearInterval(timer);
      meter.close();
      toasts.close(HINT);
    };
  }, [track, t]);
}
