import { createScheduledController, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { CandlesAnswerSchema } from "../../../contracts/candle.ts";
import type { ImportAnswer, ImportChunk, ImportReport } from "../../../contracts/import.ts";
import type { SymbolRoom } from "../../../durable-objects/symbol-room/symbol-room.ts";
import { importIdOf } from "../../../workers/admin/import-identity.ts";
import { runScheduled } from "../../../workers/ingestion/scheduled.ts";
import {
  ADMIN,
  bodyOf,
  call,
  ImportAnswer as ImportAnswerSchema,
  ImportDetail,
  ImportsAnswer,
  importCandles,
  linkOf,
  problemOf,
  QuoteAnswer,
  read,
  SymbolAnswer,
  send,
} from "../client.ts";

const SHA = "5e".repeat(32);
const DAYS = ["2026-11-12", "2026-11-13", "2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19"];

type Row = ImportChunk["rows"][number];

const rows = (closes: number[], from = 0): Row[] =>
  closes.map((close, i) => ({ line: from + i + 2, time: DAYS[from + i], close }));

/** A chunk of a file of six days. */
const chunkOf = (symbol: string, part: Row[], last: boolean, change: Partial<ImportChunk> = {}): ImportChunk => ({
  ...{ symbol, interval: "1d", adjustment: "split", rows: part },
  import: { file: "six-days.csv", sha256: SHA, rows: 6, last },
  ...change,
});

async function imported(chunk: ImportChunk): Promise<ImportReport> {
  return (await bodyOf(await importCandles(chunk), ImportAnswerSchema)).data;
}

const detail = async (id: string): Promise<ImportAnswer> =>
  (await bodyOf(await call(`/admin/imports/${id}`, { headers: ADMIN }), ImportDetail)).data;

const sourcesOf = async (symbol: string): Promise<string[]> => {
  const row = await env.DB.prepare("select data_sources from symbols where symbol = ?").bind(symbol).first();
  return JSON.parse(String(row?.data_sources));
};

const actionsOn = async (target: string) => {
  const { results } = await env.DB.prepare("select action from audit_log where target = ? order by id")
    .bind(target)
    .all<{ action: string }>();
  return results.map(({ action }) => action);
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe("an import of a file", () => {
  test("is running from its first chunk, and done after its last", async () => {
    const first = await imported(chunkOf("JSE:AGL", rows([10, 11, 12]), false));
    expect(first.import_id).toBe(await importIdOf("JSE:AGL", "1d", "split", SHA));
    expect(await detail(first.import_id)).toEqual({
      ...{ id: first.import_id, symbol: "JSE:AGL", interval: "1d", adjustment: "split", adjusted_as_of: null },
      ...{ file: "six-days.csv", sha256: SHA, rows: 6, status: "running" },
      ...{ stored: 3, replaced: 0, unchanged: 0, refused: 0, actor: "admin-token" },
      ...{ first: "2026-11-12T00:00:00.000Z", last: "2026-11-16T00:00:00.000Z" },
      ...{ started_at: expect.any(String), ended_at: null },
    });
    await imported(chunkOf("JSE:AGL", rows([13, 14, 15], 3), true));
    // The day of its adjustment is the one after its last row.
    expect(await detail(first.import_id)).toMatchObject({
      ...{ status: "done", stored: 6, last: "2026-11-19T00:00:00.000Z", adjusted_as_of: "2026-11-20" },
      ended_at: expect.any(String),
    });
    expect(await sourcesOf("JSE:AGL")).toEqual(["import", "jse", "alpha_vantage"]);
    // In the demo an imported symbol has its imports alone.
    expect((await read("/symbols/JSE:AGL", SymbolAnswer)).data.data_sources).toEqual(["import"]);
  });

  test("goes on where it was interrupted, as the same import", async () => {
    const { import_id: id } = await imported(chunkOf("JSE:ANG", rows([10, 11, 12]), false));
    const again = await imported(chunkOf("JSE:ANG", rows([10, 11, 12]), false));
    expect(again).toMatchObject({ import_id: id, stored: 0, unchanged: 3 });
    await imported(chunkOf("JSE:ANG", rows([13, 14, 15], 3), true));
    expect(await detail(id)).toMatchObject({ status: "done", stored: 6, unchanged: 3 });
    await imported(chunkOf("JSE:ANG", rows([10, 11, 12]), false));
    expect((await detail(id)).status).toBe("running");
  });

  test("may end with a chunk that has no row, and only then have none", async () => {
    const { import_id: id } = await imported(chunkOf("JSE:APN", rows([1, 2, 3, 4, 5, 6]), false));
    const { errors } = await problemOf(await importCandles(chunkOf("JSE:APN", [], false)), "request.invalid");
    expect(errors?.[0]).toMatchObject({ path: "rows", message: expect.stringContaining("only the last chunk") });
    expect(await imported(chunkOf("JSE:APN", [], true))).toMatchObject({ import_id: id, rows: 0 });
    expect((await detail(id)).status).toBe("done");
  });

  test("has failed once a chunk is refused, and goes on when it is sent again", async () => {
    const { import_id: id } = await imported(chunkOf("JSE:BHG", rows([10, 11, 12]), false));
    const bad: Row = { line: 5, time: DAYS[3], close: 0 };
    await problemOf(await importCandles(chunkOf("JSE:BHG", [bad], false)), "request.invalid");
    expect(await detail(id)).toMatchObject({ status: "failed", stored: 3, refused: 1, ended_at: expect.any(String) });
    // What is only checked after that leaves it as it is.
    await imported(chunkOf("JSE:BHG", rows([14], 4), true, { check_only: true }));
    expect((await detail(id)).status).toBe("failed");
    await imported(chunkOf("JSE:BHG", [...rows([14], 4), bad], true, { keep_good: true }));
    expect(await detail(id)).toMatchObject({ status: "done", stored: 4, refused: 2 });
  });

  test("has failed where its last chunk was only checked, and is not begun where all is", async () => {
    const { import_id: id } = await imported(chunkOf("JSE:BVT", rows([10]), false));
    await imported(chunkOf("JSE:BVT", rows([11], 1), true, { check_only: true }));
    expect((await detail(id)).status).toBe("failed");
    const checked = await imported(chunkOf("JSE:CPI", rows([10]), true, { check_only: true }));
    await problemOf(await call(`/admin/imports/${checked.import_id}`, { headers: ADMIN }), "route.not_found");
  });

  test("keeps the day of its adjustment that is said", async () => {
    const { import_id: id } = await imported(
      chunkOf("JSE:CLS", rows([1, 2]), true, { adjusted_as_of: "2026-11-25", adjustment: "split_dividend" }),
    );
    expect(await detail(id)).toMatchObject({ adjusted_as_of: "2026-11-25", adjustment: "split_dividend" });
    const wrong = { ...chunkOf("JSE:CLS", rows([1]), true), adjusted_as_of: "2026-02-30" };
    const { errors } = await problemOf(await send("POST", "/admin/import", wrong), "request.invalid");
    expect(errors?.[0].message).toContain("a day of the calendar");
  });

  test("that is otherwise adjusted conflicts with one of its series while that has not ended", async () => {
    const { import_id: id } = await imported(chunkOf("JSE:DSY", rows([1, 2, 3]), false));
    const other = chunkOf("JSE:DSY", rows([1, 2]), true, { adjustment: "raw" });
    const problem = await problemOf(await importCandles(other), "candles.conflict");
    expect(problem).toMatchObject({ adjustment: "split", import_id: id });
    expect(problem.detail).toContain("six-days.csv");
    const hours = [{ line: 2, time: "2026-11-17T07:00:00Z", close: 3 }];
    await imported({ ...other, interval: "1h", rows: hours });
    await imported(chunkOf("JSE:DSY", rows([4], 3), true));
    expect((await imported(other)).import_id).not.toBe(id);
  });

  test("needs a name and a digest of a file", async () => {
    for (const change of [{ file: "" }, { file: "x".repeat(256) }, { sha256: "abc" }, { rows: -1 }, { path: "/" }]) {
      const chunk = chunkOf("JSE:EXX", rows([1]), true);
      const body = { ...chunk, import: { ...chunk.import, ...change } };
      const { errors } = await problemOf(await send("POST", "/admin/import", body), "request.invalid");
      expect(errors?.[0].path).toBe(`import.${Object.keys(change)[0]}`);
    }
  });
});

test("a chunk without a file is an import of its own, begun and done at once", async () => {
  const chunk: ImportChunk = { symbol: "JSE:FSR", interval: "1d", rows: rows([1, 2]) };
  const { import_id: id } = await imported(chunk);
  expect(await detail(id)).toMatchObject({
    ...{ status: "done", file: null, sha256: expect.stringMatching(/^[0-9a-f]{64}$/), rows: 2, stored: 2 },
    ...{ adjustment: "unknown", adjusted_as_of: "2026-11-14" },
  });
  expect((await imported(chunk)).import_id).toBe(id);
  expect((await imported({ ...chunk, rows: rows([1, 3]) })).import_id).not.toBe(id);
});

describe("rows whose spacing says another interval", () => {
  const chunk: ImportChunk = { symbol: "JSE:GFI", interval: "1h", rows: rows([1, 2, 3, 4]) };

  test("are refused in a sentence that names it, also where they are only checked", async () => {
    for (const check_only of [false, true]) {
      const { errors, detail } = await problemOf(await importCandles({ ...chunk, check_only }), "request.invalid");
      expect(errors).toMatchObject([{ in: "body", path: "interval" }]);
      expect(detail).toMatch(/^interval is 1h, but the rows are as far apart as 1d candles; .*force/);
    }
    expect((await read("/symbols/JSE:GFI", SymbolAnswer)).data.data_sources).toEqual(["simulator"]);
  });

  test("are taken with force", async () => {
    expect(await imported({ ...chunk, force: true })).toMatchObject({ stored: 4 });
  });
});

describe("the list of imports", () => {
  test("has the latest first, by symbol, page by page", async () => {
    const ids: string[] = [];
    for (const [i, close] of [1, 2, 3].entries()) {
      vi.setSystemTime(Date.parse("2026-11-25T10:00:00Z") + i * 60_000);
      ids.unshift((await imported({ symbol: "JSE:GRT", interval: "1d", rows: rows([close]) })).import_id);
    }
    vi.useRealTimers();
    const page = async (path: string) => {
      const response = await call(path, { headers: ADMIN });
      return { link: linkOf(response), body: await bodyOf(response, ImportsAnswer) };
    };
    const first = await page("/admin/imports?symbol=grt.jo&limit=2");
    expect(first.body.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(first.link?.relation).toBe("next");
    const second = await page(first.link?.path ?? "");
    expect(second.body).toMatchObject({ next_cursor: null, count: 1 });
    expect(second.body.data[0].id).toBe(ids[2]);
    expect((await page("/admin/imports?limit=1000")).body.data.length).toBeGreaterThan(3);
    await problemOf(await call("/admin/imports?cursor=x", { headers: ADMIN }), "request.invalid");
    await problemOf(await call("/admin/imports?symbol=NOSUCH", { headers: ADMIN }), "symbol.not_found");
    await problemOf(await call("/admin/imports"), "auth.missing");
  });

  test("has what older versions imported, by what their audit log says", async () => {
    await env.DB.batch(
      [
        ["JSE:IMP", { interval: "1d", adjustment: "split", stored: 30, replaced: 0 }],
        ["JSE:IMP", { interval: "1d", adjustment: "split", stored: 5, replaced: 2 }],
        ["ETC/USDT", { interval: "1h", adjustment: "raw", stored: 120, replaced: 0 }],
      ].map(([target, entry], i) =>
        env.DB.prepare(
          "insert into audit_log (at, actor, action, target, detail) values (?, 'key:old', 'candles.import', ?, ?)",
        ).bind(`2025-01-0${i + 1}T00:00:00.000Z`, target, JSON.stringify(entry)),
      ),
    );
    const migration = env.D1_MIGRATIONS.find(({ name }) => name.startsWith("0008_"));
    const backfill = migration?.queries.find((query) => query.includes("INSERT INTO"));
    await env.DB.prepare(backfill ?? "").run();
    expect(await detail("earlier-1d-JSE-IMP")).toMatchObject({
      ...{ symbol: "JSE:IMP", interval: "1d", adjustment: "split", status: "done", file: null, sha256: null },
      ...{ stored: 35, replaced: 2, actor: "key:old", rows: null },
      ...{ started_at: "2025-01-01T00:00:00.000Z", ended_at: "2025-01-02T00:00:00.000Z" },
    });
    expect(await detail("earlier-1h-ETC-USDT")).toMatchObject({ symbol: "ETC/USDT", adjustment: "raw" });
  });
});

describe("deleting an import", () => {
  const remove = (id: string) => send("DELETE", `/admin/imports/${id}`);

  test("takes its candles and its row, and with the last one imports out of the sources", async () => {
    const { import_id: days } = await imported(chunkOf("JSE:MTN", rows([10, 11]), true));
    const hours = [{ line: 2, time: "2026-11-17T07:00:00Z", close: 3 }];
    const { import_id: other } = await imported({ symbol: "JSE:MTN", interval: "1h", rows: hours });
    expect((await read("/quotes/JSE:MTN", QuoteAnswer)).data).toMatchObject({ provider: "import", simulated: false });
    const gone = (await bodyOf(await remove(days), ImportDetail)).data;
    expect(gone).toMatchObject({ id: days, status: "deleted" });
    await problemOf(await call(`/admin/imports/${days}`, { headers: ADMIN }), "route.not_found");
    expect(await sourcesOf("JSE:MTN")).toContain("import");
    expect((await read("/ohlcv/JSE:MTN?interval=1d", CandlesAnswerSchema)).data[0]?.close).not.toBe(10);
    await bodyOf(await remove(other), ImportDetail);
    expect(await sourcesOf("JSE:MTN")).toEqual(["jse", "alpha_vantage"]);
    expect((await read("/symbols/JSE:MTN", SymbolAnswer)).data.data_sources).toEqual(["simulator"]);
    expect((await read("/quotes/JSE:MTN", QuoteAnswer)).data).toMatchObject({ provider: "simulator" });
    expect(await actionsOn(days)).toEqual(["import.delete"]);
    expect((await actionsOn("JSE:MTN")).at(-1)).toBe("symbol.end_imports");
    await problemOf(await remove(days), "route.not_found");
  });

  test("ends imports even where one is left that never had a candle", async () => {
    const bad: Row = { line: 2, time: DAYS[0], close: 0 };
    await importCandles(chunkOf("JSE:NED", [bad], true));
    const { import_id: id } = await imported({ symbol: "JSE:NED", interval: "1d", rows: rows([1]) });
    await remove(id);
    expect(await sourcesOf("JSE:NED")).toEqual(["jse", "alpha_vantage"]);
  });

  test.each<[string, string, string[]]>([
    ["of an earlier version, to those of the reference data", "JSE:NPN", ["jse", "alpha_vantage"]],
    ["of an earlier version, to those that an operator had set", "JSE:PRX", ["alpha_vantage"]],
  ])("returns the sources %s, which had imports alone", async (_, symbol, expected) => {
    if (symbol === "JSE:PRX") await send("PUT", "/symbols/JSE:PRX", { data_sources: ["alpha_vantage"] });
    await env.DB.prepare(`update symbols set data_sources = '["import"]' where symbol = ?`).bind(symbol).run();
    const { import_id: id } = await imported({ symbol, interval: "1d", rows: rows([1]) });
    expect(await sourcesOf(symbol)).toEqual(["import"]);
    await remove(id);
    expect(await sourcesOf(symbol)).toEqual(expected);
  });

  test("goes on in turns: 202 until nothing is left, and the file cannot come again before", async () => {
    const { import_id: id } = await imported(chunkOf("JSE:REM", rows([10, 11]), true));
    await turns("JSE:REM", 25);
    const answer = async () => {
      const response = await remove(id);
      return [response.status, (await bodyOf(response, ImportDetail, response.status)).data.status];
    };
    expect(await answer()).toEqual([202, "deleting"]);
    expect((await detail(id)).status).toBe("deleting");
    await problemOf(await importCandles(chunkOf("JSE:REM", rows([10]), true)), "import.deleting");
    await problemOf(await send("PATCH", `/admin/imports/${id}`, { adjustment: "raw" }), "import.deleting");
    expect(await answer()).toEqual([202, "deleting"]);
    expect(await answer()).toEqual([200, "deleted"]);
    expect(await actionsOn(id)).toEqual(["import.delete"]);
    expect(await imported(chunkOf("JSE:REM", rows([10]), true))).toMatchObject({ import_id: id, stored: 1 });
  });

  test("goes on by the cron", async () => {
    const { import_id: id } = await imported(chunkOf("JSE:SBK", rows([10, 11]), true));
    await turns("JSE:SBK", 15);
    expect((await remove(id)).status).toBe(202);
    await runScheduled(createScheduledController({ cron: "* * * * *", scheduledTime: new Date() }), env);
    await problemOf(await call(`/admin/imports/${id}`, { headers: ADMIN }), "route.not_found");
    expect(await sourcesOf("JSE:SBK")).toEqual(["jse", "alpha_vantage"]);
  });

  /** Lets rooms need a number of turns for a deletion, the one of `symbol` among them. */
  async function turns(symbol: string, needed: number): Promise<void> {
    await runInDurableObject(env.SYMBOL_ROOM.getByName(symbol), (room: SymbolRoom) => {
      // Calls from outside find methods of the class alone.
      const methods: SymbolRoom = Object.getPrototypeOf(room);
      const own = methods.deleteImport;
      let left = needed;
      vi.spyOn(methods, "deleteImport").mockImplementation(async function (this: SymbolRoom, ...given) {
        return --left > 0 ? { done: false } : own.apply(this, given);
      });
    });
  }
});

describe("correcting an import", () => {
  const correct = (id: string, change: object) => send("PATCH", `/admin/imports/${id}`, change);

  test("changes what answers say of its adjustment, and is in the audit log", async () => {
    const { import_id: id } = await imported({ symbol: "JSE:SHP", interval: "1d", rows: rows([10, 11]) });
    expect(await read("/ohlcv/JSE:SHP?interval=1d", CandlesAnswerSchema)).toMatchObject({ adjustment: "unknown" });
    const { data } = await bodyOf(await correct(id, { adjustment: "split" }), ImportDetail);
    expect(data).toMatchObject({ adjustment: "split", adjusted_as_of: "2026-11-14", status: "done" });
    expect(await detail(id)).toEqual(data);
    expect(await read("/ohlcv/JSE:SHP?interval=1d", CandlesAnswerSchema)).toMatchObject({ adjustment: "split" });
    expect(await actionsOn(id)).toEqual(["import.change"]);
    const day = { adjustment: "split_dividend", adjusted_as_of: "2026-12-01" };
    expect((await bodyOf(await correct(id, day), ImportDetail)).data).toMatchObject(day);
  });

  test("counts for chunks that go on with it", async () => {
    const { import_id: id } = await imported(chunkOf("JSE:SLM", rows([10]), false));
    await correct(id, { adjustment: "raw" });
    await imported(chunkOf("JSE:SLM", rows([11], 1), true));
    expect(await detail(id)).toMatchObject({ adjustment: "raw", status: "done", stored: 2 });
  });

  test("needs an adjustment, and an import that is there", async () => {
    const { import_id: id } = await imported({ symbol: "JSE:SOL", interval: "1d", rows: rows([10]) });
    await problemOf(await correct(id, {}), "request.invalid");
    await problemOf(await correct(id, { adjustment: "splits" }), "request.invalid");
    await problemOf(await correct("none", { adjustment: "raw" }), "route.not_found");
  });
});
