import { useLingui } from "@lingui/react/macro";
import { Dialog } from "../../ui/Dialog.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { type Shortcut, shortcutKeys } from "./shortcuts.ts";

/** All keys at a glance. */
export default function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLingui();
  const lines: readonly (readonly [Shortcut, string])[] = [
    ["microphone", t`Mute or unmute`],
    ["talk", t`Hold to talk while muted`],
    ["camera", t`Start or stop video`],
    ["share", t`Start or stop sharing`],
    ["chat", t`Show or hide chat`],
    ["participants", t`Show or hide participants`],
    ["hand", t`Raise or lower your hand`],
    ["speaker", t`Speaker view`],
    ["gallery", t`Gallery view`],
    ["help", t`This list`],
  ];
  return (
    <Dialog title={t`Keyboard shortcuts`} isOpen onClose={onClose}>
      <dl className="keys">
        {lines.map(([shortcut, words]) => (
          <div key={shortcut} className="keys__line">
            <dt>{words}</dt>
            <dd>
              <Kbd keys={shortcutKeys(shortcut)} />
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
