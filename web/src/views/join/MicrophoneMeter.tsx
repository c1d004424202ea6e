import { useLingui } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { createMeter } from "../../call/meter.ts";
import { Meter } from "../../ui/Meter.tsx";

/** Ten times a second is seen as moving at once and costs little. */
const REFRESH_MS = 100;

/** Moves while one speaks, so that one knows to be heard. */
export function MicrophoneMeter({ track }: { readonly track: MediaStreamTrack | null }) {
  const { t } = useLingui();
  const [level, setLevel] = useState(0);
  useEffect(() => {
    if (track === null) return;
    const meter = createMeter(track);
    const timer = setInterval(() => setLevel(meter.level()), REFRESH_MS);
    return () => {
      clearInterval(timer);
      meter.close();
      setLevel(0);
    };
  }, [track]);
  return <Meter label={t`Microphone level`} value={level} />;
}
