import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { sendChunk } from "../../cli/import/send-chunk.ts";
import { CommandFailure, ItemFailure } from "../../cli/platform/failures.ts";
import type { ImportChunk } from "../../contracts/import.ts";
import { freePort } from "../../scripts/ports.ts";

const CHUNK: ImportChunk = { symbol: "AAPL", interval: "1d", rows: [{ line: 2, time: "2024-01-02", close: "5" }] };
const REPORT = { symbol: "AAPL", rows: 1, stored: 1, replaced: 0, unchanged: 0, refused: [] };
const SUCCESS = JSON.stringify({ success: true, data: REPORT, timestamp: "2024-01-02T00:00:00.000Z" });

let server: Server | null = null;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
  server = null;
});

/** A server that answers the first requests with the listeners in turn, and all later ones with the last. */
async function serve(...listeners: RequestListener[]): Promise<{ url: string; count: () => number }> {
  let count = 0;
  const port = await freePort();
  const started = createServer((request, response) => {
    const listener = listeners[Math.min(count++, listeners.length - 1)];
    request.on("end", () => listener(request, response)).resume();
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(port, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${port}`, count: () => count };
}

const answer =
  (status: number, body: string): RequestListener =>
  (_, response) => {
    response.writeHead(status).end(body);
  };

/** Breaks the connection in the middle of a good answer. */
const breakOff: RequestListener = (_, response) => {
  response.writeHead(200, { "Content-Length": SUCCESS.length });
  response.write(SUCCESS.slice(0, 20), () => response.destroy());
};

describe("a chunk", () => {
  test("is posted with the token, and its report is returned", async () => {
    let seen: unknown;
    const { url } = await serve((request, response) => {
      seen = [request.method, request.url, request.headers.authorization, request.headers["content-type"]];
      response.end(SUCCESS);
    });
    expect(await sendChunk({ url, token: "secret" }, CHUNK)).toEqual(REPORT);
    expect(seen).toEqual(["POST", "/admin/import", "Bearer secret", "application/json"]);
  });

  test("whose rows are refused is a report, not a failure", async () => {
    const refused = [{ line: 2, reason: "close is missing" }];
    const { url, count } = await serve(answer(400, JSON.stringify({ code: "request.invalid", detail: "…", refused })));
    expect(await sendChunk({ url, token: "" }, CHUNK)).toEqual({ ...REPORT, stored: 0, refused });
    expect(count()).toBe(1);
  });

  test("is sent again after a server error or a broken connection", async () => {
    const { url, count } = await serve(answer(503, "{}"), breakOff, answer(200, SUCCESS));
    expect(await sendChunk({ url, token: "" }, CHUNK)).toEqual(REPORT);
    expect(count()).toBe(3);
  });

  test("is sent again where the platform has no room for it now, when it says", async () => {
    const later: RequestListener = (_, response) => response.writeHead(429, { "Retry-After": "1" }).end("{}");
    const { url, count } = await serve(later, answer(200, SUCCESS));
    expect(await sendChunk({ url, token: "" }, CHUNK)).toEqual(REPORT);
    expect(count()).toBe(2);
  });

  test("that the caller may not send ends the whole command", async () => {
    const { url } = await serve(answer(403, JSON.stringify({ code: "auth.forbidden", detail: "The scope is admin." })));
    await expect(sendChunk({ url, token: "" }, CHUNK)).rejects.toThrow(CommandFailure);
  });

  test("that is refused as a whole fails with the platform's own sentence", async () => {
    const { url } = await serve(
      answer(404, JSON.stringify({ code: "symbol.not_found", detail: "Did you mean AAPL?" })),
    );
    await expect(sendChunk({ url, token: "" }, CHUNK)).rejects.toThrow(
      new ItemFailure(`${url} refuses: Did you mean AAPL?`),
    );
  });
});

describe("a sentence says", () => {
  test("that nothing answers", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    await expect(sendChunk({ url, token: "" }, CHUNK)).rejects.toThrow(
      new CommandFailure(`${url} does not answer. Is the platform running? --url names another one.`),
    );
  });

  test("that every answer broke off", async () => {
    const { url, count } = await serve(breakOff);
    await expect(sendChunk({ url, token: "" }, CHUNK)).rejects.toThrow(/does not answer/);
    expect(count()).toBe(4);
  });

  test.each([
    [200, "<!doctype html>"],
    [200, "{}"],
    [404, "Not found"],
  ])("that a server which answers %i %j is another one", async (status, body) => {
    const { url } = await serve(answer(status, body));
    await expect(sendChunk({ url, token: "" }, CHUNK)).rejects.toThrow(
      new CommandFailure(
        `${url} answered with status ${status} and nothing that is known. Is it this platform? --url names another one.`,
      ),
    );
  });
});
