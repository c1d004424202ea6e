/** The call as React reads it. */
import { useEffect, useState, useSyncExternalStore } from "react";
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
