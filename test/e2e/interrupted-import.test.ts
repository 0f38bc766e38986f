import { createServer, request, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ImportSchema } from "../../contracts/import.ts";
import { candleFile, readCandleFile } from "./candle-files.ts";
import { csvPages, expectSame, jsonPage } from "./candle-pages.ts";
import { countsOf, runImport } from "./import-command.ts";
import { AS_ADMIN, dataFolder, type Platform, removeFolder, startPlatform } from "./platform.ts";

const FILE = { symbol: "BTC/USD", interval: "1m", adjustment: "raw", file: candleFile("made_1m.csv") };
const CHUNK_ROWS = 2_000;

/** Stands between an importer and a platform. Passes all chunks on, but answers only of the first `answered` ones back. */
async function listenBetween(
  target: string,
  answered: number,
  onUnanswered: () => void,
): Promise<{ url: string; between: Server }> {
  let chunks = 0;
  const between = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const chunk = method === "POST" ? ++chunks : 0;
    const onward = request(target + (url ?? "/"), { method, headers }, (answer) => {
      if (chunk > answered) return;
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on("error", () => outgoing.destroy()).pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    if (chunk === answered + 1) onward.on("finish", onUnanswered);
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve));
  const address = between.address();
  if (typeof address !== "object" || address === null) throw new Error("The listener has no address.");
  return { url: `http://127.0.0.1:${address.port}`, between };
}

describe("a platform that is killed in the middle of an import", () => {
  const rows = readCandleFile("made_1m.csv");
  let folder = "";
  let platform: Platform;

  beforeAll(() => {
    folder = dataFolder();
  });
  afterAll(async () => {
    await platform?.stop();
    removeFolder(folder);
  });

  const stored = async () =>
    (await csvPages(platform.url, "/ohlcv/BTC/USD?interval=1m&from=1970-01-01&limit=5000&format=csv")).flat();

  async function imports() {
    const response = await fetch(`${platform.url}/admin/imports?symbol=BTC/USD`, { headers: AS_ADMIN });
    return z.object({ data: z.array(ImportSchema) }).parse(await response.json()).data;
  }

  test("makes the importer say so in a sentence", async () => {
    platform = await startPlatform(folder);
    let killed: Promise<void> | null = null;
    const { url, between } = await listenBetween(platform.url, 2, () => {
      // A moment later the third chunk is being checked or stored.
      setTimeout(() => {
        between.close();
        killed = platform.kill().then(() => between.closeAllConnections());
      }, 150);
    });
    const { code, stderr, stdout } = await runImport(url, FILE);
    await killed;
    expect(killed).not.toBeNull();
    expect(stdout).toMatch(/^.*made_1m\.csv: wizdata, \d+ rows of BTC\/USD 1m, .*\n$/);
    expect(stderr).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+ does not answer\. Is the platform running\? --url names another one\. \d+ rows are stored; importing the file again stores none of them twice\.\n$/,
    );
    expect(stderr).toContain(` ${2 * CHUNK_ROWS} rows are stored`);
    expect(code).toBe(2);
  });

  test("keeps every chunk that it confirmed, and of the one in flight all or nothing", async () => {
    platform = await startPlatform(folder);
    const kept = await stored();
    expect([2 * CHUNK_ROWS, 3 * CHUNK_ROWS]).toContain(kept.length);
    expectSame(kept, rows.slice(0, kept.length));
    expect(await imports()).toMatchObject([{ status: "running", file: "made_1m.csv", rows: rows.length }]);
  });

  test("has every row once after the file is imported again", async () => {
    const before = (await stored()).length;
    const again = await runImport(platform.url, FILE);
    expect(again.code).toBe(0);
    expect(countsOf(again)).toEqual({
      read: rows.length,
      stored: rows.length - before,
      replaced: 0,
      unchanged: before,
      refused: 0,
      notStored: 0,
    });
    expectSame(await stored(), rows);
    const [{ id, status }, ...others] = await imports();
    expect([status, others]).toEqual(["done", []]);
    expect(again.stdout).toContain(`import      ${id}`);
    expect(again.stdout).toContain(`-X DELETE`);
  });

  test("has none of them after the import is deleted, and the simulator's again", async () => {
    const [{ id }] = await imports();
    let response = await fetch(`${platform.url}/admin/imports/${id}`, { method: "DELETE", headers: AS_ADMIN });
    while (response.status === 202) {
      response = await fetch(`${platform.url}/admin/imports/${id}`, { method: "DELETE", headers: AS_ADMIN });
    }
    expect(response.status).toBe(200);
    expect(await imports()).toEqual([]);
    expect((await jsonPage(platform.url, "/ohlcv/BTC/USD?interval=1m&limit=2")).simulated).toBe(true);
  });
});
