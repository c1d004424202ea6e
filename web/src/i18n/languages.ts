/** The languages of the client, by themselves and without React. */

export type Language = "en" | "zh-CN" | "zh-TW";

/** Each in its own words, as a language menu must be. */
export const LANGUAGES: readonly { readonly id: Language; readonly label: string }[] = [
  { id: "en", label: "English" },
  { id: "zh-CN", label: "简体中文" },
  { id: "zh-TW", label: "繁體中文" },
];

/** Chinese of these regions or of this script is written in traditional characters. */
const TRADITIONAL = /^zh\b.*\b(hant|tw|hk|mo)\b/i;

/** The nearest language of ours to a BCP 47 tag, if there is one. */
export function nearestLanguage(tag: string): Language | null {
  if (TRADITIONAL.test(tag)) return "zh-TW";
  if (/^zh\b/i.test(tag)) return "zh-CN";
  if (/^en\b/i.test(tag)) return "en";
  return null;
}

/** What was chosen before, else the first of the browser's languages that we have, else English. */
export function pickLanguage(chosen: string | null, browser: readonly string[]): Language {
  for (const tag of chosen === null ? browser : [chosen, ...browser]) {
    const language = nearestLanguage(tag);
    if (language !== null) return language;
  }
  return "en";
}

/** What a language calls itself; a tag that is not ours as it is. */
export function languageName(tag: string): string {
  return LANGUAGES.find(({ id }) => id === tag)?.label ?? tag;
}
