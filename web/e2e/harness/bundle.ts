/** Bundles `page/` into one script. */

import { build, type Rolldown } from "vite";

const PAGE = new URL("../page/index.ts", import.meta.url).pathname;

let bundle: Promise<string> | undefined;

/** The probe as text, for `addInitScript` and its like. */
export function probeScript(): Promise<string> {
  bundle ??= bundleProbe();
  return bundle;
}

async function bundleProbe(): Promise<string> {
  const result = (await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, minify: false, lib: { entry: PAGE, formats: ["iife"], name: "installedProbe" } },
  })) as Rolldown.RolldownOutput[];
  const code = result[0]?.output[0].code;
  if (code === undefined) {
    throw new Error("bundling the probe gave nothing");
  }
  return code;
}
