import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Two projects: `worker` runs inside workerd, `node` drives scripts and real servers from outside. */
export default defineConfig({
  test: {
    // Half of the time is spent waiting: for workers to start, for servers to answer.
    maxWorkers: 2,
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                ADMIN_TOKEN: "test-admin-token",
                // Few enough to fill.
                HUB_SOCKETS: "40",
                HUBS_PER_REGION: "2",
                D1_MIGRATIONS: await readD1Migrations("./migrations"),
              },
            },
          })),
        ],
        // Real data stands beside the project, not in it.
        server: { fs: { strict: false } },
        test: {
          name: "worker",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/scripts/**", "test/house/**"],
          setupFiles: ["test/apply-migrations.ts"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "node",
          // What needs a quiet machine has a script of its own: npm run test:coalescing.
          exclude: process.env.COALESCING ? [] : ["test/e2e/live-coalescing.test.ts"],
          include: ["test/e2e/**/*.test.ts", "test/scripts/**/*.test.ts", "test/house/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
