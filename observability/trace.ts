import { isLogged, type LogFields, logInfo } from "./log.ts";
import { currentSpan, runInSpan, Span } from "./span.ts";
import { parseTraceparent } from "./trace-parent.ts";

function recordCall(span: Span, ms: number): void {
  const call = span.calls.get(span.name);
  if (!call) span.calls.set(span.name, { name: span.name, calls: 1, slowestMs: ms });
  else {
    call.calls++;
    call.slowestMs = Math.max(call.slowestMs, ms);
  }
}

/** The fields that say where a span stands in its trace. */
export function traceFields(span: Span): LogFields {
  const { traceId, spanId } = span.context();
  return { trace_id: traceId, span_id: spanId, parent_id: span.parent()?.spanId ?? null };
}

/**
 * Does work as a span of its own and logs how long it took: milliseconds of waiting, for in production the clock stands still
 * while code runs. A span that ends in an exception is logged as failed; the exception itself is for a caller that handles it.
 * @param traceparent what a caller in another isolate sent along; unless given, the span belongs to the current one
 */
export async function withSpan<T>(
  name: string,
  fields: LogFields,
  work: () => Promise<T>,
  traceparent?: string,
): Promise<T> {
  const span = new Span(name, parseTraceparent(traceparent) ?? currentSpan() ?? null);
  const startedAt = Date.now();
  let failed = true;
  try {
    const result = await runInSpan(span, work);
    failed = false;
    return result;
  } finally {
    const ms = Date.now() - startedAt;
    recordCall(span, ms);
    if (isLogged("info")) {
      logInfo("span", { span: name, ...traceFields(span), duration_ms: ms, failed, ...fields });
    }
  }
}

/** Goes on with the trace that a caller in another isolate sent along, without a span of its own. */
export function withRemoteParent<T>(name: string, traceparent: string | undefined, work: () => T): T {
  return runInSpan(new Span(name, parseTraceparent(traceparent)), work);
}

/** The hops of the current request as a `Server-Timing` header has them (W3C Server Timing). */
export function serverTiming(span: Span, totalMs: number): string {
  let timing = `total;dur=${totalMs}`;
  for (const { name, calls, slowestMs } of span.calls.values()) {
    timing += `, ${name};dur=${slowestMs}${calls > 1 ? `;desc="${calls} calls"` : ""}`;
  }
  return timing;
}
