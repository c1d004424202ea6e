import { transformAsync } from "@babel/core";
import { lingui } from "@lingui/vite-plugin";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Where `make run` serves; the development server hands these paths on to it. */
const SERVER = process.env["MEETINGHOUSE_SERVER"] ?? "http://localhost:8080";

/** Rewrites the catalogue macros; everything else of a file is left to Vite's own compiler. */
function catalogueMacros(): Plugin {
  return {
    name: "catalogue-macros",
    enforce: "pre",
    transform: {
      filter: { id: /\/src\/.*\.tsx?$/, code: /@lingui\/(react|core)\/macro/ },
      async handler(code, id) {
        const result = await transformAsync(code, {
          filename: id,
          babelrc: false,
          configFile: false,
          sourceMaps: true,
          parserOpts: { plugins: ["typescript", "jsx"] },
          plugins: ["@lingui/babel-plugin-lingui-macro"],
        });
        return result?.code ? { code: result.code, map: result.map ?? null } : null;
      },
    },
  };
}

export default defineConfig({
  plugins: [
    catalogueMacros(),
    react(),
    lingui(),
    // The component library carries its own words in thirty languages; ours are three.
    { ...optimizeLocales.vite({ locales: ["en-US", "zh-CN", "zh-TW"] }), enforce: "pre" },
  ],
  build: {
    outDir: "../src/meetinghouse/app/static",
    emptyOutDir: true,
    assetsDir: "assets",
    // No data: URLs for scripts or fonts, and one place for each file: the content security policy names 'self' only.
    assetsInlineLimit: 0,
    // `light-dark()` stays as written: the stage turns every role dark by its `color-scheme` alone.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
    manifest: true,
  },
  server: {
    proxy: {
      "/api": { target: SERVER, changeOrigin: true },
      "/signal": { target: SERVER, changeOrigin: true, ws: true },
    },
  },
  test: {
    include: ["src/**/*.test.ts"],
    restoreMocks: true,
  },
});
