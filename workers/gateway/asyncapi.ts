import { createRoute, z } from "@hono/zod-openapi";
import { NO_QUERY } from "../../contracts/parameters.ts";
import {
  ClientMessageSchema,
  EndEventSchema,
  HEARTBEAT_SECONDS,
  MAX_SYMBOLS,
  ServerFrameSchema,
  SUBPROTOCOL,
} from "../../contracts/stream.ts";
import { VERSION } from "../../contracts/version.ts";
import { problemResponses, textResponse } from "../http/responses.ts";
import { createService } from "../http/service.ts";

const route = createRoute({
  method: "get",
  path: "/asyncapi.json",
  operationId: "getAsyncApiDocument",
  summary: "The messages of the stream",
  tags: ["Operations"],
  request: { query: NO_QUERY },
  responses: {
    200: {
      description: "AsyncAPI 3.0",
      content: {
        "application/json": { schema: z.looseObject({ asyncapi: z.string().openapi({ example: "3.0.0" }) }) },
      },
    },
    304: { description: "Nothing has changed since the entity tag in If-None-Match" },
    ...problemResponses(400, 429),
  },
});

/** What a message is for, by its `type` or its `action`. */
const PURPOSES: Readonly<Record<string, string>> = {
  subscribe:
    "Listen to symbols. With `since` the confirmation brings everything that was missed, or says that it cannot. For candles and indicators `since` needs the scope `read` and costs what the request for as many bars costs.",
  unsubscribe: "Listen no more; without `symbols`, to anything.",
  ping: "Asks for a pong. Like any frame, it shows that the client reads.",
  list: "Asks what this connection listens to.",
  ack: "The last heartbeat that arrived: exact proof of how far the client has read.",
  welcome: "The first frame: the limits of this connection.",
  subscription_confirmed:
    "No event of a subscription comes before it. Snapshots travel inside it only. One with `id: null` comes unasked when a symbol's stream goes on in a new epoch: everything before it is out of date.",
  unsubscription_confirmed: "No event of what it ends comes after it.",
  subscriptions: "What this connection listens to.",
  market_data:
    "A quote: `seq` is one more than the symbol's last, or `skipped` says how many were left out by conflation.",
  candle: "A candle as it forms, closes, or is revised.",
  indicator: "A value of an indicator.",
  reset: "More than 100 closed bars from a stamp on have changed, or one is gone: ask for them again.",
  gap: "The platform itself lost these events. Never silent.",
  heartbeat: "Every 30 seconds: symbols whose state changed, all of them in every tenth.",
  broadcast: "A word from those who run the platform.",
  error: "A message that could not be followed; the connection stays open.",
  pong: "The answer to a ping: exactly this text.",
  end: "The last server-sent event of a stream that the platform ends. After all codes but 1008 and 1009 come back with the id of the last event.",
};

interface Message {
  name: string;
  title: string;
  summary: string;
  contentType: string;
  payload: { $ref: string };
}

/** The schemas of all payloads, by their names. */
const SCHEMAS: Record<string, object> = {};

/** `market_data` as the name of a schema: `MarketData`. */
const schemaName = (name: string, io: "input" | "output"): string =>
  `${name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}${io === "input" ? "Message" : "Frame"}`;

const titled = (name: string): string => {
  const words = name.replaceAll("_", " ");
  return `${words[0].toUpperCase()}${words.slice(1)}`;
};

function messageOf(name: string, schema: z.ZodType, io: "input" | "output"): [string, Message] {
  const { $schema, ...payload } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  SCHEMAS[schemaName(name, io)] = { title: schemaName(name, io), ...payload };
  const message = {
    name,
    title: titled(name),
    summary: PURPOSES[name] ?? titled(name),
    contentType: "application/json",
    payload: { $ref: `#/components/schemas/${schemaName(name, io)}` },
  };
  return [name, message];
}

/** The value of the member that distinguishes messages. */
function nameOf(schema: z.ZodObject, session: "action" | "type"): string {
  const literal = schema.shape[session];
  return literal instanceof z.ZodLiteral ? String(literal.value) : "";
}

const PONG = z.strictObject({ type: z.literal("pong") });

const sent = ClientMessageSchema.options.map((schema) => messageOf(nameOf(schema, "action"), schema, "input"));
const received = [...ServerFrameSchema.options, PONG].map((schema) =>
  messageOf(nameOf(schema, "type"), schema, "output"),
);

const ended = [messageOf("end", EndEventSchema, "output")];

const namesOf = (messages: readonly [string, Message][]): string[] => messages.map(([name]) => name);

const onChannel = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]));

const ofChannel = (channel: string, names: readonly string[]) =>
  names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }));

/** What is sent as server-sent events too, and what only they have. */
const EVENTS = [
  "welcome",
  "subscription_confirmed",
  "market_data",
  "candle",
  "indicator",
  "reset",
  "gap",
  "heartbeat",
  "broadcast",
  "error",
  "end",
];

const SYMBOL = {
  description: "A canonical symbol or an alias; a slash may be written as %2F.",
  examples: ["BTC%2FUSDT"],
};

const CHANNELS = {
  stream: {
    address: "/ws",
    title: "Many symbols on one WebSocket",
    description: `At most ${MAX_SYMBOLS} symbols. The subprotocol is ${SUBPROTOCOL}; a key goes beside it as \`key.<key>\`.`,
    servers: [{ $ref: "#/servers/websocket" }],
    messages: onChannel([...namesOf(sent), ...namesOf(received)]),
  },
  symbol: {
    address: "/ws/{symbol}",
    title: "One symbol on a WebSocket of its own",
    description: "Subscribed on connect.",
    servers: [{ $ref: "#/servers/websocket" }],
    parameters: { symbol: SYMBOL },
    messages: onChannel([...namesOf(sent), ...namesOf(received)]),
  },
  events: {
    address: "/stream/{symbol}",
    title: "One symbol as server-sent events",
    description:
      "`id:` is `epoch:seq`; `Last-Event-ID` or `last_event_id` resumes: the confirmation comes first, then what was missed with its own ids. `end` says why the platform ends a stream.",
    servers: [{ $ref: "#/servers/http" }],
    parameters: { symbol: SYMBOL },
    messages: onChannel(EVENTS),
  },
};

const operation = (action: "send" | "receive", channel: string, summary: string, names: readonly string[]) => ({
  action,
  channel: { $ref: `#/channels/${channel}` },
  summary,
  description: `${summary}: ${names.join(", ")}.`,
  messages: ofChannel(channel, names),
});

/** The AsyncAPI document of the stream as it is served at `host`: what the platform receives and sends. */
function asyncApiDocument(host: string, secure: boolean): object {
  return {
    asyncapi: "3.0.0",
    info: {
      title: "WizData Edge streams",
      version: VERSION,
      description: `Live quotes, candles and indicators without silent gaps: every quote has a position (epoch, seq), and a client that reconnects with its position receives every event it missed, or a message that says that it cannot. Heartbeats come every ${HEARTBEAT_SECONDS} seconds.`,
      contact: { name: "WizData Edge", url: `${secure ? "https" : "http"}://${host}/docs` },
      tags: [{ name: "streaming", description: "Live market data" }],
    },
    defaultContentType: "application/json",
    servers: {
      websocket: { host, protocol: secure ? "wss" : "ws", description: "Where this document was read" },
      http: { host, protocol: secure ? "https" : "http", description: "The same, for server-sent events" },
    },
    channels: CHANNELS,
    operations: {
      receive: operation("receive", "stream", "What a client says", namesOf(sent)),
      send: operation("send", "stream", "What the platform says", namesOf(received)),
      receiveOnSymbol: operation("receive", "symbol", "What a client of one symbol says", namesOf(sent)),
      sendOnSymbol: operation("send", "symbol", "What the platform says of one symbol", namesOf(received)),
      sendEvents: operation("send", "events", "What the platform says as server-sent events", EVENTS),
    },
    components: { messages: Object.fromEntries([...sent, ...received, ...ended]), schemas: SCHEMAS },
  };
}

/** The route /asyncapi.json. */
export const asyncApi = createService();

asyncApi.openapi(route, (c) => {
  const { host, protocol } = new URL(c.req.url);
  const document = JSON.stringify(asyncApiDocument(host, protocol === "https:"));
  return textResponse(c, document, document, "application/json", { maxAge: 60 });
});
