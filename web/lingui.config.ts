import { defineConfig } from "@lingui/conf";
import { formatter } from "@lingui/format-po";

const CALL_FOLDERS = ["src/call", "src/views/join", "src/views/lobby", "src/views/meeting"];

/** Two catalogues a language: what a call says, and the rest. Both are loaded when the language is chosen. */
export default defineConfig({
  sourceLocale: "en",
  locales: ["en", "zh-CN", "zh-TW"],
  format: formatter({ lineNumbers: false, origins: false }),
  orderBy: "message",
  catalogs: [
    { path: "src/i18n/locales/{locale}/call", include: CALL_FOLDERS },
    {
      path: "src/i18n/locales/{locale}/app",
      include: ["src"],
      exclude: [...CALL_FOLDERS.map((folder) => `${folder}/**`), "src/i18n/locales/**"],
    },
  ],
});
