/** The whole of a meeting happens between browsers and server: captured where an attempt to reach anybody else would show. */

import { test } from "vitest";
import { runSealed } from "../harness/sealed";

test("a captured meeting contacts nobody but this server", async () => {
  const output = await runSealed("sealed/meeting");
  console.log(/captured \d+ packets.*/.exec(output)?.[0]);
});
