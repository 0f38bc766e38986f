/** How a cell writes a number, as far as it shows: only one sign can be its decimal one, or either can. */
export type NumberStyle = "point" | "comma" | "either" | "plain";

const UNKNOWN = new Set([
  ...["", "nan", "n/a", "na", "n.a.", "<na>", "#n/a", "n/d", "null", "(null)", "none", "nil"],
  ...["-", "--", "–", "—", "."],
]);

const CURRENCY = /^([+-]?)\s*(?:\$|€|£|¥|R(?=\s?\d))\s*/;
const MULTIPLES: Readonly<Record<string, number>> = { k: 3, m: 6, b: 9 };

/** Whether a cell says that its number is not known. */
export const isUnknown = (cell: string): boolean => UNKNOWN.has(cell.trim().toLowerCase());

/** A cell without blanks and apostrophes between thousands, and without the sign of a currency before or after it. */
const bare = (cell: string): string =>
  cell
    .trim()
    .replace(CURRENCY, "$1")
    .replace(/(?<=\d)\s?[$€£¥]$/, "")
    .replace(/(?<=\d)[ \u00a0\u2009\u202f'’](?=\d{3}(?!\d))/g, "");

/** What a cell shows of the decimal sign; null where it is no number in any spelling. */
export function styleOf(cell: string): NumberStyle | null {
  const text = bare(cell).replace(/[kmb]$/i, "");
  if (!/^[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d{1,3})?$/.test(text)) return null;
  const [mantissa] = text.replace(/^[+-]/, "").split(/[eE]/);
  const points = mantissa.split(".").length - 1;
  const commas = mantissa.split(",").length - 1;
  if (points === 0 && commas === 0) return "plain";
  if (points > 0 && commas > 0) {
    const pointIsLast = mantissa.lastIndexOf(".") > mantissa.lastIndexOf(",");
    if ((pointIsLast ? points : commas) > 1) return null;
    return pointIsLast ? "point" : "comma";
  }
  if (points > 1) return "comma";
  if (commas > 1) return "point";
  const sign = points === 1 ? "." : ",";
  const couldBeThousands = /^[1-9]\d{0,2}$/.test(mantissa.split(sign)[0]) && /^\d{3}$/.test(mantissa.split(sign)[1]);
  if (couldBeThousands) return "either";
  return sign === "." ? "point" : "comma";
}

/** Whether a cell can be either with a comma, `1,234`. With a point, as of 77.708, it is taken for a decimal unless others contradict. */
export const hasComma = (cell: string): boolean => cell.includes(",");

const DECIMAL: Readonly<Record<"." | ",", RegExp>> = {
  // Also in lakh and crore, as India writes them: 1,23,45,678.
  ".": /^[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d+|(?=\.\d))(?:\.\d*)?(?:[eE][+-]?\d{1,3})?$/,
  ",": /^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+|(?=,\d))(?:,\d*)?(?:[eE][+-]?\d{1,3})?$/,
};

/** What most cells are: nothing is to be done. */
const PLAIN = /^[+-]?\d+(?:\.\d+)?$/;

/**
 * A cell's number as a plain decimal, digit for digit: thousands are taken out, the decimal sign is a point. A cell that is no number is
 * returned as it stands, for the platform to refuse by name; an unknown one is null.
 */
export function plainNumber(cell: string, decimal: "." | ","): string | null {
  if (decimal === "." && PLAIN.test(cell)) return cell;
  if (isUnknown(cell)) return null;
  const text = bare(cell);
  const multiple = MULTIPLES[text.slice(-1).toLowerCase()];
  const number = multiple === undefined ? text : text.slice(0, -1);
  if (!DECIMAL[decimal].test(number)) return cell.trim();
  const plain = decimal === "." ? number.replaceAll(",", "") : number.replaceAll(".", "").replace(",", ".");
  const whole = plain.replace(/\.(?=$|[eE])/, "");
  return multiple === undefined ? whole : shiftDecimal(whole, multiple);
}

/** A plain decimal times ten to a power, by moving its point: exact. What is no plain decimal is returned as it stands. */
export function shiftDecimal(text: string, power: number): string {
  if (power === 0) return text;
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign, whole, fraction = "", exponent] = match;
  if (exponent !== undefined) return `${sign}${whole}${fraction && `.${fraction}`}e${Number(exponent) + power}`;
  const digits = whole + fraction.padEnd(Math.max(power, fraction.length), "0");
  const point = whole.length + power;
  const left = digits.slice(0, point).replace(/^0+(?=\d)/, "") || "0";
  const right = digits.slice(point);
  return `${sign}${left}${right && `.${right}`}`;
}
