import { styleText } from "node:util";
import { isDated } from "../../core/interval.ts";
import { isoDate, isoTime } from "../../core/time.ts";
import type { Recognition } from "./file-import.ts";
import type { ImportSettings } from "./options.ts";
import type { ListedRows, Totals } from "./totals.ts";

/** What became of one file. */
export interface FileResult {
  /** Its path, as the caller wrote it. */
  path: string;
  /** Null where it could not be recognised. */
  found: Recognition | null;
  totals: Totals;
  importId: string | null;
  /** Why it was not imported, or not whole; null where it was. */
  error: string | null;
}

const MAX_LISTED = 50;

/** A name of a file's or of an archive's own as a terminal may be shown it: without characters that move its cursor. */
const plain = (text: string): string => text.replace(/\p{C}/gu, "\uFFFD");

/** A candle's time as the API writes it in words: a date of days, weeks and months. */
const timeText = (time: number, found: Recognition): string =>
  isDated(found.interval) ? isoDate(time) : isoTime(time).replace(".000Z", "Z");

/** What a file was taken for, before anything of it is stored. */
export function recognitionLines(path: string, found: Recognition): string[] {
  const { symbol, interval, recognised, ignored, assumed, rows, first, last } = found;
  const span = first === null || last === null ? "" : `, ${timeText(first, found)} to ${timeText(last, found)}`;
  return [
    `${plain(path)}: ${recognised}, ${rows} rows of ${symbol} ${interval}${span}`,
    ...(ignored.length > 0 ? [`  ignored     ${ignored.map(plain).join(", ")}`] : []),
    ...assumed.map((each) => `  assumed     ${each}`),
  ];
}

function listed(name: string, { rows, count }: ListedRows): string[] {
  const lines = rows.slice(0, MAX_LISTED).map(({ line, reason }) => `  ${name} ${line}: ${reason}`);
  return count > MAX_LISTED ? [...lines, `  and ${count - MAX_LISTED} more`] : lines;
}

/** The counts of a report, one a line. */
function countLines(totals: Totals, checkOnly: boolean): string[] {
  const line = (name: string, count: number, note = "") => `  ${name.padEnd(12)}${String(count).padStart(9)}${note}`;
  const note = totals.withheld > 0 ? "  (good rows, in or after a chunk with bad ones)" : "";
  return [
    line("rows read", totals.read),
    line("stored", totals.stored, checkOnly ? "  (would be: nothing was)" : ""),
    line("replaced", totals.replaced),
    line("unchanged", totals.unchanged),
    line("refused", totals.refused.count),
    line("not stored", totals.withheld, note),
    ...(totals.suspect.count > 0 ? [line("suspect", totals.suspect.count, "  (among those above)")] : []),
  ];
}

/** The report of one file. */
export function fileReport({ path, found, totals, importId, error }: FileResult, settings: ImportSettings): string {
  const { checkOnly, keepGood, url } = settings;
  if (!found) return `${plain(path)}: ${error}`;
  const lines = [
    `${checkOnly ? "Checked" : "Imported"} ${plain(path)} for ${found.symbol} ${found.interval} at ${url}`,
    ...countLines(totals, checkOnly),
    ...listed("line", totals.refused),
    ...listed("suspect line", totals.suspect),
  ];
  if (error !== null) lines.push(`  ${error}`);
  else if (totals.refused.count > 0 && !keepGood) {
    const hint = checkOnly
      ? "Correct the file, or store the good rows with --keep-good."
      : "Correct the file and import it again, or store the good rows with --keep-good.";
    lines.push(styleText("yellow", hint, { stream: process.stdout }));
  }
  if (importId !== null) {
    lines.push(`  import      ${importId}`);
    lines.push(
      `  To delete it:  curl -X DELETE -H "Authorization: Bearer $ADMIN_TOKEN" ${url}/admin/imports/${importId}`,
    );
  }
  return lines.join("\n");
}

/** The sum of several files. */
export function sumReport(results: readonly FileResult[], checkOnly: boolean): string {
  const sum = (of: (totals: Totals) => number) => results.reduce((total, { totals }) => total + of(totals), 0);
  const totals: Totals = {
    read: sum(({ read }) => read),
    stored: sum(({ stored }) => stored),
    replaced: sum(({ replaced }) => replaced),
    unchanged: sum(({ unchanged }) => unchanged),
    withheld: sum(({ withheld }) => withheld),
    refused: { rows: [], count: sum(({ refused }) => refused.count) },
    suspect: { rows: [], count: sum(({ suspect }) => suspect.count) },
    first: null,
  };
  const failed = results.filter(({ error }) => error !== null).length;
  return [
    `In all ${results.length} files${failed > 0 ? `, ${failed} of which failed` : ""}`,
    ...countLines(totals, checkOnly),
  ].join("\n");
}

/** The report of one file as JSON has it. */
export function jsonReport({ path, found, totals, importId, error }: FileResult) {
  const { stored, replaced, unchanged, withheld, refused, suspect, first } = totals;
  return {
    file: path,
    symbol: found?.symbol ?? null,
    interval: found?.interval ?? null,
    recognised: found?.recognised ?? null,
    ignored: found?.ignored ?? [],
    assumed: found?.assumed ?? [],
    rows: found?.rows ?? null,
    stored,
    unchanged,
    replaced,
    withheld,
    refused: refused.rows,
    ...(refused.count > refused.rows.length ? { refused_count: refused.count } : {}),
    suspect: suspect.rows,
    ...(suspect.count > suspect.rows.length ? { suspect_count: suspect.count } : {}),
    first: first && found ? { ...first, time: timeText(first.time, found) } : null,
    import_id: importId,
    error,
  };
}
