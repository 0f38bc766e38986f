import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { bodyOf, call, problemOf, read, SymbolAnswer, SymbolWritten, send } from "../client.ts";
import { bearer, createKey } from "../keys.ts";

const body = (symbol: string, name = "Acme Corporation") => ({
  symbol,
  name,
  type: "stock",
  primary_exchange: "NYSE",
  currency: "USD",
});

const post = (key: string, content: unknown) => send("POST", "/symbols", content, { "Idempotency-Key": key });

const auditRows = async (target: string): Promise<number> =>
  (await env.DB.prepare("select 1 from audit_log where target = ?").bind(target).all()).results.length;

describe("an Idempotency-Key", () => {
  const postAs = async (key: string, idempotencyKey: string, content: unknown) =>
    call("/symbols", {
      method: "POST",
      headers: { ...bearer(key), "Content-Type": "application/json", "Idempotency-Key": idempotencyKey },
      body: JSON.stringify(content),
    });

  test("is its caller's own: another caller's is another, whatever it was used for", async () => {
    const [one, other] = [await createKey(["symbols:write"]), await createKey(["symbols:write"])];
    await bodyOf(await postAs(one.key, "mine", body("OWN")), SymbolWritten, 201);
    const second = await postAs(other.key, "mine", body("OTHER"));
    expect(second.headers.get("Idempotency-Replayed")).toBeNull();
    expect((await bodyOf(second, SymbolWritten, 201)).data.symbol).toBe("OTHER");
    await bodyOf(await post("mine", body("ADMINS")), SymbolWritten, 201);
    // Nor does it show another caller what was answered.
    await problemOf(await postAs(other.key, "mine", body("OWN")), "request.idempotency_conflict", 422);
    const third = await createKey(["symbols:write"]);
    await problemOf(await postAs(third.key, "mine", body("OWN")), "symbol.exists");
    for (const [{ key }, symbol] of [
      [one, "OWN"],
      [other, "OTHER"],
    ] as const) {
      const again = await postAs(key, "mine", body(symbol));
      expect(again.headers.get("Idempotency-Replayed")).toBe("true");
      expect((await bodyOf(again, SymbolWritten, 201)).data.symbol).toBe(symbol);
    }
  });

  test("in flight of one caller holds no other up", async () => {
    const [one, other] = [await createKey(["symbols:write"]), await createKey(["symbols:write"])];
    await bodyOf(await postAs(one.key, "busy", body("BUSY")), SymbolWritten, 201);
    await env.DB.prepare("update idempotency_keys set status = null, answer = null where key = ?")
      .bind(`key:${one.prefix} busy`)
      .run();
    await problemOf(await postAs(one.key, "busy", body("BUSY")), "request.idempotency_conflict", 409);
    await bodyOf(await postAs(other.key, "busy", body("FREE")), SymbolWritten, 201);
  });

  test("from before callers had their own is its caller's still, where the audit log names one", async () => {
    const caller = await createKey(["symbols:write"]);
    const first = await postAs(caller.key, "earlier", body("EARLY"));
    const answer = (await bodyOf(first, SymbolWritten, 201)).data;
    const rename = env.DB.prepare("update idempotency_keys set key = ? where key = ?");
    await rename.bind("earlier", `key:${caller.prefix} earlier`).run();
    await env.DB.prepare("insert into idempotency_keys (key, fingerprint, created_at) values ('flying', 'f', ?)")
      .bind(Date.now())
      .run();
    const migration = env.D1_MIGRATIONS.find(({ name }) => name.includes("idempotency_by_caller"));
    expect(migration?.queries).toHaveLength(1);
    // Once more changes nothing.
    for (let i = 0; i < 2; i++) for (const query of migration?.queries ?? []) await env.DB.prepare(query).run();
    const again = await postAs(caller.key, "earlier", body("EARLY"));
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect((await bodyOf(again, SymbolWritten, 201)).data).toEqual(answer);
    await problemOf(await post("earlier", body("EARLY")), "symbol.exists");
    await bodyOf(await post("flying", body("FLYING")), SymbolWritten, 201);
  });
});

describe("POST /symbols with an Idempotency-Key", () => {
  test("that is repeated gets the first answer and adds nothing", async () => {
    const first = await post("key-1", body("ONE"));
    expect(first.headers.get("Idempotency-Replayed")).toBeNull();
    const answer = await bodyOf(first, SymbolWritten, 201);
    for (let i = 0; i < 3; i++) {
      const again = await post("key-1", body("ONE"));
      expect(again.headers.get("Idempotency-Replayed")).toBe("true");
      expect(again.headers.get("Location")).toBe("/symbols/ONE");
      expect((await bodyOf(again, SymbolWritten, 201)).data).toEqual(answer.data);
    }
    expect(await auditRows("ONE")).toBe(1);
  });

  test("that is repeated gets an answer that was kept before symbols had an exchange, with one", async () => {
    await bodyOf(await post("key-old", body("OLDER")), SymbolWritten, 201);
    const older =
      "update idempotency_keys set answer = json_remove(answer, '$.data.exchange') where key like '% ' || ?";
    expect((await env.DB.prepare(older).bind("key-old").run()).meta.changes).toBe(1);
    const again = await bodyOf(await post("key-old", body("OLDER")), SymbolWritten, 201);
    expect(again.data).toMatchObject({ symbol: "OLDER", exchange: "NYSE", primary_exchange: "NYSE" });
  });

  test("that is repeated gets the first answer to the letter, whatever has become of the symbol", async () => {
    const first = await (await post("key-same", { ...body("SAM"), aliases: ["SAME", "SAMB"] })).text();
    await bodyOf(await send("PUT", "/symbols/SAM", { name: "Renamed", ceo: "Ada Lovelace" }), SymbolWritten);
    const again = await post("key-same", { ...body("SAM"), aliases: ["SAME", "SAMB"] });
    expect(again.status).toBe(201);
    expect(await again.text()).toBe(first);
    expect((await read("/symbols/SAM", SymbolAnswer)).data.name).toBe("Renamed");
  });

  test("is answered with the symbol as it was added", async () => {
    const input = { ...body("ASIS"), aliases: ["ZED", "AY"], provider_symbols: { alpha_vantage: "ASIS" }, isin: null };
    const { data } = await bodyOf(await post("key-as-is", input), SymbolWritten, 201);
    const { session: _, availability: __, ...stored } = (await read("/symbols/ASIS", SymbolAnswer)).data;
    expect(data).toEqual(stored);
  });

  test("takes the same fields in another order for the same request", async () => {
    await bodyOf(await post("key-order", body("ORD")), SymbolWritten, 201);
    const reordered = Object.fromEntries(Object.entries(body("ORD")).reverse());
    await bodyOf(await post("key-order", reordered), SymbolWritten, 201);
  });

  test("that was used for another body is refused", async () => {
    await bodyOf(await post("key-2", body("TWO")), SymbolWritten, 201);
    await problemOf(await post("key-2", body("TWO", "Another name")), "request.idempotency_conflict");
    await problemOf(await post("key-2", body("TWOB")), "request.idempotency_conflict");
    await problemOf(await send("GET", "/symbols/TWOB"), "symbol.not_found");
  });

  test("whose first request is in flight gets 409 and a time to ask again; one that died may begin again", async () => {
    await bodyOf(await post("key-3", body("FLY")), SymbolWritten, 201);
    // As the key stands between its first request's claim and its outcome.
    const open = env.DB.prepare(
      "update idempotency_keys set status = null, answer = null, created_at = ? where key = ?",
    );
    await open.bind(Date.now(), "admin-token key-3").run();
    const waiting = await post("key-3", body("FLY"));
    expect(waiting.headers.get("Retry-After")).toBe("1");
    await problemOf(waiting, "request.idempotency_conflict", 409);
    await problemOf(await post("key-3", body("FLYB")), "request.idempotency_conflict", 422);
    await open.bind(Date.now() - 61_000, "admin-token key-3").run();
    await problemOf(await post("key-3", body("FLY")), "symbol.exists");
  });

  test("that twenty requests send at once adds one symbol; the others get its answer or 409", async () => {
    const responses = await Promise.all(Array.from({ length: 20 }, () => post("key-4", body("RUSH"))));
    const statuses = responses.map((response) => response.status);
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThanOrEqual(1);
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true);
    const firsts = responses.filter((r) => r.status === 201 && r.headers.get("Idempotency-Replayed") === null);
    expect(firsts).toHaveLength(1);
    for (const response of responses.filter(({ status }) => status === 409)) {
      expect(response.headers.get("Retry-After")).toBe("1");
      await problemOf(response, "request.idempotency_conflict", 409);
    }
    expect(await auditRows("RUSH")).toBe(1);
    expect((await read("/symbols/RUSH", SymbolAnswer)).data.symbol).toBe("RUSH");
    await bodyOf(await post("key-4", body("RUSH")), SymbolWritten, 201);
  });

  test("may be used again after its request failed", async () => {
    await problemOf(await post("key-5", body("AAPL")), "symbol.exists");
    await bodyOf(await post("key-5", body("FIVE")), SymbolWritten, 201);
  });

  test("of a request that breaks its schema is not used up", async () => {
    await problemOf(await post("key-6", { symbol: "SIX" }), "request.invalid");
    await bodyOf(await post("key-6", body("SIX")), SymbolWritten, 201);
  });

  test.each(["", " ", "a b", "x".repeat(256), "é"])("that is not usable is refused by name: %j", async (key) => {
    const { errors } = await problemOf(await post(key, body("BADKEY")), "request.invalid");
    expect(errors).toMatchObject([{ in: "header", path: "idempotency-key" }]);
  });

  test("different keys with one new symbol at the same time add it once", async () => {
    const responses = await Promise.all(Array.from({ length: 10 }, (_, i) => post(`many-${i}`, body("MANY"))));
    expect(responses.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    expect(await auditRows("MANY")).toBe(1);
  });
});
