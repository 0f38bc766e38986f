import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type CallsAnswer, createCallLog } from "./calls.ts";
import { distort, refusalBody } from "./distort.ts";
import { ControlSchema, createFaultInjector, type Fault } from "./faults.ts";
import type { FakeAnswer, FakeUpstream } from "./upstream.ts";

/** A running upstream. */
export interface FakeServer {
  name: string;
  url: string;
  /** As `GET /calls` answers. */
  calls(): CallsAnswer;
  close(): Promise<void>;
}

/** How an upstream is started. */
export interface FakeOptions {
  /** 0 is any free one. */
  port: number;
  /** Unix seconds. */
  now: () => number;
}

/** How callers must name themselves, as CoinGecko asks since January 2026: a product and its version (RFC 9110, section 10.1.5). */
const NAME = /^[\w.-]+\/\d[\w.-]*/;

const HTML_PAGE = "<!doctype html><html><head><title>Just a moment...</title></head><body>Checking.</body></html>";

/**
 * Starts an upstream on this machine's loopback. Beside what it plays it answers `POST /control` (see `ControlSchema`),
 * `GET /control` and `GET /calls`.
 */
export function startFakeServer(upstream: FakeUpstream, { port, now }: FakeOptions): Promise<FakeServer> {
  const faults = createFaultInjector();
  const calls = createCallLog();

  async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "POST") {
      const parsed = ControlSchema.safeParse(parse(await textOf(request)));
      if (!parsed.success) {
        send(response, 400, { error: parsed.error.message });
        return;
      }
      const { faults: list, seed, forget_calls } = parsed.data;
      if (list || seed !== undefined) faults.set(list ?? faults.current(), seed);
      if (forget_calls) calls.clear();
    }
    send(response, 200, { faults: faults.current() });
  }

  async function play(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const at = Date.now();
    if (!NAME.test(request.headers["user-agent"] ?? "")) {
      const status = send(response, 403, { status: { error_code: 403, error_message: "Please set a User-Agent." } });
      calls.record({ at, endpoint: "unnamed", symbols: [], status, fault: null });
      return;
    }
    const asked = { url, headers: new Headers(Object.entries(request.headers).map(([k, v]) => [k, String(v)])) };
    const fresh = upstream.answer(asked, now());
    const fault = faults.faultFor(fresh.endpoint, fresh.symbols);
    const answer = fault?.kind === "stale" ? upstream.answer(asked, now() - fault.seconds) : fresh;
    const status = await misbehave(response, answer, fault, url, now);
    const { endpoint, symbols } = answer;
    calls.record({ at, endpoint, symbols, status, fault: fault?.kind ?? null });
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const answered =
      url.pathname === "/control"
        ? control(request, response)
        : url.pathname === "/calls"
          ? Promise.resolve(send(response, 200, calls.summary()))
          : play(request, response, url);
    answered.catch((error: unknown) => {
      console.error(`${upstream.name}:`, error);
      response.destroy();
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const bound = typeof address === "object" && address ? address.port : port;
      const close = () =>
        new Promise<void>((closed) => {
          server.close(() => closed());
          server.closeAllConnections();
        });
      resolve({ name: upstream.name, url: `http://127.0.0.1:${bound}`, calls: calls.summary, close });
    });
  });
}

/** Answers as the fault has it. @returns the status sent; null where there was none */
async function misbehave(
  response: ServerResponse,
  { status, body, series }: FakeAnswer,
  fault: Fault | null,
  url: URL,
  now: () => number,
): Promise<number | null> {
  switch (fault?.kind) {
    case "hang":
      return null;
    case "reset":
      response.socket?.resetAndDestroy();
      return null;
    case "stall": {
      const text = JSON.stringify(body);
      response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
      response.write(text.slice(0, Math.floor(text.length / 2)));
      return status;
    }
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, fault.delay_ms));
      return send(response, status, body);
    case "throttle":
      return send(response, 429, { status: { error_code: 429, error_message: "too many" } }, retryAfter(fault, now()));
    case "server_error":
      return send(response, fault.status, HTML_PAGE);
    case "html":
      return send(response, 200, HTML_PAGE);
    case "truncated": {
      const text = JSON.stringify(body);
      return send(response, status, text.slice(0, Math.floor(text.length / 2)), { "content-type": "application/json" });
    }
    case "refuse":
      return send(response, 200, refusalBody(fault.refusal, url.searchParams.get("apikey") ?? ""));
    default:
      return send(response, status, distort({ body, series }, fault));
  }
}

function retryAfter({ retry_after }: Fault, now: number): Record<string, string> {
  if (retry_after === "none") return {};
  if (retry_after === "date") return { "retry-after": new Date((now + 5) * 1000).toUTCString() };
  return { "retry-after": String(retry_after) };
}

/** Sends a document, or text as it stands. */
function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): number {
  const isText = typeof body === "string";
  const type = isText ? "text/html; charset=utf-8" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(isText ? body : JSON.stringify(body));
  return status;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
