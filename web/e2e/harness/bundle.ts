/** Bundles a module of `page/` with what it imports into one script. */

import { build, type Rolldown } from "vite";

const bundles = new Map<string, Promise<string>>();

/** The probe as text, for `addInitScript` and its like. */
export function probeScript(): Promise<string> {
  return bundle("index.ts");
}

/** The page of synthetic people as text. */
export function syntheticScript(): Promise<string> {
  return bundle("synthetic.ts");
}

function bundle(file: string): Promise<string> {
  const known = bundles.get(file);
  if (known !== undefined) {
    return known;
  }
  const made = make(new URL(`../page/${file}`, import.meta.url).pathname);
  bundles.set(file, made);
  return made;
}

async function make(entry: string): Promise<string> {
  const result = (await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, minify: false, lib: { entry, formats: ["iife"], name: "installed" } },
  })) as Rolldown.RolldownOutput[];
  const code = result[0]?.output[0].code;
  if (code === undefined) {
    throw new Error(`bundling ${entry} gave nothing`);
  }
  return code;
}
