import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../scripts/dev-vars.ts";
import { dataFolder, type Platform, removeFolder, startPlatform } from "./platform.ts";

let folder = "";
let platform: Platform;

beforeAll(async () => {
  folder = dataFolder();
  platform = await startPlatform(folder);
});
afterAll(async () => {
  await platform?.stop();
  removeFolder(folder);
});

const MODULES = join(ROOT, "node_modules");

/** Every address under /cdn-cgi/ that the development server's own code names. */
function ownAddresses(): string[] {
  const files = [
    join(MODULES, "miniflare", "dist", "src", "index.js"),
    ...readdirSync(join(MODULES, "miniflare", "dist", "src", "workers"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".js"))
      .map((name) => join(MODULES, "miniflare", "dist", "src", "workers", name)),
    join(MODULES, "wrangler", "wrangler-dist", "cli.js"),
    ...readdirSync(join(MODULES, "wrangler", "templates"), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.[jt]s$/.test(name))
      .map((name) => join(MODULES, "wrangler", "templates", name)),
  ];
  const found = new Set<string>();
  for (const file of files) {
    for (const [address] of readFileSync(file, "utf8").matchAll(/\/cdn-cgi\/[\w/-]+/g)) found.add(address);
  }
  return [...found].sort();
}

const BELOW = [
  "",
  "/api",
  "/api/d1/database",
  "/api/d1/database/wizdata-edge/raw",
  "/api/workers",
  "/scheduled",
  "/email",
  "/queue",
];

/** What the start script itself needs: it calls the crons. */
const NEEDED = /^\/cdn-cgi\/(?:local|handler|mf)\/scheduled$/;
/** Needs a secret that the server keeps to itself, or an e-mail that the Worker has no handler for; without them it says so. */
const REFUSES = /^\/cdn-cgi\/(?:local\/platform-proxy|(?:local|handler)\/email)/;

test("the development server answers nothing of its own but the crons that the start script calls", async () => {
  const addresses = ownAddresses();
  expect(addresses.some((address) => address.includes("explorer"))).toBe(true);
  expect(addresses.some((address) => address.endsWith("/scheduled"))).toBe(true);
  const paths = [
    ...new Set(addresses.flatMap((address) => BELOW.map((more) => `${address.replace(/\/$/, "")}${more}`))),
  ];
  const answered: string[] = [];
  for (const path of paths) {
    for (const method of ["GET", "POST"]) {
      const response = await fetch(`${platform.url}${path}`, {
        method,
        headers: { "Content-Type": "application/json" },
        body: method === "POST" ? JSON.stringify({ sql: "select * from api_keys" }) : undefined,
        signal: AbortSignal.timeout(10_000),
      });
      const text = await response.text();
      if (NEEDED.test(path)) continue;
      // What reaches the Worker is answered there: 404, or 429 to one who asks this much.
      const isOurs = response.headers.get("Content-Type") === "application/problem+json";
      const isRefused = REFUSES.test(path) && response.status === 400;
      if (!isOurs && !isRefused) answered.push(`${method} ${path} ${response.status} ${text.slice(0, 60)}`);
    }
  }
  expect(answered).toEqual([]);
});
