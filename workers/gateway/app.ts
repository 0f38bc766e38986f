import { epochs } from "../admin/epochs.ts";
import { importChunks } from "../admin/import.ts";
import { imports } from "../admin/imports.ts";
import { keys } from "../admin/keys.ts";
import { operations } from "../admin/operations.ts";
import { chain } from "../http/chain.ts";
import { createService } from "../http/service.ts";
import { indicators } from "../indicator-engine/routes.ts";
import { ohlcv } from "../market-data/ohlcv.ts";
import { quotes } from "../market-data/quotes.ts";
import { meterBody } from "../metering/body-cost.ts";
import { burstGuard } from "../metering/burst-guard.ts";
import { eventStreams } from "../streaming/event-streams.ts";
import { overview } from "../streaming/overview.ts";
import { sockets } from "../streaming/sockets.ts";
import { identifyTicket, tickets } from "../streaming/tickets.ts";
import { calendar } from "../symbol-registry/calendar.ts";
import { exchanges } from "../symbol-registry/exchanges.ts";
import { symbols } from "../symbol-registry/symbols.ts";
import { symbolWrites } from "../symbol-registry/writes.ts";
import { serveAsset } from "./assets.ts";
import { asyncApi } from "./asyncapi.ts";
import { CachingRouter } from "./caching-router.ts";
import { problems, serveDocument } from "./documents.ts";
import { health } from "./health.ts";
import { metrics } from "./metrics.ts";
import { responseHeaders } from "./middleware/answer-headers.ts";
import { DEPRECATIONS, deprecations } from "./middleware/deprecation.ts";
import { limitHeaders } from "./middleware/header-limits.ts";
import { identifyCaller } from "./middleware/identify-caller.ts";
import { checkBody } from "./middleware/json-bodies.ts";
import { keyInUrl } from "./middleware/key-in-url.ts";
import { meterUsage } from "./middleware/meter-usage.ts";
import { observeRequest } from "./middleware/observe-request.ts";
import { requireAccess } from "./middleware/require-access.ts";
import { routedPath } from "./path.ts";
import { errorResponse, unroutedError } from "./problems.ts";
import { usage } from "./usage.ts";

/** Everything that answers HTTP: what every request passes, in this order, and the services behind it. */
export const app = createService({ getPath: routedPath, router: new CachingRouter() });

app.onError((error, c) => errorResponse(error, c));

app.use(observeRequest);
app.use(responseHeaders(() => app.routes));
app.use(deprecations(DEPRECATIONS));
app.use(
  chain(
    limitHeaders,
    keyInUrl,
    identifyCaller,
    identifyTicket,
    burstGuard,
    meterUsage,
    requireAccess,
    meterBody,
    checkBody,
  ),
);

app.route("/", quotes);
app.route("/", ohlcv);
app.route("/", indicators);
app.route("/", symbols);
app.route("/", symbolWrites);
app.route("/", exchanges);
app.route("/", calendar);
app.route("/", importChunks);
app.route("/", imports);
app.route("/", operations);
app.route("/", epochs);
app.route("/", keys);
app.route("/", usage);
app.route("/", sockets);
app.route("/", eventStreams);
app.route("/", tickets);
app.route("/", overview);
app.route("/", health);
app.route("/", metrics);
app.route("/", asyncApi);
app.route("/", problems);
serveDocument(app);

app.notFound(async (c) => {
  const asset = await serveAsset(c);
  if (asset) return asset;
  throw unroutedError(app.routes, c.req.path, c.req.method);
});
