import { useLingui } from "@lingui/react/macro";
import { Volume2 } from "lucide-react";
import type { Call } from "../../call/call.ts";
import { type Device, effectiveId } from "../../call/devices.ts";
import { isPhone } from "../../call/environment.ts";
import { useDevices } from "../../call/hooks.ts";
import { playTestSound } from "../../call/test-sound.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Select } from "../../ui/Select.tsx";

/** Which microphone, camera and speaker; a phone has its own switches for these. */
export function DevicePickers({ call }: { readonly call: Call }) {
  const { t } = useLingui();
  const { microphones, cameras, speakers, preferences } = useDevices(call);
  const named = (devices: readonly Device[], fallback: string) =>
    devices.map(({ id, label }) => ({ id, label: label === "" ? fallback : label }));
  if (isPhone()) return null;
  return (
    <div className="pickers">
      {microphones.length > 0 && (
        <Select
          label={t`Microphone`}
          options={named(microphones, t`Default microphone`)}
          value={effectiveId(microphones, preferences.microphoneId)}
          onChange={(id) => void call.local.choose("microphone", id)}
        />
      )}
      {cameras.length > 0 && (
        <Select
          label={t`Camera`}
          options={named(cameras, t`Default camera`)}
          value={effectiveId(cameras, preferences.cameraId)}
          onChange={(id) => void call.local.choose("camera", id)}
        />
      )}
      {speakers.length > 0 && (
        <div className="pickers__speaker">
          <Select
            label={t`Speaker`}
            options={named(speakers, t`Default speaker`)}
            value={effectiveId(speakers, preferences.speakerId)}
            onChange={(id) => void call.chooseSpeaker(id)}
          />
          <IconButton
            label={t`Play a test sound`}
            variant="secondary"
            icon={<Volume2 size={20} aria-hidden="true" />}
            onPress={() => void playTestSound(preferences.speakerId)}
          />
        </div>
      )}
    </div>
  );
}
