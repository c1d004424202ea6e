import { useLingui } from "@lingui/react/macro";
import { Kbd } from "../../ui/Kbd.tsx";
import "./shortcuts.css";
import { type Shortcut, shortcutKeys } from "./shortcuts.ts";

/** What each key does, for the meeting's own list and for the settings. */
export function ShortcutList() {
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
  );
}
