import { useLingui } from "@lingui/react/macro";
import { Contrast, Monitor, Moon, Sun } from "lucide-react";
import { useSyncExternalStore } from "react";
import { api } from "../../api/http.ts";
import type { Me } from "../../api/types.ts";
import { currentLanguage } from "../../i18n/i18n.ts";
import { LANGUAGES, type Language } from "../../i18n/languages.ts";
import { setMe, useSession } from "../../shell/session.ts";
import { useSwitchLanguage } from "../../shell/useSwitchLanguage.ts";
import { changeLooks, looks, subscribeLooks } from "../../ui/appearance.ts";
import { Choices } from "../../ui/Choices.tsx";
import { Select } from "../../ui/Select.tsx";

/** How the client looks and which language it speaks, at once and on this device. */
export function GeneralPanel() {
  const { t } = useLingui();
  const session = useSession();
  const { appearance } = useSyncExternalStore(subscribeLooks, looks);
  const switchLanguage = useSwitchLanguage();
  const choose = async (language: Language) => {
    if (!(await switchLanguage(language))) return;
    // The server writes to its members in their language too; that it could not be told does no harm here.
    if (session.state === "signed-in") await api.patch<Me>("/me", { language }).then(setMe, () => undefined);
  };
  return (
    <section className="settings" aria-labelledby="settings-general">
      <h2 id="settings-general">{t`Appearance and language`}</h2>
      <Choices
        label={t`Appearance`}
        hint={t`The stage of a meeting is dark in all of them.`}
        choices={[
          { id: "system", label: t`As the device`, icon: <Monitor size={16} aria-hidden="true" /> },
          { id: "light", label: t`Light`, icon: <Sun size={16} aria-hidden="true" /> },
          { id: "dark", label: t`Dark`, icon: <Moon size={16} aria-hidden="true" /> },
          { id: "contrast", label: t`High contrast`, icon: <Contrast size={16} aria-hidden="true" /> },
        ]}
        value={appearance}
        onChange={(next) => changeLooks({ appearance: next })}
      />
      <div className="settings__form">
        <Select
          label={t`Language`}
          options={LANGUAGES}
          value={currentLanguage()}
          onChange={(language) => void choose(language)}
        />
      </div>
    </section>
  );
}
