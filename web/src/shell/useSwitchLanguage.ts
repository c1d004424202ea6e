import { useLingui } from "@lingui/react/macro";
import { chooseLanguage } from "../i18n/i18n.ts";
import type { Language } from "../i18n/languages.ts";
import { toasts } from "../ui/toasts.ts";

/** Switches the language; where its words cannot be fetched, says so and keeps the old one. Answers whether it worked. */
export function useSwitchLanguage(): (language: Language) => Promise<boolean> {
  const { t } = useLingui();
  return async (language) => {
    try {
      await chooseLanguage(language);
      return true;
    } catch {
      toasts.show(t`The language could not be loaded. Check your network and try again.`, { tone: "danger" });
      return false;
    }
  };
}
