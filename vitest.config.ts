import { existsSync, readFileSync, statfsSync } from "node:fs";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** SQLite waits for the disk at every write: where the system has a folder in memory with room enough, tests keep their data there. */
const IN_MEMORY = "/dev/shm";
const ROOM_NEEDED = 2 * 1024 ** 3;
if (!process.env.TMPDIR && existsSync(IN_MEMORY)) {
  const { bavail, bsize } = statfsSync(IN_MEMORY);
  if (bavail * bsize > ROOM_NEEDED) process.env.TMPDIR = IN_MEMORY;
}

/** Tests of code that keeps nothing: no storage, no bindings. */
const PURE = ["test/core/**/*.test.ts", "test/contracts/**/*.test.ts", "test/providers/**/*.test.ts"];

/** The runtime that the Worker has when it is deployed. */
const workerd = () =>
  cloudflareTest(async () => ({
    wrangler: { configPath: "./wrangler.toml" },
    miniflare: {
      bindings: {
        ADMIN_TOKEN: "test-admin-token",
        LOG_LEVEL: "warn",
        // Each caller of a test has an address of its own.
        CLIENT_ADDRESS: "cloudflare",
        // Few enough to fill.
        HUB_SOCKETS: "40",
        HUBS_PER_REGION: "2",
        SOCKETS_PER_KEY: "25",
        D1_MIGRATIONS: await readD1Migrations("./migrations"),
        D1_SEED: readFileSync("storage/registry/reference/seed.sql", "utf8").split("--> statement-breakpoint"),
      },
    },
  }));

/**
 * Three projects: `pure` and `worker` run inside workerd, the first without a new isolate for every file, since what it tests
 * keeps nothing; `node` drives scripts and real servers from outside.
 */
export default defineConfig({
  test: {
    // Half of the time is spent waiting: for workers to start, for servers to answer.
    maxWorkers: 2,
    projects: [
      {
        plugins: [workerd()],
        server: { fs: { strict: false } },
        test: { name: "pure", include: PURE, isolate: false, testTimeout: 120_000 },
      },
      {
        plugins: [workerd()],
        // Real data stands beside the project, not in it.
        server: { fs: { strict: false } },
        test: {
          name: "worker",
          include: ["test/**/*.test.ts"],
          exclude: [...PURE, "test/e2e/**", "test/scripts/**", "test/house/**"],
          setupFiles: ["test/apply-migrations.ts"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "node",
          include: ["test/e2e/**/*.test.ts", "test/scripts/**/*.test.ts", "test/house/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
