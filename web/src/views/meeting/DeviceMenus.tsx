import { useLingui } from "@lingui/react/macro";
import { ChevronUp, SwitchCamera, Volume2 } from "lucide-react";
import { Button as AriaButton } from "react-aria-components/Button";
import type { Call } from "../../call/call.ts";
import { type Device, effectiveId } from "../../call/devices.ts";
import { isPhone } from "../../call/environment.ts";
import { useDevices } from "../../call/hooks.ts";
import { playTestSound } from "../../call/test-sound.ts";
import { Menu, MenuItem, MenuLine, MenuSection } from "../../ui/Menu.tsx";

/** Which microphone and speaker. */
export function MicrophoneMenu({ call }: { readonly call: Call }) {
  const { t } = useLingui();
  const { microphones, speakers, preferences } = useDevices(call);
  return (
    <Menu label={t`Sound`} placement="top start" trigger={<Opener label={t`Sound settings`} />}>
      <MenuSection
        title={t`Microphone`}
        selected={[`microphone:${effectiveId(microphones, preferences.microphoneId)}`]}
        onSelect={([id]) => id !== undefined && void call.local.choose("microphone", deviceOf(id))}
      >
        {items("microphone", microphones, t`Default microphone`)}
      </MenuSection>
      {speakers.length > 0 && (
        <MenuSection
          title={t`Speaker`}
          selected={[`speaker:${effectiveId(speakers, preferences.speakerId)}`]}
          onSelect={([id]) => id !== undefined && void call.chooseSpeaker(deviceOf(id))}
        >
          {items("speaker", speakers, t`Default speaker`)}
        </MenuSection>
      )}
      <MenuLine />
      <MenuItem icon={<Volume2 size={16} />} onAction={() => void playTestSound(preferences.speakerId)}>
        {t`Play a test sound`}
      </MenuItem>
    </Menu>
  );
}

/** Which camera, and how one sees oneself. */
export function CameraMenu({ call }: { readonly call: Call }) {
  const { t } = useLingui();
  const { cameras, preferences } = useDevices(call);
  return (
    <Menu label={t`Video`} placement="top start" trigger={<Opener label={t`Video settings`} />}>
      {isPhone() ? (
        <MenuItem icon={<SwitchCamera size={16} />} onAction={() => void call.local.flip()}>
          {t`Switch camera`}
        </MenuItem>
      ) : (
        <MenuSection
          title={t`Camera`}
          selected={[`camera:${effectiveId(cameras, preferences.cameraId)}`]}
          onSelect={([id]) => id !== undefined && void call.local.choose("camera", deviceOf(id))}
        >
          {items("camera", cameras, t`Default camera`)}
        </MenuSection>
      )}
      <MenuLine />
      <MenuSection
        title={t`Your picture`}
        many
        selected={preferences.mirror ? ["mirror"] : []}
        onSelect={(ids) => call.devices.prefer({ mirror: ids.includes("mirror") })}
      >
        <MenuItem id="mirror">{t`Mirror my video`}</MenuItem>
      </MenuSection>
    </Menu>
  );
}

/** Ids are of the whole menu, and "default" is a device of every kind. */
function items(kind: string, devices: readonly Device[], fallback: string) {
  return devices.map(({ id, label }) => (
    <MenuItem key={id} id={`${kind}:${id}`}>
      {label === "" ? fallback : label}
    </MenuItem>
  ));
}

function deviceOf(itemId: string): string {
  return itemId.slice(itemId.indexOf(":") + 1);
}

function Opener({ label }: { readonly label: string }) {
  return (
    <AriaButton className="tool tool--opener" aria-label={label}>
      <ChevronUp size={16} aria-hidden="true" />
    </AriaButton>
  );
}
