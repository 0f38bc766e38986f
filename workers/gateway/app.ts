import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";
import { imports } from "../admin/import.ts";
import { keys } from "../admin/keys.ts";
import { operations } from "../admin/operations.ts";
import { indicators } from "../indicator-engine/routes.ts";
import { ohlcv } from "../market-data/ohlcv.ts";
import { quotes } from "../market-data/quotes.ts";
import { createService } from "../service.ts";
import { eventStreams } from "../streaming/event-streams.ts";
import { overview } from "../streaming/overview.ts";
import { sockets } from "../streaming/sockets.ts";
import { ticketHolder, tickets } from "../streaming/tickets.ts";
import { exchanges } from "../symbol-registry/exchanges.ts";
import { symbols } from "../symbol-registry/symbols.ts";
import { symbolWrites } from "../symbol-registry/writes.ts";
import { serveAsset } from "./assets.ts";
import { problems, serveDocument } from "./documents.ts";
import { health } from "./health.ts";
import { burstGuard } from "./middleware/burst-guard.ts";
import { identifyCaller } from "./middleware/caller.ts";
import { correlationId } from "./middleware/correlation-id.ts";
import { jsonOnly, limitBody } from "./middleware/json-bodies.ts";
import { keyInUrl } from "./middleware/key-in-url.ts";
import { requireAccess } from "./middleware/require-access.ts";
import { unlessUpgrade } from "./middleware/upgrades.ts";
import { allowedOrigin } from "./origins.ts";
import { routedPath } from "./path.ts";
import { answerError, unroutedError } from "./problems.ts";

const EXPOSED_HEADERS = [
  "Cache-Status",
  "ETag",
  "Link",
  "Location",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "X-Correlation-ID",
  "X-D1-Bookmark",
];

/** Everything that answers HTTP: what every request passes, in this order, and the services behind it. */
export const app = createService(routedPath);

app.onError((error, c) => answerError(error, c));

app.use(correlationId);
app.use(
  unlessUpgrade(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      xFrameOptions: "DENY",
      crossOriginResourcePolicy: "cross-origin",
    }),
  ),
);
app.use(
  unlessUpgrade(
    cors({
      origin: (origin, c) => allowedOrigin(origin, c.env.CORS_ORIGINS),
      allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"],
      allowHeaders: [
        "Authorization",
        "Cache-Control",
        "Content-Type",
        "Idempotency-Key",
        "If-None-Match",
        "traceparent",
        "X-API-Key",
        "X-Correlation-ID",
        "X-D1-Bookmark",
      ],
      exposeHeaders: EXPOSED_HEADERS,
      maxAge: 86_400,
    }),
  ),
);
app.use(keyInUrl);
app.use(identifyCaller);
app.use(ticketHolder);
app.use(burstGuard);
app.use(requireAccess);
app.use(limitBody);
app.use(jsonOnly);

app.route("/", quotes);
app.route("/", ohlcv);
app.route("/", indicators);
app.route("/", symbols);
app.route("/", symbolWrites);
app.route("/", exchanges);
app.route("/", imports);
app.route("/", operations);
app.route("/", keys);
app.route("/", sockets);
app.route("/", eventStreams);
app.route("/", tickets);
app.route("/", overview);
app.route("/", health);
app.route("/", problems);
serveDocument(app);

app.notFound(async (c) => {
  const asset = await serveAsset(c);
  if (asset) return asset;
  throw unroutedError(app.routes, c.req.path, c.req.method);
});
