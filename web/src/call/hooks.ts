/** The call as React reads it. */
import { useEffect, useState, useSyncExternalStore } from "react";
import type { OwnStatistics } from "../api/signalling.ts";
import { holdCall, theCall } from "./browser.ts";
import type { Call } from "./call.ts";
import type { DevicesView } from "./devices.ts";
import type { LocalView } from "./local.ts";
import type { CallView, StatisticsView } from "./view.ts";

/** The call of this tab, kept as long as the screen is there. */
export function useTheCall(): Call {
  const [call] = useState(theCall);
  useEffect(holdCall, []);
  return call;
}

export function useCallView(call: Call): CallView {
  return useSyncExternalStore(call.subscribe, call.getSnapshot);
}

export function useLocal(call: Call): LocalView {
  return useSyncExternalStore(call.local.subscribe, call.local.getSnapshot);
}

export function useDevices(call: Call): DevicesView {
  return useSyncExternalStore(call.devices.subscribe, call.devices.getSnapshot);
}

export function useStatistics(call: Call): StatisticsView {
  return useSyncExternalStore(call.subscribeStatistics, call.getStatistics);
}

/** As often as the server measures. */
const ASK_MS = 2000;

/** What the server knows of this connection, asked for while it is looked at. */
export function useServerStatistics(call: Call): OwnStatistics | null {
  const [statistics, setStatistics] = useState<OwnStatistics | null>(null);
  useEffect(() => {
    let isGone = false;
    const ask = () =>
      call.request({ type: "get_statistics" }).then(
        (answer) => {
          if (!isGone && answer.type === "statistics") setStatistics(answer);
        },
        () => {}, // the next one tries again
      );
    void ask();
    const timer = setInterval(() => void ask(), ASK_MS);
    return () => {
      isGone = true;
      clearInterval(timer);
    };
  }, [call]);
  return statistics;
}
