import { useLingui } from "@lingui/react/macro";
import { useEffect } from "react";
import { useDevices, useTheCall } from "../../call/hooks.ts";
import { useSession } from "../../shell/session.ts";
import { Switch } from "../../ui/Switch.tsx";
import { DevicePickers } from "../join/DevicePickers.tsx";
import "../join/join.css";
import { Preview } from "../join/Preview.tsx";

/** Tries and chooses the devices, outside a meeting; nothing is opened before one asks for it. */
export default function DevicesPanel() {
  const { t } = useLingui();
  const session = useSession();
  const call = useTheCall();
  const { preferences } = useDevices(call);
  useEffect(() => {
    void call.devices.refresh();
  }, [call]);
  return (
    <section className="settings" aria-labelledby="settings-devices">
      <h2 id="settings-devices">{t`Audio and video`}</h2>
      <p className="muted">{t`Switch on your microphone or camera to try it. Nobody else hears or sees it here.`}</p>
      <Preview call={call} name={session.state === "signed-in" ? session.me.name : preferences.name} />
      <DevicePickers call={call} />
      <div className="switches">
        <Switch
          isSelected={preferences.joinMuted}
          onChange={(joinMuted) => call.devices.prefer({ joinMuted })}
        >
          {t`Join with the microphone off`}
        </Switch>
        <Switch
          isSelected={preferences.joinWithoutVideo}
          onChange={(joinWithoutVideo) => call.devices.prefer({ joinWithoutVideo })}
        >
          {t`Join with the video off`}
        </Switch>
        <Switch
          isSelected={preferences.mirror}
          onChange={(mirror) => call.devices.prefer({ mirror })}
          hint={t`Only for yourself; the others see you as you are.`}
        >
          {t`Mirror my picture`}
        </Switch>
        <Switch isSelected={preferences.sounds} onChange={(sounds) => call.devices.prefer({ sounds })}>
          {t`Play a sound when somebody joins or waits`}
        </Switch>
      </div>
    </section>
  );
}
