import { defineConfig } from "vitest/config";

/**
 * unit: needs nothing but Node. validate: rendered files before the real programs, in our images.
 * live: a real environment.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["tests/unit/**/*.test.ts"],
          // A whole tree of resources takes a second or two, and ten where the machine has other work.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "validate",
          include: ["tests/validate/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: "live",
          include: ["tests/live/**/*.test.ts"],
          // More than CI has time for, a quarter of an hour to half an hour each.
          exclude: [
            ...(process.env.HOLDFAST_ALERTING === "1" ? [] : ["tests/live/alerting.test.ts"]),
            ...(process.env.HOLDFAST_PLAN === "1"
              ? []
              : ["tests/live/plan.test.ts", "tests/live/scale-replicas.test.ts"]),
            ...(process.env.HOLDFAST_SITES === "1" ? [] : ["tests/live/sites.test.ts"]),
          ],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 1_800_000,
        },
      },
    ],
  },
});
