import type { FakeSeries } from "./candle-faults.ts";

/** A call, as an upstream sees it. */
export interface FakeRequest {
  url: URL;
  headers: Headers;
}

/** What an upstream says. */
export interface FakeAnswer {
  /** The endpoint's name, under which calls are counted and faults are aimed. */
  endpoint: string;
  /** The symbols that the call named, as the upstream writes them. */
  symbols: string[];
  status: number;
  body: unknown;
  /** The candles that the body is made of, where it is, so that faults can change them. */
  series?: FakeSeries;
}

/** One upstream's part: what it says at the moment `now` (unix seconds). */
export interface FakeUpstream {
  name: string;
  answer(request: FakeRequest, now: number): FakeAnswer;
}

/** An answer of status 200. */
export const ok = (endpoint: string, symbols: string[], body: unknown): FakeAnswer => ({
  endpoint,
  symbols,
  status: 200,
  body,
});

/** An answer of status 200 made of candles. */
export const okSeries = (endpoint: string, symbols: string[], series: FakeSeries): FakeAnswer => ({
  ...ok(endpoint, symbols, series.write(series.candles)),
  series,
});

/** A call of what is not there. */
export const notFound: FakeAnswer = { endpoint: "unknown", symbols: [], status: 404, body: { error: "not found" } };

/** The entries of a comma-separated parameter. */
export const listed = (text: string | null): string[] => (text ?? "").split(",").filter((entry) => entry !== "");
