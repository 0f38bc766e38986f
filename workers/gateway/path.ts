import { getPath } from "hono/utils/url";

/** The prefixes of the earlier platform's gateway. */
export const EARLIER_PREFIX = /^\/api\/(?:market-data|symbols|indicators|streaming)(?=\/|$)/;

/** The route table is served at `/`, under `/v1`, and under the earlier platform's prefixes. */
const PREFIX = new RegExp(`^/v1(?=/|$)|${EARLIER_PREFIX.source}`);

/** Routes whose path ends in a symbol, and what may follow the symbol. */
const SYMBOL_ROUTES: ReadonlyMap<string, readonly string[]> = new Map([
  ["quotes", []],
  ["ohlcv", []],
  ["indicators", []],
  ["ws", []],
  ["stream", []],
  ["symbols", ["validate", "streaming"]],
]);

const ADMIN_QUOTES = "/admin/quotes/";
const TRACED = /^\/admin\/quotes\/([^/]+)\/([^/]+)\/trace$/;

/** Makes one path segment of a symbol with a slash: `/quotes/BTC/USDT` is `/quotes/BTC%2FUSDT`. */
function foldSymbol(path: string): string {
  if (path.startsWith(ADMIN_QUOTES)) return path.replace(TRACED, `${ADMIN_QUOTES}$1%2F$2/trace`);
  const [, route, ...rest] = path.split("/");
  const endings = SYMBOL_ROUTES.get(route);
  if (!endings || rest.length < 2 || rest.length > 3 || path === "/symbols/streaming/available") return path;
  const ending = rest.length === 3 ? rest[2] : undefined;
  if (ending === undefined ? endings.includes(rest[1]) : !endings.includes(ending)) return path;
  const symbol = `${rest[0]}%2F${rest[1]}`;
  return ending === undefined ? `/${route}/${symbol}` : `/${route}/${symbol}/${ending}`;
}

/** Paths that were asked for last, and how they are routed. */
const routedPaths = new Map<string, string>();
const MAX_KNOWN = 2_000;
const MAX_CACHED_CHARACTERS = 100;

/** The path by which a request is routed. */
export function routedPath(request: Request): string {
  const requested = getPath(request);
  const cached = routedPaths.get(requested);
  if (cached !== undefined) return cached;
  const path = requested.replace(PREFIX, "");
  const routed = foldSymbol(path === "" ? "/" : path);
  if (requested.length <= MAX_CACHED_CHARACTERS) {
    if (routedPaths.size >= MAX_KNOWN) routedPaths.clear();
    routedPaths.set(requested, routed);
  }
  return routed;
}
