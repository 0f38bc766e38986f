/** What there is to know of a problem before it happens. */
export interface ProblemKind {
  status: 400 | 401 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 422 | 426 | 429 | 500 | 502 | 503;
  title: string;
  /** What a developer who meets the problem should know; served at `/problems/{code}`. */
  explanation: string;
}

/** Every problem that the platform answers with. Codes are stable; texts may improve. */
export const PROBLEMS = {
  "request.invalid": {
    status: 400,
    title: "The request is not valid",
    explanation:
      "A parameter, a header or the body breaks its schema. `errors` names each offending part, where it stands (query, path, body or header) and what would be right.",
  },
  "request.too_large": {
    status: 413,
    title: "The body is too large",
    explanation:
      "A body must not exceed 1 MiB, or 4 MiB on /calculate and /admin/import. Send the data in smaller parts.",
  },
  "request.unsupported_media_type": {
    status: 415,
    title: "The body is not JSON",
    explanation: "Send bodies as JSON, with `Content-Type: application/json`.",
  },
  "request.upgrade_required": {
    status: 426,
    title: "WebSocket upgrade required",
    explanation: "Open /ws with a WebSocket client; it cannot be fetched.",
  },
  "request.idempotency_conflict": {
    status: 422,
    title: "The Idempotency-Key was used for another request",
    explanation:
      "An Idempotency-Key stands for one request of its caller. It was sent before with another body (422), or its first request is still in progress (409). Use a new key for a new request, and repeat a request only with its own body.",
  },
  "auth.missing": {
    status: 401,
    title: "A key is needed",
    explanation: "Send a key as `Authorization: Bearer <key>` or `X-API-Key: <key>`.",
  },
  "auth.invalid": {
    status: 401,
    title: "The key is not valid",
    explanation: "The key is unknown, expired or revoked.",
  },
  "auth.forbidden": {
    status: 403,
    title: "The key may not do this",
    explanation: "The key is valid, but lacks the scope that this route needs.",
  },
  "auth.key_in_url": {
    status: 400,
    title: "API key in URL",
    explanation:
      "Addresses end up in logs and histories, so a key in one is refused and must be considered known to others. Send it as `Authorization: Bearer <key>` or `X-API-Key: <key>`.",
  },
  "route.not_found": {
    status: 404,
    title: "There is nothing at this address",
    explanation: "No route matches. /docs lists all of them.",
  },
  "route.method_not_allowed": {
    status: 405,
    title: "Method not allowed",
    explanation: "The `Allow` header lists the methods that it takes.",
  },
  "symbol.not_found": {
    status: 404,
    title: "The symbol is not in the registry",
    explanation: "Neither a symbol nor an alias. `suggestions` names the nearest ones; /symbols?search= finds others.",
  },
  "symbol.ambiguous": {
    status: 409,
    title: "Ambiguous alias",
    explanation: "Ask for one of `candidates`.",
  },
  "symbol.alias_taken": {
    status: 409,
    title: "The name belongs to another symbol",
    explanation:
      "A symbol cannot be called like another one or its alias, and an alias cannot stand for two. `owner` names the symbol that has it. An alias is moved on purpose with PUT /symbols/{symbol} and `move_aliases: true`; what a symbol itself is called cannot be moved.",
  },
  "symbol.has_data": {
    status: 409,
    title: "The symbol has prices in its present unit",
    explanation:
      "`currency`, `price_unit` and `volume_unit` say what stored quotes and candles are in, so they cannot change while there are any. Add a symbol of another name with the right unit and retire this one.",
  },
  "symbol.exists": {
    status: 409,
    title: "The symbol is in the registry already",
    explanation: "Change it with PUT /symbols/{symbol}.",
  },
  "symbol.inactive": {
    status: 410,
    title: "The symbol is retired",
    explanation: "It has no quotes or streams any more. Its metadata and its history stay readable.",
  },
  "quote.too_old": {
    status: 503,
    title: "No quote is as recent as you asked",
    explanation:
      "`max_age` bounds the open-market seconds since the price was true, and cannot be met now. `last_known` holds the last quote; `Retry-After` says when to ask again.",
  },
  "quote.unavailable": {
    status: 503,
    title: "No quote is available",
    explanation: "No provider answers and no cached price is available. `Retry-After` says when to ask again.",
  },
  "candles.unavailable": {
    status: 503,
    title: "No candles are available",
    explanation: "No provider answers and no candles are stored. `Retry-After` says when to ask again.",
  },
  "candles.conflict": {
    status: 409,
    title: "Conflicting price adjustment",
    explanation:
      "Another import of the same symbol and interval has not ended, and its prices are adjusted otherwise: raw, split, or split and dividend. `import_id` and `adjustment` name it. End it, delete it with DELETE /admin/imports/{id}, or import with its adjustment.",
  },
  "import.deleting": {
    status: 409,
    title: "The import is being deleted",
    explanation:
      "An import that is being deleted can neither go on nor change. DELETE /admin/imports/{id} goes on with it; when that answers 200, nothing is left of it, and the file can be imported again.",
  },
  "indicator.unknown": {
    status: 400,
    title: "There is no such indicator",
    explanation: "`errors` names it and `suggestions` the nearest. /indicators/available lists all of them.",
  },
  "indicator.invalid_parameters": {
    status: 400,
    title: "An indicator's parameter is not allowed",
    explanation: "`errors` names the indicator, the parameter and the allowed range. /indicators/available lists them.",
  },
  "indicator.not_enough_data": {
    status: 422,
    title: "There are too few candles",
    explanation: "`needs` says how many candles the indicator needs for its first value, `has` how many there are.",
  },
  "stream.bad_message": {
    status: 400,
    title: "A message on the socket is not valid",
    explanation:
      'Messages are JSON objects in text frames, such as {"action": "subscribe", "symbols": ["BTC/USDT"]}. `detail` says what was wrong. The connection stays; thirty bad messages in a minute close it.',
  },
  "stream.unknown_action": {
    status: 400,
    title: "There is no such action",
    explanation: "The actions are subscribe, unsubscribe, ping, list and ack.",
  },
  "stream.too_many_subscriptions": {
    status: 400,
    title: "The socket would carry too much",
    explanation:
      "A socket carries at most 100 symbols and 1,000 subscriptions. Nothing of the message was done. Unsubscribe from some, or open another socket.",
  },
  "stream.message_too_large": {
    status: 413,
    title: "A message on the socket is too large",
    explanation: "A message must not exceed 64 KiB. The connection is closed.",
  },
  "stream.elsewhere": {
    status: 400,
    title: "The socket carries another symbol",
    explanation: "A socket at /ws/{symbol} carries that symbol alone. Open /ws for several.",
  },
  "stream.unavailable": {
    status: 503,
    title: "The stream of the symbol does not answer",
    explanation: "Nothing was subscribed. Subscribe again in a moment.",
  },
  "stream.full": {
    status: 503,
    title: "Connection limit reached",
    explanation: "Every hub of the region is full. `Retry-After` says when to try again.",
  },
  "stream.overloaded": {
    status: 503,
    title: "Too much to do for one more stream",
    explanation:
      "The object that would hold the stream, or read its history, has no room for more at the moment. What is open goes on. Come back with a back-off; a socket that was let in only to learn this is closed with 1013.",
  },
  "stream.share_exceeded": {
    status: 429,
    title: "Your share of something scarce is used up",
    explanation:
      "Live indicators of a symbol and the subscriptions of a hub or room are shared among callers: addresses, or keys. End some of yours.",
  },
  "calculation.too_large": {
    status: 422,
    title: "The calculation is too large for one request",
    explanation:
      "What a calculation reads and answers is bounded for every caller. `detail` says how large it would be, what the most is, and how to split it.",
  },
  "rate_limit.exceeded": {
    status: 429,
    title: "Too many requests",
    explanation: "`Retry-After` says when to go on; `RateLimit-Policy` states the limits.",
  },
  "service.unavailable": {
    status: 503,
    title: "Service unavailable",
    explanation:
      "A store that the request needs is out of reach for the moment. `Retry-After` says when to ask again. Whether a write was made is not known: look, or ask again with the same `Idempotency-Key`.",
  },
  internal: {
    status: 500,
    title: "Something went wrong on our side",
    explanation: "The fault is logged under the answer's `correlation_id`. Repeating a read is safe.",
  },
} as const satisfies Record<string, ProblemKind>;

/** A stable name for what went wrong. */
export type ProblemCode = keyof typeof PROBLEMS;
