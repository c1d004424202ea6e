import { useLingui } from "@lingui/react/macro";
import { ShortcutList } from "../meeting/ShortcutList.tsx";

/** The keys of a meeting, to learn before one. */
export function ShortcutsPanel() {
  const { t } = useLingui();
  return (
    <section className="settings" aria-labelledby="settings-shortcuts">
      <h2 id="settings-shortcuts">{t`Keyboard shortcuts`}</h2>
      <p className="muted">{t`They work in a meeting.`}</p>
      <ShortcutList />
    </section>
  );
}
