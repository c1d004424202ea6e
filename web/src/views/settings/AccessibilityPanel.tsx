import { useLingui } from "@lingui/react/macro";
import { useSyncExternalStore } from "react";
import { changeLooks, looks, subscribeLooks } from "../../ui/appearance.ts";
import { Switch } from "../../ui/Switch.tsx";

/** What makes the client easier to follow. */
export function AccessibilityPanel() {
  const { t } = useLingui();
  const { reduceMotion, announcements } = useSyncExternalStore(subscribeLooks, looks);
  return (
    <section className="settings" aria-labelledby="settings-accessibility">
      <h2 id="settings-accessibility">{t`Accessibility`}</h2>
      <div className="switches">
        <Switch
          isSelected={reduceMotion}
          onChange={(next) => changeLooks({ reduceMotion: next })}
          hint={t`Nothing slides or fades. Where your system asks for it, this is so anyway.`}
        >
          {t`Reduce motion`}
        </Switch>
        <Switch
          isSelected={announcements}
          onChange={(next) => changeLooks({ announcements: next })}
          hint={t`A screen reader says who comes, leaves, raises a hand or writes.`}
        >
          {t`Announce what happens in a meeting`}
        </Switch>
      </div>
      <p className="muted">{t`Everything can be done with the keyboard alone; the shortcuts have a list of their own. For larger text use your browser’s zoom: nothing is cut off up to 400 %.`}</p>
    </section>
  );
}
