import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../../scripts/dev-vars.ts";
import { freePort } from "../../scripts/ports.ts";
import { type BundledWorker, startBundledWorker, WITH_TOKEN } from "../../tools/bundled-worker.ts";
import { lintDocuments } from "../../tools/lint-documents/spectral.ts";
import { runTool } from "./command.ts";

/** Debian's package `prometheus` brings both; .ci/run installs it where it can. */
const hasPrometheus = ["promtool", "prometheus"].every((name) => spawnSync(name, ["--version"]).status === 0);

/** Upstreams that cannot be reached: gates and breakers are real, and no one outside is asked. */
const NOWHERE = { BINANCE_BASE_URL: "http://127.0.0.1:9", COINGECKO_BASE_URL: "http://127.0.0.1:9" };

let worker: BundledWorker;

beforeAll(async () => {
  worker = await startBundledWorker({ MARKET_MODE: "live", LOG_LEVEL: "error", ...NOWHERE });
  // Something of every kind to measure, faults of callers among it.
  for (const path of [
    "/quotes/BTC/USDT",
    "/quotes?symbols=AAPL,JSE:NPN",
    "/symbols?limit=2",
    "/quotes/NOSUCH",
    "/no/such",
  ]) {
    await (await fetch(`${worker.url}${path}`, { headers: WITH_TOKEN })).text();
  }
});

afterAll(async () => {
  await worker.stop();
});

test("the documents lint clean", async () => {
  const { code, output } = await lintDocuments(worker.url);
  expect(output).toContain("No results with a severity of 'warn' or higher found!");
  expect(code).toBe(0);
});

async function scrape(): Promise<string> {
  const response = await fetch(`${worker.url}/metrics`, { headers: WITH_TOKEN });
  expect(response.status).toBe(200);
  return response.text();
}

describe.skipIf(!hasPrometheus)("where promtool and prometheus are installed", () => {
  test("what /metrics says passes without complaint", async () => {
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
      input: await scrape(),
      encoding: "utf8",
    });
    expect(`${stdout}${stderr}`).toBe("");
    expect(status).toBe(0);
  });

  test("the alerts are rules", () => {
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "rules", join(ROOT, "docs", "alerts.yml")], {
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("SUCCESS");
  });

  test("a real Prometheus scrapes the platform and evaluates the alerts", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wizdata-prometheus-"));
    const port = await freePort();
    const config = `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ["${join(ROOT, "docs", "alerts.yml")}"]
scrape_configs:
  - job_name: wizdata-edge
    authorization: { credentials: "${WITH_TOKEN.Authorization.slice("Bearer ".length)}" }
    static_configs: [{ targets: ["${new URL(worker.url).host}"] }]
`;
    writeFileSync(join(folder, "prometheus.yml"), config);
    const server = spawn(
      "prometheus",
      [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: "ignore" },
    );
    const ended = new Promise((resolve) => server.once("close", resolve));
    onTestFinished(async () => {
      server.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    });
    const api = `http://127.0.0.1:${port}/api/v1`;
    const up = await found(`${api}/query?query=${encodeURIComponent('up{job="wizdata-edge"} == 1')}`);
    expect(up).toHaveLength(1);
    expect(
      await found(`${api}/query?query=${encodeURIComponent('wizdata_requests_total{route="/symbols"}')}`),
    ).not.toEqual([]);
    const breakers = await found(
      `${api}/query?query=${encodeURIComponent('wizdata_provider_breaker_state{state="closed"} == 1')}`,
    );
    expect(breakers.length).toBeGreaterThan(3);
    const rules = JSON.stringify(await (await fetch(`${api}/rules`)).json());
    expect(rules).toContain("ProviderBreakerOpen");
    expect(rules).not.toContain('"health":"err"');
  });
});

const Answer = z.looseObject({ data: z.looseObject({ result: z.array(z.unknown()) }) });

/** What a query finds, once it finds something; empty after half a minute of nothing. */
async function found(url: string): Promise<unknown[]> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) {
      const { data } = Answer.parse(await response.json());
      if (data.result.length > 0) return data.result;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return [];
}

/** The whole run makes a hundred thousand requests; these are some. */
test("no request drawn from the document gets an answer that breaks it", { timeout: 240_000 }, async () => {
  const { code, stdout, stderr } = await runTool("fuzz.ts", ["--requests", "400", "--seconds", "120"]);
  expect(stderr, stdout).toBe("");
  expect(stdout).toMatch(/No fault in \d+ requests/);
  expect(code).toBe(0);
});
