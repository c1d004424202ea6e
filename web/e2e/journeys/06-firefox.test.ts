import { test } from "vitest";
import { runSealed } from "../harness/sealed";

test("Firefox joins a meeting of Chromium, by UDP and where only TCP passes: both see and hear each other", async () => {
  await runSealed("sealed/firefox");
});
