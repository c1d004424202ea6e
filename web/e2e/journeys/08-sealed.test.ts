/** The whole of a meeting happens between browsers and server: captured where an attempt to reach anybody else would show. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

const E2E = new URL("..", import.meta.url).pathname;

test("a captured meeting contacts nobody but this server", async () => {
  const vitest = `${E2E}../node_modules/vitest/vitest.mjs`;
  const child = spawn(
    `${E2E}sealed/enter.sh`,
    [process.execPath, vitest, "run", "--config", `${E2E}vitest.config.ts`],
    { cwd: `${E2E}..`, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => {
      output += bytes.toString();
    });
  }
  const [code] = (await once(child, "exit")) as [number | null];
  expect(code, output).toBe(0);
  console.log(/captured \d+ packets.*/.exec(output)?.[0]);
});
