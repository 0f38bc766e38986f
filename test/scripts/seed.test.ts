import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { freePort } from "../../scripts/ports.ts";
import { describeSeed } from "../../scripts/seed-report.ts";
import { migratedDatabase } from "../../tools/reference-data.ts";
import { runScript } from "../e2e/command.ts";

const Post = z.object({ sql: z.string().optional(), action: z.string().optional(), etag: z.string().optional() });

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

/** The part of Cloudflare's API that wrangler asks for a remote database: queries, and files that are imported whole. */
class RemoteDatabase {
  readonly database: DatabaseSync = migratedDatabase();
  readonly paths: string[] = [];
  #server: Server | null = null;
  #file = "";

  async listen(): Promise<string> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const server = createServer(async (request, response) => {
      const text = await textOf(request);
      this.paths.push(`${request.method} ${request.url}`);
      if (request.method === "PUT") {
        this.#file = text;
        response.setHeader("etag", createHash("md5").update(text).digest("hex")).end();
        return;
      }
      response.setHeader("content-type", "application/json");
      try {
        const result = this.#answer(url, request.url ?? "", Post.parse(JSON.parse(text || "{}")));
        response.end(JSON.stringify({ success: true, errors: [], messages: [], result }));
      } catch (error) {
        response.statusCode = 400;
        const errors = [{ code: 7500, message: String(error) }];
        response.end(JSON.stringify({ success: false, errors, messages: [], result: null }));
      }
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    this.#server = server;
    return url;
  }

  #answer(url: string, path: string, { sql, action }: z.infer<typeof Post>): unknown {
    const meta = { duration: 1, rows_read: 1, rows_written: 1, size_after: 1, changes: 0, served_by: "test" };
    if (path.endsWith("/query")) return [{ results: this.database.prepare(sql ?? "").all(), success: true, meta }];
    if (action === "init") return { upload_url: `${url}/upload`, filename: "seed.sql" };
    this.database.exec(`BEGIN; ${this.#file}; COMMIT;`);
    const done = { num_queries: 1, final_bookmark: "1", meta };
    return { success: true, status: "complete", messages: [], type: "import", at_bookmark: "1", result: done };
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server?.close(resolve));
    this.database.close();
  }
}

describe("npm run seed on a remote database", () => {
  let remote: RemoteDatabase;
  let environment: Record<string, string>;

  beforeEach(async () => {
    remote = new RemoteDatabase();
    environment = {
      CLOUDFLARE_API_BASE_URL: await remote.listen(),
      CLOUDFLARE_API_TOKEN: "token-of-the-test",
      CLOUDFLARE_ACCOUNT_ID: "account-of-the-test",
    };
  });

  afterEach(() => remote.close());

  const seed = () => runScript("seed.ts", ["--remote", "--env", "production"], environment);

  test("says what it changed and what it left, and the next time that there is nothing to change", async () => {
    remote.database.exec("UPDATE symbols SET name = 'Our Exxon' WHERE symbol = 'XOM'");
    expect(await seed()).toMatchObject({
      ...{ code: 0, stderr: "" },
      stdout: "Reference data: changed JSE:CPI; left as operators have it: XOM (name).\n",
    });
    expect(remote.database.prepare("SELECT name FROM symbols WHERE symbol IN ('JSE:CPI', 'XOM')").all()).toEqual([
      { name: "Capitec Limited" },
      { name: "Our Exxon" },
    ]);
    expect(remote.paths).toContain("PUT /upload");
    expect((await seed()).stdout).toBe("Reference data: nothing to change.\n");
  });

  test("fails with what the database answers", async () => {
    remote.database.exec("DROP TABLE audit_log");
    const { code, stdout, stderr } = await seed();
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("no such table: audit_log");
  });
});

describe("what a seed did is said", () => {
  test("in one sentence", () => {
    const entry = (action: string, target: string, ...fields: string[]) => ({
      ...{ action: `reference.${action}`, target },
      detail: Object.fromEntries(fields.map((field) => [field, null])),
    });
    expect(describeSeed([])).toBe("Reference data: nothing to change.");
    expect(
      describeSeed([
        ...[entry("add", "ZZ", "name"), entry("change", "BA", "name"), entry("change", "BA", "aliases")],
        ...[entry("keep", "BA", "sector"), entry("keep", "BA", "aliases"), entry("keep", "XOM", "name")],
      ]),
    ).toBe("Reference data: added ZZ; changed BA; left as operators have it: BA (sector, aliases), XOM (name).");
  });

  test("with the first names of a long list", () => {
    const entries = Array.from({ length: 15 }, (_, i) => ({ action: "reference.add", target: `S${i}`, detail: {} }));
    expect(describeSeed(entries)).toMatch(/^Reference data: added S0, .*, S11 and 3 more\.$/);
  });
});
