/** What spreadsheets take for a formula where a text begins with it (OWASP, CSV Injection). */
const FORMULA = /^[=+\-@\t\r]/;

const QUOTED = /[",\r\n]/;

/** One cell of comma-separated values (RFC 4180): unknown is blank, and no text can be a formula. */
function cell(value: string | number | boolean | null): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows as comma-separated values, under a line that names the columns. */
export function toCsv<C extends string>(
  columns: readonly C[],
  rows: readonly Record<C, string | number | boolean | null>[],
): string {
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(","));
  return `${[columns.join(","), ...lines].join("\n")}\n`;
}
