import { createRoute, z } from "@hono/zod-openapi";
import { SymbolPath } from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import { CLOSE } from "../../contracts/stream.ts";
import { instrumentOf } from "../../contracts/symbol.ts";
import { frame } from "../../durable-objects/streaming/protocol/server-frames.ts";
import { problemResponses } from "../http/responses.ts";
import { type AppContext, createService } from "../http/service.ts";
import { callRoom } from "../rooms/call-room.ts";
import { requireActive, requireSymbol } from "../symbol-registry/symbol-lookup.ts";
import { checkOrigin, confirmHandshake, handshakeFor } from "./handshakes.ts";
import { openAtHub, openAtRoom, regionOf } from "./hubs.ts";

/** A ticket in a query; what it is worth has been seen to before the route. */
export const ticketParameter = z
  .string()
  .max(100)
  .optional()
  .openapi({ description: "From `POST /tickets`, for browsers, which cannot send a key with a socket." });

const common = {
  method: "get" as const,
  tags: ["Streaming"],
  responses: {
    101: { description: "The connection is a WebSocket now" },
    ...problemResponses(400, 426, 429, 503),
  },
};

const manyRoute = createRoute({
  ...common,
  path: "/ws",
  operationId: "openSocket",
  summary: "A WebSocket that carries many symbols",
  request: { query: z.strictObject({ ticket: ticketParameter }) },
});

const oneRoute = createRoute({
  ...common,
  path: "/ws/{symbol}",
  operationId: "openSymbolSocket",
  summary: "A WebSocket that carries one symbol, subscribed at once",
  request: { params: SymbolPath, query: z.strictObject({ ticket: ticketParameter }) },
  responses: { ...common.responses, ...problemResponses(404, 409, 410) },
});

/** @throws ApiError where the request is no upgrade, or comes from a page that may not */
function checkUpgrade(c: AppContext): void {
  if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") {
    throw new ApiError(
      "request.upgrade_required",
      "WebSocket upgrade required: open this URL with a WebSocket client.",
      {
        headers: { Upgrade: "websocket", Connection: "Upgrade" },
      },
    );
  }
  checkOrigin(c);
}

/**
 * Opens a socket. Where an object has no room for it, the client learns that by an error frame and the close code 1013: a browser shows
 * a page nothing of an upgrade that was answered otherwise.
 */
async function openSocket(c: AppContext, open: () => Promise<Response>): Promise<Response> {
  try {
    return await confirmHandshake(c, await open());
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "stream.overloaded") throw error;
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.send(frame("error", { code: error.code, detail: error.message, id: null }));
    server.close(CLOSE.tryLater, "too much to send at the moment: come back in a moment");
    return new Response(null, { status: 101, webSocket: client });
  }
}

/** Routes that become sockets. */
export const sockets = createService();

sockets.openapi(manyRoute, async (c) => {
  checkUpgrade(c);
  return openSocket(c, () => openAtHub(c.env, regionOf(c.req.raw, c.env), handshakeFor(c)));
});

sockets.openapi(oneRoute, async (c) => {
  checkUpgrade(c);
  const record = await requireSymbol(c.env, c.req.valid("param").symbol);
  requireActive(record);
  await callRoom<void>(c.env, record.symbol, (room) => room.keepInstrument(instrumentOf(record)));
  return openSocket(c, () => openAtRoom(c.env, record.symbol, handshakeFor(c)));
});
