import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../scripts/dev-vars.ts";
import { run } from "./command.ts";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform } from "./platform.ts";

/** What the installed development server compares paths with: everything that it could answer before the Worker. */
function pathsOfItsOwn(): string[] {
  const files = ["miniflare/dist/src/workers/core/entry.worker.js", "wrangler/wrangler-dist/ProxyWorker.js"];
  const texts = files.map((file) => readFileSync(join(ROOT, "node_modules", file), "utf8"));
  const found = texts.flatMap((text) => Array.from(text.matchAll(/"(\/(?:cdn-cgi|__)[\w./-]*)"/g), ([, path]) => path));
  return [...new Set(found)].filter((path) => !path.endsWith("/"));
}

/** Parts of the local explorer's interface, and of what stood at these addresses in other versions. */
const BELOW = [
  "",
  "/",
  "/api",
  "/api/d1/database",
  "/api/d1/database/00000000-0000-0000-0000-000000000000/raw",
  "/api/storage/kv/namespaces",
  "/api/workers/durable_objects/namespaces",
  "/api/local/workers",
  "/scheduled",
  "/email",
  "/queue",
  "/fetch",
];

const QUERY = JSON.stringify({ sql: "select 1", params: [] });
const EMAIL = "From: a@example.com\r\nTo: b@example.com\r\nMessage-ID: <1@example.com>\r\nSubject: x\r\n\r\nx\r\n";
/** A call of a cron is answered, and does nothing without the start script's token. */
const CRONS = /^\/cdn-cgi\/(?:local|handler|mf)\/scheduled$/;

describe("the development server", () => {
  let platform: Platform;
  const folder = dataFolder();
  beforeAll(async () => {
    platform = await startPlatform(folder);
  });
  afterAll(async () => {
    await platform?.stop();
    removeFolder(folder);
  });

  const statusOf = async (path: string, init: RequestInit = {}): Promise<number> => {
    const headers = { ...AS_ADMIN, ...Object.fromEntries(new Headers(init.headers)) };
    const response = await fetch(`${platform.url}${path}`, { redirect: "manual", ...init, headers });
    await response.arrayBuffer();
    return response.status;
  };

  test("answers nothing before the Worker but calls of crons", async () => {
    const own = pathsOfItsOwn();
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter((path) => CRONS.test(path)).length).toBeGreaterThan(0);
    const paths = [...new Set(own.flatMap((path) => BELOW.map((below) => path + below)))];
    const answered: string[] = [];
    for (const path of paths) {
      const tries: [string, RequestInit][] = [
        [path, {}],
        [path, { method: "POST", headers: { "Content-Type": "application/json" }, body: QUERY }],
        // The server takes the address from here rather than from the request.
        ["/nothing", { headers: { "MF-Original-URL": `http://127.0.0.1${path}` } }],
      ];
      for (const [address, init] of tries) {
        const status = await statusOf(address, init);
        if (status < 400 && !CRONS.test(path)) answered.push(`${init.method ?? "GET"} ${path}: ${status}`);
      }
      expect([
        path,
        await statusOf(`${path}?from=a@example.com&to=b@example.com`, { method: "POST", body: EMAIL }),
      ]).toEqual([path, CRONS.test(path) ? 200 : expect.toSatisfy((status: number) => status >= 400)]);
    }
    expect(answered).toEqual([]);
  });

  test("lets a forged header choose neither the hub of a stream nor the caller's address", async () => {
    const abort = new AbortController();
    const blob = JSON.stringify({ continent: "AS", clientIp: "198.51.100.7:1" });
    const stream = await fetch(`${platform.url}/stream/BTC/USDT`, {
      headers: { "MF-CF-Blob": blob, "CF-Connecting-IP": "198.51.100.7", "X-Forwarded-For": "198.51.100.7" },
      signal: abort.signal,
    });
    expect(stream.status).toBe(200);
    const response = await fetch(`${platform.url}/connections`, { headers: AS_ADMIN });
    abort.abort();
    expect(await response.json()).toMatchObject({ connections: [{ at: "hub:local:0", address: "this-machine" }] });
  });
});

test("a caller that starts wrangler in this folder by hand has its explorer closed, too", async () => {
  const script = "const { stdout } = process; stdout.write(JSON.stringify(process.env))";
  const { stdout } = await run(process.execPath, ["--env-file", join(ROOT, ".env"), "-e", script]);
  expect(JSON.parse(stdout)).toMatchObject({ X_LOCAL_EXPLORER: "false", X_LOCAL_OBSERVABILITY: "false" });
});
