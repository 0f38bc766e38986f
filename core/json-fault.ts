/** Where a text stops being JSON, and what should stand there. */
export interface JsonFault {
  /** Characters before the fault. */
  offset: number;
  /** From 1. */
  line: number;
  column: number;
  expected: string;
}

class Fault extends Error {
  readonly offset: number;
  readonly expected: string;

  constructor(offset: number, expected: string) {
    super(expected);
    this.offset = offset;
    this.expected = expected;
  }
}

const BLANK = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** Its characters begin with the blank: what comes before it must be escaped. */
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/** How far a pattern reaches from an offset; -1 if it does not match there. */
function matchEnd(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

const skipBlank = (text: string, offset: number): number => matchEnd(BLANK, text, offset);

/** Reads a string from its opening quote. */
function readString(text: string, offset: number): number {
  const end = matchEnd(STRING, text, offset);
  if (end !== -1) return end;
  throw new Fault(offset, "a string that ends, with control characters and quotes escaped");
}

/** Reads a value that holds no other. */
function readScalar(text: string, offset: number): number {
  if (text[offset] === '"') return readString(text, offset);
  const end = matchEnd(SCALAR, text, offset);
  if (end > offset) return end;
  throw new Fault(offset, "a value");
}

/** Reads a whole document without recursion: a text may be nested as deep as it likes. */
function readDocument(text: string): void {
  const open: ("}" | "]")[] = [];
  let at = skipBlank(text, 0);
  for (;;) {
    const first = text[at];
    if (first === "{" || first === "[") {
      const close = first === "{" ? "}" : "]";
      at = skipBlank(text, at + 1);
      if (text[at] !== close) {
        open.push(close);
        if (close === "}") at = readKey(text, at);
        continue;
      }
      at++;
    } else at = readScalar(text, at);
    at = skipBlank(text, at);
    while (open.length > 0 && text[at] === open.at(-1)) {
      open.pop();
      at = skipBlank(text, at + 1);
    }
    const close = open.at(-1);
    if (close === undefined) {
      if (at < text.length) throw new Fault(at, "nothing more");
      return;
    }
    if (text[at] !== ",") throw new Fault(at, `"," or "${close}"`);
    at = skipBlank(text, at + 1);
    if (close === "}") at = readKey(text, at);
  }
}

/** Reads a name and its colon. */
function readKey(text: string, offset: number): number {
  if (text[offset] !== '"') throw new Fault(offset, "a name in double quotes");
  const colon = skipBlank(text, readString(text, offset));
  if (text[colon] !== ":") throw new Fault(colon, '":"');
  return skipBlank(text, colon + 1);
}

/** Where a text stops being JSON (RFC 8259); null if it is JSON. */
export function jsonFaultOf(text: string): JsonFault | null {
  try {
    readDocument(text);
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const before = text.slice(0, error.offset).split("\n");
    const { offset, expected } = error;
    return { offset, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, expected };
  }
}

/** A fault as the end of a sentence about a text. */
export function describeJsonFault(text: string): string {
  if (text.trim() === "") return "it is empty";
  const fault = jsonFaultOf(text);
  if (fault === null) return "it cannot be read";
  const where = `line ${fault.line}, column ${fault.column}`;
  return fault.offset >= text.length
    ? `it ends at ${where}, where ${fault.expected} is missing`
    : `at ${where} ${fault.expected} should stand`;
}
