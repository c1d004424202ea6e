import { useLingui } from "@lingui/react/macro";
import { Languages } from "lucide-react";
import { currentLanguage } from "../i18n/i18n.ts";
import { LANGUAGES, type Language } from "../i18n/languages.ts";
import { IconButton } from "../ui/Button.tsx";
import { Menu, MenuItem, MenuSection } from "../ui/Menu.tsx";
import { useSwitchLanguage } from "./useSwitchLanguage.ts";

/** Switches the language without a reload; each language stands in its own words. */
export function LanguageMenu() {
  const { t } = useLingui();
  const switchLanguage = useSwitchLanguage();
  return (
    <Menu
      label={t`Language`}
      placement="bottom end"
      trigger={<IconButton label={t`Language`} icon={<Languages size={20} aria-hidden="true" />} />}
    >
      <MenuSection
        title={t`Language`}
        selected={[currentLanguage()]}
        onSelect={([language]) => language !== undefined && void switchLanguage(language as Language)}
      >
        {LANGUAGES.map(({ id, label }) => (
          <MenuItem key={id} id={id}>
            {label}
          </MenuItem>
        ))}
      </MenuSection>
    </Menu>
  );
}
