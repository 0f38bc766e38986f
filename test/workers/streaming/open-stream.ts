import { z } from "zod";
import { clientOf, type SocketClient } from "../../durable-objects/socket-client.ts";
import { ADMIN, call, read } from "../client.ts";

/** Asks the Worker for a WebSocket. */
export const upgrade = (path: string, headers: HeadersInit = {}): Promise<Response> =>
  call(path, { headers: { Upgrade: "websocket", ...Object.fromEntries(new Headers(headers)) } });

/** Opens a WebSocket through the Worker. */
export async function open(
  path: string,
  headers: HeadersInit = {},
): Promise<{ client: SocketClient; response: Response }> {
  const response = await upgrade(path, headers);
  if (!response.webSocket) throw new Error(`no socket but ${response.status}: ${await response.text()}`);
  return { client: clientOf(response.webSocket), response };
}

const Connections = z.object({
  success: z.literal(true),
  connections: z.array(z.looseObject({ connection_id: z.string(), at: z.string(), caller: z.string() })),
  total_connections: z.number(),
  timestamp: z.string(),
});

/** What is open, as administrators see it. */
export const connections = () => read("/connections", Connections, ADMIN);
