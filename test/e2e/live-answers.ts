import { expect } from "vitest";
import { z } from "zod";
import { ProviderStatusSchema, TraceSchema } from "../../contracts/admin.ts";
import { CandleSchema } from "../../contracts/candle.ts";
import { QuoteSchema } from "../../contracts/quote.ts";
import { AS_ADMIN, type Platform } from "./platform.ts";

export const QuoteAnswerSchema = z.object({ data: QuoteSchema });
export const ProvidersSchema = z.object({ data: z.array(ProviderStatusSchema) });
export const TraceAnswerSchema = z.object({ data: TraceSchema });
export const HealthSchema = z.object({
  status: z.string(),
  mode: z.string(),
  checks: z.object({
    providers: z.record(z.string(), z.object({ status: z.string(), detail: z.string().nullable() })),
  }),
});
export const CandlesSchema = z.object({
  data: z.array(CandleSchema),
  symbol: z.string(),
  provider: z.string(),
  simulated: z.boolean(),
});

/** A successful answer, as its schema has it. */
export async function readJson<T>(platform: Platform, path: string, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(platform.url + path, { headers: AS_ADMIN });
  const text = await response.text();
  expect(response.status, `${path}: ${text.slice(0, 500)}`).toBe(200);
  return schema.parse(JSON.parse(text));
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until what is asked for holds. */
export async function eventually<T>(
  seconds: number,
  request: () => Promise<T>,
  condition: (answer: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await request();
    if (condition(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`not so after ${seconds} s: ${JSON.stringify(answer).slice(0, 800)}`);
    await pause(500);
  }
}
