import { useLingui } from "@lingui/react/macro";
import { MonitorUp, Volume2, WifiOff } from "lucide-react";
import { useEffect, useState } from "react";
import type { Call } from "../../call/call.ts";
import { useLocal } from "../../call/hooks.ts";
import type { CallView } from "../../call/view.ts";
import { Button } from "../../ui/Button.tsx";

/** A break shorter than this needs no words. */
const SHORT_BREAK_MS = 700;

/** Thin bars above the stage: the connection is away, sound waits for a click, one is sharing. */
export function Bars({ call, view }: { readonly call: Call; readonly view: CallView }) {
  const { t } = useLingui();
  const { screen } = useLocal(call);
  const away = useLasting(!view.connected || view.media === "interrupted", SHORT_BREAK_MS);
  return (
    <div className="bars">
      <div role="status">
        {away && (
          <p className="bar" data-tone="warning">
            <WifiOff size={16} aria-hidden="true" />
            {t`Reconnecting…`}
          </p>
        )}
        {screen.track !== null && (
          <div className="bar" data-tone="sharing">
            <MonitorUp size={16} aria-hidden="true" />
            {t`You are sharing your screen.`}
            <Button size="small" onPress={() => call.local.setScreen(false)}>
              {t({ message: "Stop", context: "sharing the screen" })}
            </Button>
          </div>
        )}
      </div>
      {view.soundBlocked && (
        <div className="bar" data-tone="accent">
          <Volume2 size={16} aria-hidden="true" />
          {t`The browser holds the sound back.`}
          <Button size="small" onPress={() => call.playSound()}>
            {t`Listen`}
          </Button>
        </div>
      )}
    </div>
  );
}

/** `value`, but true only once it has lasted for `ms`. */
function useLasting(value: boolean, ms: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!value) {
      setLasting(false);
      return;
    }
    const timer = setTimeout(() => setLasting(true), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return value && lasting;
}
