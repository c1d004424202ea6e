// Fails when the catalogues are not what the sources say, or when a translation is missing.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LOCALES = "src/i18n/locales";

function files(extension) {
  return readdirSync(LOCALES, { recursive: true })
    .map((name) => join(LOCALES, String(name)))
    .filter((name) => name.endsWith(extension));
}

function lingui(...words) {
  const { status, stdout, stderr } = spawnSync("pnpm", ["exec", "lingui", ...words], { encoding: "utf8" });
  return { failed: status !== 0, output: stdout + stderr };
}

/** The header holds the time of the extraction; everything below it counts. */
function body(text) {
  return text.slice(text.indexOf("\n\n"));
}

const before = new Map(files(".po").map((name) => [name, readFileSync(name, "utf8")]));
const extracted = lingui("extract", "--clean");
const stale = [...before].filter(([name, text]) => body(readFileSync(name, "utf8")) !== body(text));
for (const [name, text] of before) writeFileSync(name, text);
if (extracted.failed || stale.length > 0) {
  console.error(
    `Catalogues are stale: ${stale.map(([name]) => name).join(", ")}. Run: pnpm run i18n:extract`,
  );
  if (extracted.failed) console.error(extracted.output);
  process.exit(1);
}

const compiled = lingui("compile", "--strict");
for (const name of files(".js")) rmSync(name);
if (compiled.failed) {
  console.error(compiled.output);
  process.exit(1);
}
console.log(`${before.size} catalogues: complete and up to date.`);
