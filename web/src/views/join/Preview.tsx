import { useLingui } from "@lingui/react/macro";
import { Mic, MicOff, Video, VideoOff } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Call } from "../../call/call.ts";
import { useDevices, useLocal } from "../../call/hooks.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { IconButton } from "../../ui/Button.tsx";
import { MicrophoneMeter } from "./MicrophoneMeter.tsx";
import { PermissionHelp } from "./PermissionHelp.tsx";

interface PreviewProps {
  readonly call: Call;
  readonly name: string;
}

/** One's own picture as others will see it (mirrored, as in a mirror), and the two switches. */
export function Preview({ call, name }: PreviewProps) {
  const { t } = useLingui();
  const { microphone, camera } = useLocal(call);
  const { preferences } = useDevices(call);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = camera.track && new MediaStream([camera.track]);
  }, [camera.track]);
  const mirrored = preferences.mirror && preferences.facing === "user";
  return (
    <section className="preview" aria-label={t`Your picture`}>
      <div className="preview__picture" data-mirrored={mirrored || undefined}>
        {camera.on ? (
          <>
            <video ref={video} autoPlay playsInline muted />
            {camera.opening && <p className="preview__words">{t`Your camera is starting…`}</p>}
          </>
        ) : (
          <div className="preview__words">
            {name.trim() === "" ? (
              <VideoOff size={40} aria-hidden="true" />
            ) : (
              <Avatar name={name} size="tile" />
            )}
            <p>{t`Your video is off`}</p>
          </div>
        )}
        <div className="preview__switches">
          <IconButton
            label={microphone.on ? t`Mute` : t`Unmute`}
            size="large"
            variant={microphone.on ? "secondary" : "danger"}
            icon={
              microphone.on ? <Mic size={24} aria-hidden="true" /> : <MicOff size={24} aria-hidden="true" />
            }
            onPress={() => call.local.setMicrophone(!microphone.on)}
          />
          <IconButton
            label={camera.on ? t`Stop video` : t`Start video`}
            size="large"
            variant={camera.on ? "secondary" : "danger"}
            icon={
              camera.on ? <Video size={24} aria-hidden="true" /> : <VideoOff size={24} aria-hidden="true" />
            }
            onPress={() => call.local.setCamera(!camera.on)}
          />
        </div>
      </div>
      <MicrophoneMeter track={microphone.on ? microphone.track : null} />
      <PermissionHelp microphone={microphone.problem} camera={camera.problem} />
    </section>
  );
}
