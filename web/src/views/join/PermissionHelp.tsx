import { useLingui } from "@lingui/react/macro";
import type { CaptureProblem } from "../../call/devices.ts";
import { permissionHelp } from "../../call/environment.ts";
import { Note } from "../../ui/Note.tsx";
import { useProblemWords } from "./problems.ts";

interface PermissionHelpProps {
  readonly microphone: CaptureProblem | null;
  readonly camera: CaptureProblem | null;
}

/** What is missing and where to mend it in this browser. One may join without. */
export function PermissionHelp({ microphone, camera }: PermissionHelpProps) {
  const { t } = useLingui();
  const words = useProblemWords();
  const denied = microphone === "denied" || camera === "denied";
  if (microphone === null && camera === null) return null;
  const lines =
    microphone === camera && microphone !== null
      ? [words.both(microphone)]
      : [microphone && words.microphone(microphone), camera && words.camera(camera)];
  return (
    <Note tone="warning">
      {lines.map((line) => line && <p key={line}>{line}</p>)}
      {denied && <p>{words.help(permissionHelp(navigator.userAgent, navigator.maxTouchPoints))}</p>}
      <p>{t`You can also join without, and only listen, watch and write.`}</p>
    </Note>
  );
}
