import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { logError, logInfo, setLogLevel } from "../../observability/log.ts";
import { currentSpan, currentTraceparent, runInSpan, Span } from "../../observability/span.ts";
import { serverTiming, withSpan } from "../../observability/trace.ts";
import { formatTraceparent, parseTraceparent } from "../../observability/trace-parent.ts";
import { captureLogLines, type LogLine, stopCapturingLogLines } from "./log-lines.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
// The example of W3C Trace Context, section 3.2.3.
const EXAMPLE = `00-${TRACE}-${PARENT}-01`;

let lines: LogLine[] = [];

beforeEach(() => {
  lines = captureLogLines();
});
afterEach(stopCapturingLogLines);

describe("a traceparent", () => {
  test("is read as the standard's example is meant", () => {
    expect(parseTraceparent(EXAMPLE)).toEqual({ traceId: TRACE, spanId: PARENT, sampled: true });
    expect(formatTraceparent({ traceId: TRACE, spanId: PARENT, sampled: true })).toBe(EXAMPLE);
  });

  test("of a later version may say more", () => {
    expect(parseTraceparent(`cc-${TRACE}-${PARENT}-00-what-the-future-says`)).toEqual({
      traceId: TRACE,
      spanId: PARENT,
      sampled: false,
    });
  });

  test.each([
    ["nothing", undefined],
    ["an empty text", ""],
    ["upper case", EXAMPLE.toUpperCase()],
    ["version ff", `ff-${TRACE}-${PARENT}-01`],
    ["more than version 00 has", `${EXAMPLE}-more`],
    ["no trace", `00-${"0".repeat(32)}-${PARENT}-01`],
    ["no parent", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["a short trace", `00-${TRACE.slice(1)}-${PARENT}-01`],
    ["a line of a caller's own", `${EXAMPLE}\n{"level":"info"}`],
  ])("that is %s is none", (_, text) => {
    expect(parseTraceparent(text)).toBeNull();
  });
});

describe("a span", () => {
  test("goes on with the caller's trace under an id of its own", () => {
    const span = new Span("request", parseTraceparent(EXAMPLE));
    expect(span.context()).toMatchObject({ traceId: TRACE, sampled: true });
    expect(span.context().spanId).toMatch(/^(?!00f067aa0ba902b7)[0-9a-f]{16}$/);
    expect(span.parent()).toEqual({ traceId: TRACE, spanId: PARENT, sampled: true });
  });

  test("without a caller begins a trace", () => {
    const one = new Span("request", null).context();
    const other = new Span("request", null).context();
    expect(one.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(one.traceId).not.toBe(other.traceId);
  });

  test("is found through awaits, by what runs in it alone", async () => {
    const seen = async (name: string): Promise<string | undefined> =>
      runInSpan(new Span(name, null), async () => {
        await scheduler.wait(1);
        return currentSpan()?.name;
      });
    expect(await Promise.all([seen("a"), seen("b"), seen("c")])).toEqual(["a", "b", "c"]);
    expect(currentSpan()).toBeUndefined();
    expect(currentTraceparent()).toBeUndefined();
  });
});

describe("a hop", () => {
  test("is one line with its name, its parent and how long it took", async () => {
    const span = new Span("request", parseTraceparent(EXAMPLE));
    const sent = await runInSpan(span, () =>
      withSpan("room", { symbol: "BTC/USDT" }, async () => currentTraceparent()),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      message: "span",
      span: "room",
      symbol: "BTC/USDT",
      trace_id: TRACE,
      parent_id: span.context().spanId,
      failed: false,
      duration_ms: expect.any(Number),
    });
    expect(sent).toBe(`00-${TRACE}-${lines[0].span_id}-01`);
  });

  test("in another isolate belongs to the call that it came with", async () => {
    await withSpan("gate", {}, async () => {}, EXAMPLE);
    expect(lines[0]).toMatchObject({ trace_id: TRACE, parent_id: PARENT });
  });

  test("that throws says so, and passes the error on", async () => {
    const fault = new Error("no");
    await expect(withSpan("room", {}, () => Promise.reject(fault))).rejects.toBe(fault);
    expect(lines[0]).toMatchObject({ span: "room", failed: true });
  });

  test("is in Server-Timing with those of its kind", async () => {
    const span = new Span("request", null);
    await runInSpan(span, () =>
      Promise.all([withSpan("room", {}, async () => {}), withSpan("room", {}, async () => {})]),
    );
    await runInSpan(span, () => withSpan("gate", {}, async () => {}));
    expect(serverTiming(span, 7)).toMatch(/^total;dur=7, room;dur=\d+;desc="2 calls", gate;dur=\d+$/);
  });

  test("is silent where requests are not logged", async () => {
    setLogLevel("warn");
    await withSpan("room", {}, async () => {});
    expect(lines).toEqual([]);
  });
});

describe("a log line", () => {
  test("says to which trace it belongs", () => {
    runInSpan(new Span("request", parseTraceparent(EXAMPLE)), () => logInfo("something"));
    expect(lines[0]).toMatchObject({ level: "info", message: "something", trace_id: TRACE });
  });

  test("of an error says what led to it", () => {
    logError("unexpected", new Error("outer", { cause: new TypeError("inner", { cause: new RangeError("first") }) }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: "error",
      error: "Error",
      cause: "outer < TypeError: inner < RangeError: first",
    });
  });

  test("below the level is not written, and an unknown level is info", () => {
    setLogLevel("error");
    logInfo("quiet");
    setLogLevel("loud");
    logInfo("seen");
    expect(lines.map(({ message }) => message)).toEqual(["seen"]);
  });
});

describe("what an asynchronous context holds", () => {
  test("is never a closure, through which a request would stay in memory for as long as the context does", () => {
    // @ts-expect-error A closure may hold anything.
    new Span("request", () => parseTraceparent(EXAMPLE));
    const span = new Span("request", EXAMPLE);
    expect(Object.values(span).filter((value) => typeof value === "function")).toEqual([]);
  });

  test("is enough to go on with the trace that came with a request", () => {
    expect(new Span("request", EXAMPLE).context()).toMatchObject({ traceId: TRACE, sampled: true });
    expect(new Span("request", EXAMPLE).parent()?.spanId).toBe(PARENT);
    expect(new Span("request", "not one").parent()).toBeNull();
  });
});
