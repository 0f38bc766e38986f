import { expect, test } from "vitest";
import { z } from "zod";
import { runTool } from "./command.ts";

const Report = z.object({
  p99_allowed_ms: z.null(),
  quotes: z.object({ asked: z.number(), failed: z.record(z.string(), z.number()) }),
  rss_mb: z.object({ before: z.number(), peak: z.number(), after: z.number() }),
  refused: z.record(z.string(), z.number()),
  attackers: z.array(z.object({ name: z.string(), answers: z.record(z.string(), z.number()) })),
  reconnects: z.object({ count: z.number(), growth_mb: z.number() }),
  silent: z.object({ connections: z.number(), events: z.number(), missing: z.number() }),
  violations: z.array(z.string()),
});

/** The whole run takes minutes and checks how long a polite client waits, too; this is some seconds of it. */
test("an attack from one address is refused with words, costs no one else a quote, and leaves no memory behind", {
  timeout: 240_000,
}, async () => {
  const amounts = ["--seconds", "8", "--reconnects", "10", "--silent-seconds", "3", "--seed", "1"];
  const { code, stdout, stderr } = await runTool("soak.ts", ["--hostile", ...amounts]);
  expect(stderr, stdout).toBe("");
  const report = Report.parse(JSON.parse(stdout));
  expect(report.violations).toEqual([]);
  expect(report.quotes).toMatchObject({ asked: expect.any(Number), failed: {} });
  expect(report.quotes.asked).toBeGreaterThan(150);
  const refused = Object.keys(report.refused);
  expect(refused.some((name) => name === "http 422" || name === "http 429")).toBe(true);
  expect(refused.some((name) => !name.startsWith("http "))).toBe(true);
  const attacked = report.attackers.map(({ name }) => name);
  expect(attacked).toEqual(expect.arrayContaining(["silent sockets with history", "POST /calculate of symbols"]));
  expect(report.reconnects.count).toBe(10);
  expect(report.silent).toMatchObject({ connections: 1, missing: 0 });
  expect(code).toBe(0);
});
