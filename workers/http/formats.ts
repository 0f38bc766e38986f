import { z } from "@hono/zod-openapi";
import { toCsv } from "./csv.ts";
import { type ReadOptions, textResponse } from "./responses.ts";
import type { AppContext } from "./service.ts";

/** The forms in which tables are answered. */
const FORMATS = ["json", "csv"] as const;

type Format = (typeof FORMATS)[number];

/** The form of an answer; where it is not said, `Accept` decides. */
export const formatParameter = z.enum(FORMATS, "must be json or csv").optional().openapi({
  description: "`csv` answers comma-separated values (RFC 4180). Unless it is said, `Accept: text/csv` asks for them.",
});

/** How times are written in comma-separated values. */
export const timeFormatParameter = z.enum(["unix", "iso"], "must be unix or iso").default("unix").openapi({
  description: "How times are written with `format=csv`: unix seconds, or ISO-8601. JSON has its own.",
});

export type TimeFormat = z.output<typeof timeFormatParameter>;

/** How much a client wants each media type (RFC 9110, section 12.5.1); what it does not name has no weight. */
function weightsOf(accept: string): Map<string, number> {
  const entries = accept.split(",").map((part): [string, number] => {
    const [type, ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const weight = parameters.find((text) => text.startsWith("q="));
    const value = weight === undefined ? 1 : Number(weight.slice(2));
    return [type, Number.isNaN(value) ? 0 : value];
  });
  return new Map(entries);
}

/** Whether a client prefers comma-separated values to JSON; at the same weight the type that it names goes before a wildcard. */
function prefersCsv(accept: string | undefined): boolean {
  if (!accept?.includes("csv")) return false;
  const weights = weightsOf(accept);
  const csv = weights.get("text/csv") ?? 0;
  const json = weights.get("application/json");
  if (json !== undefined) return csv > json;
  return csv > 0 && csv >= (weights.get("application/*") ?? weights.get("*/*") ?? 0);
}

/** The form in which a request is answered: as its query says, else as its headers do. */
export const formatOf = (c: AppContext, asked: Format | undefined): Format =>
  asked ?? (prefersCsv(c.req.header("Accept")) ? "csv" : "json");

/** What answers of routes with several forms depend on. */
export const VARY = "Accept, Accept-Encoding, Origin";

/** A name for a file that is safe on all systems: `BTC-USDT_1h.csv`. */
const fileName = (name: string): string => `${name.replace("/", "-").replaceAll(/[^A-Za-z0-9._-]/g, "_")}.csv`;

type Cell = string | number | boolean | null;

/**
 * Answers a table as comma-separated values, to be saved as a file.
 * @param name of the file, without its ending
 */
export function csvResponse<C extends string>(
  c: AppContext,
  name: string,
  columns: readonly C[],
  rows: readonly Record<C, Cell>[],
  options: ReadOptions,
): Response | Promise<Response> {
  const csv = toCsv(columns, rows);
  const headers = { ...options.headers, Vary: VARY, "Content-Disposition": `attachment; filename="${fileName(name)}"` };
  // What is the same as JSON has another entity tag as a file.
  const weakTag = options.weakTag === undefined ? undefined : `${options.weakTag}-csv`;
  return textResponse(c, csv, csv, "text/csv; charset=utf-8", { ...options, weakTag, headers });
}
