import { describe, expect, test } from "vitest";
import { z } from "zod";
import { CallRefused, failure } from "../../providers/provider.ts";
import { retryAfterSeconds } from "../../providers/retry-after.ts";
import { callUpstream } from "../../providers/upstream-call.ts";
import { createContext, textResponse, unixTime } from "./stand-in.ts";

const ask = (context: ReturnType<typeof createContext>) =>
  callUpstream({ url: "https://upstream.example/", schema: z.object({ price: z.number() }) }, context);

describe("a call", () => {
  test("names the platform, its version and where to learn more", async () => {
    const context = createContext(() => '{"price": 1}');
    await ask(context);
    expect(context.requests[0].headers.get("User-Agent")).toMatch(/^WizDataEdge\/\d+\.\d+\.\d+ \(\+https:\/\/\S+\)$/);
  });

  test("that is answered returns what its schema knows and nothing else", async () => {
    expect(await ask(createContext(() => '{"price": 1, "kind": "failure", "reason": "ours"}'))).toEqual({ price: 1 });
  });

  test.each([
    ["HTML", "<!doctype html><title>Just a moment</title>"],
    ["JSON that is cut off", '{"price": 1'],
    ["nothing", ""],
    ["null", "null"],
    ["a wrong type", '{"price": "1"}'],
    ["a null in place of a number", '{"price": null}'],
    ["a number that JSON cannot hold", '{"price": 1e999}'],
  ])("that is answered with %s is a bad answer", async (_, text) => {
    expect(await ask(createContext(() => text))).toEqual(failure("bad_answer"));
  });

  test("that is answered with more than anyone should send is a bad answer", async () => {
    const megabyte = " ".repeat(1024 * 1024);
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent++;
        controller.enqueue(new TextEncoder().encode(megabyte));
      },
    });
    expect(await ask(createContext(() => new Response(body)))).toEqual(failure("bad_answer"));
    expect(sent).toBeLessThan(16);
  });

  test.each([
    [301, "bad_answer"],
    [400, "bad_call"],
    [401, "bad_key"],
    [403, "blocked"],
    [451, "blocked"],
    [404, "bad_call"],
    [429, "throttled"],
    [500, "server_error"],
    [503, "server_error"],
  ] as const)("that is answered with status %i ends in %s", async (status, reason) => {
    expect(await ask(createContext(() => new Response('{"price": 1}', { status })))).toEqual(failure(reason));
  });

  test.each([429, 503])("whose answer is %i says when to ask again", async (status) => {
    const headers = { "retry-after": "17" };
    expect(await ask(createContext(() => new Response("", { status, headers })))).toMatchObject({ retryAfter: 17 });
  });

  test("whose connection breaks is unreachable, before the answer and in the middle of it", async () => {
    expect(await ask(createContext(() => Promise.reject(new TypeError("reset"))))).toEqual(failure("unreachable"));
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"pri'));
      },
      pull(controller) {
        controller.error(new Error("Network connection lost."));
      },
    });
    expect(await ask(createContext(() => new Response(broken)))).toEqual(failure("unreachable"));
  });

  test("that takes too long is timed out, before the answer and in the middle of it", async () => {
    const silent = () => AbortSignal.timeout(30);
    const never = createContext(
      () => new Promise<Response>((_, reject) => setTimeout(() => reject(new DOMException("", "TimeoutError")), 60)),
      { signal: silent() },
    );
    expect(await ask(never)).toEqual(failure("timeout"));
    const hanging = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"pri'));
      },
    });
    expect(await ask(createContext(() => new Response(hanging), { signal: silent() }))).toEqual(failure("timeout"));
  });

  test("that is forbidden fails with the reason for it", async () => {
    const spent = failure("quota_spent", 3600);
    expect(await ask(createContext(() => Promise.reject(new CallRefused(spent))))).toEqual(spent);
  });

  test("that runs into a defect of ours does not hide it", async () => {
    await expect(ask(createContext(() => Promise.reject("not an error")))).rejects.toBe("not an error");
  });

  test("of a body without a length is read to its end", async () => {
    expect(await ask(createContext(() => textResponse('{"price": 2}')))).toEqual({ price: 2 });
  });
});

describe("Retry-After", () => {
  const now = unixTime("2026-11-20T15:00:00Z");

  test.each([
    ["seconds", "120", 120],
    ["part of a second", "0.2", 1],
    ["an HTTP date", "Fri, 20 Nov 2026 15:02:00 GMT", 120],
    ["a date that is past", "Fri, 20 Nov 2026 14:00:00 GMT", null],
    ["zero", "0", null],
    ["less than zero", "-5", null],
    ["prose", "soon", null],
    ["nothing", "", null],
    ["a century", "3153600000", 86_400],
  ])("of %s", (_, header, seconds) => {
    expect(retryAfterSeconds(header, now)).toBe(seconds);
  });

  test("that is absent says nothing", () => {
    expect(retryAfterSeconds(null, now)).toBeNull();
  });
});
