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
    // One journey at a time: each has up to four browsers, and two cores are all there may be.
    fileParallelism: false,
    maxWorkers: 1,
    sequence: { sequencer: ByName },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    reporters: ["verbose"],
  },
});
