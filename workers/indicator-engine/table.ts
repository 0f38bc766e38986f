import { z } from "zod";
import { CandleSchema } from "../../contracts/candle.ts";
import { isoTime } from "../../core/time.ts";
import type { TimeFormat } from "../http/formats.ts";

const values = z.array(z.number().nullable());

/** What is read of an answer. What lies ahead of the last bar (the cloud of ICHIMOKU) belongs to no row, and is not in the table. */
const AnswerSchema = z.looseObject({
  times: z.array(z.number()),
  states: z.array(z.string()).optional(),
  indicators: z.record(z.string(), z.union([values, z.record(z.string(), z.unknown())])),
  errors: z.record(z.string(), z.unknown()),
  candles: z.array(CandleSchema).optional(),
});

type Cell = string | number | boolean | null;

/** Columns by their names, in order. */
function columnsOf({
  indicators,
  errors,
  candles,
  states,
}: z.infer<typeof AnswerSchema>): Map<string, readonly Cell[]> {
  const columns = new Map<string, readonly Cell[]>();
  for (const field of ["open", "high", "low", "close", "volume"] as const) {
    if (candles)
      columns.set(
        field,
        candles.map((candle) => candle[field]),
      );
  }
  for (const [name, value] of Object.entries(indicators)) {
    if (Array.isArray(value)) columns.set(name, value);
    else {
      for (const [output, part] of Object.entries(value)) {
        const column = values.safeParse(part);
        if (column.success) columns.set(`${name}.${output}`, column.data);
      }
    }
  }
  // A spec that failed has a column without values: that it was asked for does not go under.
  for (const name of Object.keys(errors)) columns.set(name, []);
  if (states) columns.set("state", states);
  return columns;
}

/**
 * The values of an answer as a table, a row for each bar.
 * @param json an answer's text, without its closing brace
 */
export function indicatorTable(
  json: string,
  timeFormat: TimeFormat,
): { columns: string[]; rows: Record<string, Cell>[] } {
  const answer = AnswerSchema.parse(JSON.parse(`${json}}`));
  const columns = columnsOf(answer);
  const rows = answer.times.map((time, i) => ({
    time: timeFormat === "iso" ? isoTime(time) : time,
    ...Object.fromEntries(Array.from(columns, ([name, column]) => [name, column[i] ?? null])),
  }));
  return { columns: ["time", ...columns.keys()], rows };
}
