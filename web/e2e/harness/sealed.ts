/** Runs a test of `sealed/` in a network namespace of its own. */

import { spawn } from "node:child_process";
import { once } from "node:events";

const E2E = new URL("..", import.meta.url).pathname;

/** Gives what the test's runner wrote; throws it when the test failed. */
export async function runSealed(test: string): Promise<string> {
  const vitest = `${E2E}../node_modules/vitest/vitest.mjs`;
  const child = spawn(
    `${E2E}sealed/enter.sh`,
    [process.execPath, vitest, "run", "--config", `${E2E}vitest.config.ts`, test],
    { cwd: `${E2E}..`, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => {
      output += bytes.toString();
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) {
    throw new Error(output);
  }
  return output;
}
