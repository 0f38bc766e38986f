import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ProviderStatus } from "../../../contracts/admin.ts";
import { setLogLevel } from "../../../observability/log.ts";
import { prometheusText } from "../../../observability/metrics/prometheus.ts";
import { currentSpan, Span } from "../../../observability/span.ts";
import { gateSeries } from "../../../workers/gateway/metrics.ts";
import worker from "../../../workers/index.ts";
import { captureLogLines, type LogLine, stopCapturingLogLines } from "../../observability/log-lines.ts";
import { ADMIN_KEY, call } from "../client.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

let lines: LogLine[] = [];

const linesOf = (message: string) => lines.filter((line) => line.message === message);

beforeEach(() => {
  lines = captureLogLines();
});
afterEach(stopCapturingLogLines);

describe("a request", () => {
  test("is one line, which says by whom, what and how long, and nothing that could be secret", async () => {
    const headers = { "X-Correlation-ID": "of-the-test", "X-API-Key": ADMIN_KEY };
    expect((await call("/quotes/BTC/USDT?max_age=80808", { headers })).status).toBe(200);
    expect(linesOf("request")).toHaveLength(1);
    expect(linesOf("request")[0]).toMatchObject({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: "info",
      service: "market-data",
      method: "GET",
      route: "/quotes/:symbol",
      status: 200,
      duration_ms: expect.any(Number),
      cache: expect.stringMatching(/^(?:memory|kv|room|provider)/),
      correlation_id: "of-the-test",
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      caller: "admin",
    });
    expect(JSON.stringify(lines)).not.toContain(ADMIN_KEY);
    expect(JSON.stringify(lines)).not.toContain("80808");
  });

  test("for nothing that is there has no route of its invention", async () => {
    await call("/no/such/address");
    expect(linesOf("request")[0]).toMatchObject({ route: "unrouted", status: 404, service: "gateway" });
  });

  test("with a key in its address leaves no trace of it", async () => {
    expect((await call("/quotes/BTC/USDT?api_key=sesame")).status).toBe(400);
    expect(linesOf("request")).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain("sesame");
  });

  test("goes on with its caller's trace, into the room", async () => {
    await call("/quotes/ETH/USDT", { headers: { traceparent: TRACEPARENT, "Cache-Control": "no-cache" } });
    const [request] = linesOf("request");
    expect(request).toMatchObject({ trace_id: TRACE, parent_id: "00f067aa0ba902b7" });
    expect(linesOf("span")).toMatchObject([{ span: "room", trace_id: TRACE, parent_id: request.span_id }]);
  });

  test("with a traceparent that is none begins a trace", async () => {
    await call("/ready", { headers: { traceparent: "00-zz-zz-01" } });
    expect(linesOf("request")[0]).toMatchObject({ parent_id: null, trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  test("says in Server-Timing where its time went", async () => {
    const fresh = await call("/quotes/SOL/USDT", { headers: { "Cache-Control": "no-cache" } });
    expect(fresh.headers.get("Server-Timing")).toMatch(/^total;dur=\d+, room;dur=\d+$/);
    expect((await call("/quotes/SOL/USDT")).headers.get("Server-Timing")).toMatch(/^total;dur=\d+$/);
  });

  test("writes nothing where requests are not logged", async () => {
    setLogLevel("warn");
    await call("/quotes/BTC/USDT");
    expect(lines).toEqual([]);
  });

  test("leaves no context behind", async () => {
    await call("/quotes/BTC/USDT");
    expect(currentSpan()).toBeUndefined();
    expect(new Span("x", null).parent()).toBeNull();
  });
});

describe("a fault", () => {
  test("is logged once, under its request's trace, and counted", async () => {
    vi.spyOn(env.DB, "withSession").mockImplementation(() => {
      throw new Error("SQLITE_ERROR: outer", { cause: new Error("the disk is gone") });
    });
    const response = await call("/symbols?limit=1", { headers: { traceparent: TRACEPARENT } });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/disk|outer|\.ts:/);
    const faults = lines.filter(({ level }) => level === "error");
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ trace_id: TRACE, cause: "SQLITE_ERROR: outer < Error: the disk is gone" });
    vi.restoreAllMocks();
    expect(await scrape()).toMatch(/^wizdata_unexpected_errors_total\{route="[^"]+"\} [1-9]/m);
  });
});

describe("a message of the queue", () => {
  test("goes on with the trace of what sent it, and is measured", async () => {
    const body = { kind: "quotes", symbols: ["BTC/USDT"], traceparent: TRACEPARENT };
    const message = { id: "1", timestamp: new Date(Date.now() - 3_000), attempts: 1, body };
    const batch = createMessageBatch("wizdata-ingestion", [message]);
    await worker.queue(batch, env);
    const result = await getQueueResult(batch, createExecutionContext());
    expect(result.explicitAcks).toEqual(["1"]);
    const spans = linesOf("span");
    expect(spans.map(({ span }) => span).sort()).toEqual(["queue", "room"]);
    expect(spans.every((span) => span.trace_id === TRACE)).toBe(true);
    const text = await scrape();
    expect(text).toContain('wizdata_ingestion_messages_total{kind="quotes",outcome="done"} 1\n');
    expect(text).toContain('wizdata_queue_age_seconds_bucket{kind="quotes",le="2.5"} 0\n');
    expect(text).toContain('wizdata_queue_age_seconds_count{kind="quotes"} 1\n');
  });
});

async function scrape(): Promise<string> {
  const response = await call("/metrics");
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return response.text();
}

/** The value of a series, 0 where it is not there. */
const readingOf = (text: string, series: string): number =>
  Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1) ?? 0,
  );

describe("/metrics", () => {
  test("counts requests, tiers, quotes and indicators", async () => {
    const before = await scrape();
    await call("/quotes?symbols=BTC/USDT,ETH/USDT");
    await call("/quotes/NOSUCH");
    await call("/indicators/BTC/USDT?indicators=RSI,MACD", { headers: { "Cache-Control": "no-cache" } });
    const after = await scrape();
    const grown = (series: string): number => readingOf(after, series) - readingOf(before, series);
    expect(grown('wizdata_requests_total{method="GET",route="/quotes",status="200"}')).toBe(1);
    expect(grown('wizdata_requests_total{method="GET",route="/quotes/:symbol",status="404"}')).toBe(1);
    expect(grown('wizdata_request_duration_seconds_count{route="/quotes"}')).toBe(1);
    expect(grown('wizdata_quotes_served_total{provider="simulator",freshness="live"}')).toBe(2);
    expect(grown('wizdata_indicators_calculated_total{indicator="RSI"}')).toBe(1);
    expect(grown('wizdata_indicators_calculated_total{indicator="MACD"}')).toBe(1);
    expect(after).toMatch(/^wizdata_cache_answers_total\{tier="\w+"\} [1-9]/m);
    expect(after).toContain('wizdata_build_info{version="');
    expect(after).toContain("wizdata_telemetry_shards_unreachable 0\n");
    expect(after).not.toContain("USDT");
  });

  test("reports each gate its breakers and what is left of its budget", () => {
    const family = {
      breaker: "open" as const,
      retry_at: null,
      last_success_at: null,
      last_failure_at: null,
      last_failure_reason: null,
    };
    const status: ProviderStatus = {
      provider: "binance",
      state: "degraded",
      disabled: null,
      families: { quotes: family, candles: { ...family, breaker: "closed" }, search: { ...family, breaker: "closed" } },
      blocked: [],
      budget: [{ window: "minute", limit: 100, left: 42, left_for_background: 22 }],
      calls_last_minute: 58,
      in_flight: 0,
      waiting: 3,
      watched: 0,
    };
    const text = prometheusText(gateSeries(status));
    expect(text).toContain('wizdata_provider_breaker_state{provider="binance",family="quotes",state="open"} 1\n');
    expect(text).toContain('wizdata_provider_breaker_state{provider="binance",family="candles",state="open"} 0\n');
    expect(text).toContain('wizdata_provider_budget_left{provider="binance",window="minute"} 42\n');
    expect(text).toContain('wizdata_provider_waiting{provider="binance"} 3\n');
  });

  test("takes no parameters", async () => {
    expect((await call("/metrics?name=x")).status).toBe(400);
  });
});
