/** Where a piece of work stands in a caller's trace: the `traceparent` of W3C Trace Context, level 1. */
export interface TraceParent {
  /** 32 hexadecimal digits, not all of them zero. */
  traceId: string;
  /** 16 hexadecimal digits, not all of them zero. */
  spanId: string;
  /** Whether the caller records its trace. */
  sampled: boolean;
}

const TRACEPARENT_PATTERN = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ALL_ZEROS = /^0+$/;

/**
 * Reads a `traceparent`; null where it is none, which starts a new trace (W3C Trace Context, section 3.2.2). A later version may
 * carry more after its flags; version ff is forbidden.
 */
export function parseTraceparent(header: string | null | undefined): TraceParent | null {
  const match = header ? TRACEPARENT_PATTERN.exec(header) : null;
  if (!match) return null;
  const [, version, traceId, spanId, flags, rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return null;
  if (ALL_ZEROS.test(traceId) || ALL_ZEROS.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Writes a `traceparent` of version 00. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}
