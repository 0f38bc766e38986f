import {
  createExecutionContext,
  createMessageBatch,
  createScheduledController,
  getQueueResult,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { REFERENCE_SYMBOLS } from "../../../storage/registry/reference-data.ts";
import { consumeBatch } from "../../../workers/ingestion/queue.ts";
import { runScheduled } from "../../../workers/ingestion/scheduled.ts";
import { send } from "../client.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const DAY_MS = 86_400_000;

const instrumentIn = (symbol: string): Promise<unknown> =>
  runInDurableObject(env.SYMBOL_ROOM.getByName(symbol), (_, state) => {
    const rows = state.storage.sql.exec<{ value: string }>("select value from facts where name = 'instrument'");
    const [row] = rows.toArray();
    return row ? JSON.parse(row.value) : null;
  });

const reconcile = (id: string, symbols: unknown) => ({
  ...{ id, timestamp: new Date(), attempts: 1 },
  body: { kind: "reconcile", symbols },
});

describe("each minute", () => {
  test("Idempotency-Keys that are older than a day are forgotten, younger ones are not", async () => {
    const now = Date.now();
    const insert = env.DB.prepare(
      "insert into idempotency_keys (key, fingerprint, status, answer, created_at) values (?, 'f', 201, 'A', ?)",
    );
    await env.DB.batch([insert.bind("old", now - DAY_MS - 1_000), insert.bind("young", now - DAY_MS + 60_000)]);
    await runScheduled(createScheduledController({ cron: "* * * * *", scheduledTime: new Date(now) }), env);
    const { results } = await env.DB.prepare("select key from idempotency_keys").all();
    expect(results).toEqual([{ key: "young" }]);
  });
});

describe("a call of a cron", () => {
  const CRON_TOKEN = "token-of-this-test";
  const insertOld = (key: string) =>
    env.DB.prepare(
      "insert into idempotency_keys (key, fingerprint, status, answer, created_at) values (?, 'f', 201, 'A', ?)",
    )
      .bind(key, Date.now() - 2 * DAY_MS)
      .run();
  const keptKeys = async () => {
    const { results } = await env.DB.prepare("select key from idempotency_keys").all<{ key: string }>();
    return results.map(({ key }) => key);
  };
  const callCron = (cron: string, scheduledTime = new Date()) =>
    runScheduled(createScheduledController({ cron, scheduledTime }), { ...env, CRON_TOKEN });

  test("does nothing where a token is wanted and it has none, or another", async () => {
    await insertOld("kept");
    for (const cron of ["* * * * *", "another * * * * *", `${CRON_TOKEN}* * * * *`, `x${CRON_TOKEN} * * * * *`, ""]) {
      await callCron(cron);
    }
    expect(await keptKeys()).toContain("kept");
    await callCron(`${CRON_TOKEN} * * * * *`);
    expect(await keptKeys()).not.toContain("kept");
  });

  test("that names a time ahead forgets nothing before its own", async () => {
    const insert = env.DB.prepare(
      "insert into idempotency_keys (key, fingerprint, status, answer, created_at) values ('new', 'f', 201, 'A', ?)",
    );
    await insert.bind(Date.now()).run();
    await callCron(`${CRON_TOKEN} * * * * *`, new Date(Date.now() + 30 * DAY_MS));
    expect(await keptKeys()).toContain("new");
  });
});

describe("each day", () => {
  test("every symbol's registry row goes on its way to its room, once, in messages that fit", async () => {
    const sent: string[][] = [];
    const INGESTION: Queue = {
      ...env.INGESTION,
      send: async (message: { symbols: string[] }) => {
        sent.push(message.symbols);
        return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
      },
    };
    await runScheduled(createScheduledController({ cron: "17 3 * * *" }), { ...env, INGESTION });
    expect(sent.flat()).toEqual(REFERENCE_SYMBOLS.map((record) => record.symbol).sort());
    for (const symbols of sent) expect(symbols.length).toBeLessThanOrEqual(100);
  });

  test("an unknown cron does nothing", async () => {
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    await runScheduled(createScheduledController({ cron: "0 0 1 1 *" }), env);
  });
});

describe("the queue", () => {
  test("brings a room's copy of its registry row up to date, and is acknowledged", async () => {
    expect(await instrumentIn("JSE:REM")).toBeNull();
    const batch = createMessageBatch("wizdata-ingestion", [reconcile("1", ["JSE:REM", "NOSUCH"])]);
    await consumeBatch(batch, env);
    const result = await getQueueResult(batch, createExecutionContext());
    expect(result.explicitAcks).toEqual(["1"]);
    expect(await instrumentIn("JSE:REM")).toMatchObject({ symbol: "JSE:REM", price_unit: "ZAc" });
  });

  test("may bring a message twice without harm", async () => {
    const batch = createMessageBatch("wizdata-ingestion", [reconcile("1", ["JSE:KIO"]), reconcile("2", ["JSE:KIO"])]);
    await consumeBatch(batch, env);
    expect((await getQueueResult(batch, createExecutionContext())).explicitAcks).toEqual(["1", "2"]);
  });

  test("retries a message that no one understands, and works through the others", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const strange = { ...reconcile("1", "all"), body: { kind: "explode" } };
    const batch = createMessageBatch("wizdata-ingestion", [strange, reconcile("2", ["JSE:INL"])]);
    await consumeBatch(batch, env);
    const result = await getQueueResult(batch, createExecutionContext());
    expect(result.retryMessages.map((message) => message.msgId)).toEqual(["1"]);
    expect(result.explicitAcks).toEqual(["2"]);
    expect(logged).toHaveBeenCalledTimes(1);
    expect(await instrumentIn("JSE:INL")).not.toBeNull();
  });
});

test("a registry write reaches the symbol's room at once", async () => {
  expect((await send("PUT", "/symbols/JSE:INP", { price_decimals: 2 })).status).toBe(200);
  expect(await instrumentIn("JSE:INP")).toMatchObject({ price_decimals: 2 });
  expect((await send("DELETE", "/symbols/JSE:INP")).status).toBe(200);
  expect(await instrumentIn("JSE:INP")).toMatchObject({ is_active: false });
});
