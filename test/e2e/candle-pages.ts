import { expect } from "vitest";
import type { z } from "zod";
import { CandlesAnswerSchema } from "../../contracts/candle.ts";
import { type PaperCandle, parseCandles } from "./candle-files.ts";
import { AS_ADMIN } from "./platform.ts";

type CandlesAnswer = z.infer<typeof CandlesAnswerSchema>;

function linked(response: Response): string | null {
  const link = response.headers.get("Link");
  if (link === null) return null;
  const target = /^<([^>]+)>; rel="(next|prev)"$/.exec(link);
  if (!target) throw new Error(`Link is ${link}`);
  return target[1];
}

async function read(url: string, path: string): Promise<Response> {
  const response = await fetch(url + path, { headers: AS_ADMIN });
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response;
}

/** Reads a page and all that its links lead to. */
async function* pages(url: string, path: string): AsyncGenerator<Response> {
  for (let next: string | null = path; next !== null; ) {
    const response = await read(url, next);
    yield response;
    next = linked(response);
  }
}

/** One page of candles as JSON. */
export async function jsonPage(url: string, path: string): Promise<CandlesAnswer> {
  return CandlesAnswerSchema.parse(await (await read(url, path)).json());
}

/** Every page of candles as JSON, in the order in which links lead from one to the next. */
export async function jsonPages(url: string, path: string): Promise<CandlesAnswer[]> {
  const answers: CandlesAnswer[] = [];
  for await (const response of pages(url, path)) answers.push(CandlesAnswerSchema.parse(await response.json()));
  return answers;
}

/** Every page of candles as CSV. */
export async function csvPages(url: string, path: string): Promise<PaperCandle[][]> {
  const found: PaperCandle[][] = [];
  for await (const response of pages(url, path)) found.push(parseCandles(await response.text()));
  return found;
}

/** A page's entity tag. */
export async function entityTag(url: string, path: string): Promise<string> {
  const response = await fetch(url + path, { headers: AS_ADMIN });
  await response.arrayBuffer();
  const tag = response.headers.get("ETag");
  if (tag === null) throw new Error(`${path} has no entity tag`);
  return tag;
}

/** Compares all candles and shows the first few that differ, so that a failure can be read. */
export function expectSame<T extends { time: number }>(answered: readonly T[], expected: readonly T[]): void {
  const differing = expected.flatMap((candle, i) =>
    JSON.stringify(answered[i]) === JSON.stringify(candle) ? [] : [{ expected: candle, answered: answered[i] }],
  );
  expect(differing.slice(0, 3)).toEqual([]);
  expect(answered.length).toBe(expected.length);
}
