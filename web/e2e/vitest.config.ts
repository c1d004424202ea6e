import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** In the order of their names: first what everything else stands on. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((a, b) => a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  root: import.meta.dirname,
  test: {
    // Inside the namespace of `sealed/enter.sh` only the journey that belongs there; benchmarks by themselves.
    include: [
      process.env["MEETINGHOUSE_SEALED"] !== undefined
        ? "sealed/*.test.ts"
        : process.env["MEETINGHOUSE_BENCH"] !== undefined
          ? "bench/*.test.ts"
          : "{harness,journeys}/*.test.ts",
    ],
    // Two at a time: a journey waits for half of its time, and two cores are all there may be.
    maxWorkers: 2,
    sequence: { sequencer: ByName },
    testTimeout: 240_000,
    hookTimeout: 240_000,
    teardownTimeout: 20_000,
    reporters: ["verbose"],
  },
});
