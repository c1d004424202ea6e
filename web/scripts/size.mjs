// Prints what opening a meeting link loads, and fails when it is more than the budget.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const STATIC = "../src/meetinghouse/app/static";
/** Issue 3: the join path is at most 250 kB gzip. */
const BUDGET_BYTES = 250_000;
/** What the join path opens, by source file. */
const ENTRIES = [
  "index.html",
  "src/views/join/JoinView.tsx",
  "src/views/meeting/MeetingView.tsx",
  "src/i18n/locales/zh-CN/app.po",
  "src/i18n/locales/zh-CN/call.po",
];

const manifest = JSON.parse(readFileSync(join(STATIC, ".vite/manifest.json"), "utf8"));
const loaded = new Set();
function load(key) {
  const chunk = manifest[key];
  if (chunk === undefined) throw new Error(`${key} is not in the build`);
  if (loaded.has(chunk.file)) return;
  loaded.add(chunk.file);
  for (const style of chunk.css ?? []) loaded.add(style);
  for (const other of chunk.imports ?? []) load(other);
}
for (const entry of ENTRIES) load(entry);

let total = 0;
for (const file of loaded) {
  const bytes = gzipSync(readFileSync(join(STATIC, file)), { level: 9 }).length;
  total += bytes;
  console.log(`${String(bytes).padStart(8)}  ${file}`);
}
console.log(`${String(total).padStart(8)}  join path, gzip (budget ${BUDGET_BYTES})`);
if (total > BUDGET_BYTES) process.exit(1);
