/** The chosen language: loaded on demand, remembered on this device, switched without a reload. */

import { i18n, type Messages } from "@lingui/core";
import { remember, remembered } from "../ui/storage.ts";
import { type Language, nearestLanguage, pickLanguage } from "./languages.ts";

const STORAGE_KEY = "meetinghouse.language";

type Catalogue = () => Promise<{ readonly messages: Messages }>;

const CATALOGUES: Readonly<Record<Language, readonly Catalogue[]>> = {
  en: [() => import("./locales/en/app.po"), () => import("./locales/en/call.po")],
  "zh-CN": [() => import("./locales/zh-CN/app.po"), () => import("./locales/zh-CN/call.po")],
  "zh-TW": [() => import("./locales/zh-TW/app.po"), () => import("./locales/zh-TW/call.po")],
};

/** Loads the language of this device and makes it the current one. Call it before the first render. */
export async function startLanguage(): Promise<void> {
  await activate(pickLanguage(remembered(STORAGE_KEY), navigator.languages));
}

/** Switches the language and remembers it. */
export async function chooseLanguage(language: Language): Promise<void> {
  await activate(language);
  remember(STORAGE_KEY, language);
}

/** Takes a member's own language, unless another one was chosen on this device. */
export async function adoptLanguage(own: string): Promise<void> {
  const language = nearestLanguage(own);
  if (language === null || language === currentLanguage() || remembered(STORAGE_KEY) !== null) return;
  await activate(language);
}

export function currentLanguage(): Language {
  return i18n.locale as Language;
}

async function activate(language: Language): Promise<void> {
  const parts = await Promise.all(CATALOGUES[language].map((load) => load()));
  i18n.loadAndActivate({
    locale: language,
    // Dates and times as the device's own region writes them, where it is the same language.
    locales: [...navigator.languages.filter((tag) => nearestLanguage(tag) === language), language],
    messages: Object.assign({}, ...parts.map((part) => part.messages)),
  });
  document.documentElement.lang = language;
}
