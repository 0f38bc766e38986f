import { AsyncLocalStorage } from "node:async_hooks";
import { formatTraceparent, parseTraceparent, type TraceParent } from "./trace-parent.ts";

/** What the calls of one kind took within a request. */
export interface CallSummary {
  name: string;
  calls: number;
  /** The longest, in milliseconds: calls of one kind are made at once. */
  slowestMs: number;
}

const randomHex = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * A piece of work within a trace. Its ids are made when first asked for: most requests from memory never need them.
 *
 * A span is the value of an asynchronous context, which the runtime keeps for as long as anything that was begun in it. So it holds
 * plain values alone: through a closure over a request it would keep that request in memory, with its answer's body.
 */
export class Span {
  readonly name: string;
  /** The hops of the request that this work belongs to. */
  readonly calls: Map<string, CallSummary>;
  readonly #remoteParent: Span | TraceParent | string | null;
  #id: TraceParent | null = null;

  /** @param remoteParent what it is a part of; a `traceparent` as it came is read when the span's ids are first asked for */
  constructor(name: string, remoteParent: Span | TraceParent | string | null) {
    this.name = name;
    this.#remoteParent = remoteParent;
    this.calls = remoteParent instanceof Span ? remoteParent.calls : new Map();
  }

  /** This span's own position in the trace. */
  context(): TraceParent {
    if (this.#id) return this.#id;
    const parent = this.parent();
    this.#id = {
      traceId: parent?.traceId ?? randomHex(16),
      spanId: randomHex(8),
      sampled: parent?.sampled ?? false,
    };
    return this.#id;
  }

  /** The position in a trace of the work that this is a part of; null at the beginning of a trace. */
  parent(): TraceParent | null {
    const remoteParent = this.#remoteParent;
    if (typeof remoteParent === "string") return parseTraceparent(remoteParent);
    return remoteParent instanceof Span ? remoteParent.context() : remoteParent;
  }
}

/** A span of the runtime's asynchronous context follows the work through every await; nothing is shared between requests. */
const current = new AsyncLocalStorage<Span>();

/** The span that the calling code works in; undefined outside of any. */
export const currentSpan = (): Span | undefined => current.getStore();

/** Does work in a span. */
export function runInSpan<T>(span: Span, work: () => T): T {
  return current.run(span, work);
}

/** The `traceparent` to send along with a call; undefined outside of any span. */
export function currentTraceparent(): string | undefined {
  const span = current.getStore();
  return span && formatTraceparent(span.context());
}
