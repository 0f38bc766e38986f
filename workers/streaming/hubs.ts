import { ApiError } from "../../contracts/problem.ts";
import { refusalOf } from "../../durable-objects/streaming/connections/handshake.ts";
import {
  type HandshakeRequest,
  toUpgradeRequest,
} from "../../durable-objects/streaming/connections/handshake-request.ts";
import { MemoryCache } from "../../storage/memory-cache.ts";
import { continentOf } from "../auth/caller-address.ts";
import { callOrUnavailable } from "./call-or-unavailable.ts";

/** Hubs that let no more sockets in a moment ago, and why. */
const closedHubs = new MemoryCache<"full" | "overloaded">(5_000, 1_000);

/** Seconds after which a client may try again. */
const RETRY_AFTER = "10";

/** The region whose hubs serve a request: its continent, where the network says it. */
export function regionOf(request: Request, env: Env): string {
  return continentOf(request, env) ?? "local";
}

const hubCount = (env: Env): number => Math.max(1, Number.parseInt(env.HUBS_PER_REGION, 10) || 1);

/** @throws ApiError where an address or a key has its share of sockets */
function checkQuota(env: Env, response: Response): void {
  const refusal = refusalOf(response);
  if (refusal !== "address" && refusal !== "key") return;
  const detail =
    refusal === "address"
      ? `At most ${env.SOCKETS_PER_ADDRESS} sockets from one address without a key, closed ones that your client has not confirmed included.`
      : `At most ${env.SOCKETS_PER_KEY} sockets of one key.`;
  throw new ApiError("rate_limit.exceeded", detail, { headers: { "Retry-After": RETRY_AFTER } });
}

function streamFull(detail: string): ApiError {
  return new ApiError("stream.full", detail, { headers: { "Retry-After": RETRY_AFTER } });
}

function streamOverloaded(what: string): ApiError {
  const detail = `${what} has too much to send at the moment, and takes no more streams. Come back in a moment.`;
  return new ApiError("stream.overloaded", detail, { headers: { "Retry-After": RETRY_AFTER } });
}

/**
 * Opens a socket at the first hub of a region that has room: hubs fill one after the other, so that a symbol's room pushes to as
 * few as possible.
 * @throws ApiError stream.full where no hub has room, stream.overloaded where one would have but for its load, rate_limit.exceeded where the address or the key has its share,
 *   service.unavailable where a hub does not answer
 */
export async function openAtHub(env: Env, region: string, handshake: HandshakeRequest): Promise<Response> {
  const hubs = hubCount(env);
  const reasons = new Set<string>();
  for (let n = 0; n < hubs; n++) {
    const name = `hub:${region}:${n}`;
    const known = closedHubs.get(name);
    if (known) {
      reasons.add(known);
      continue;
    }
    const open = async () => env.STREAM_HUB.getByName(name).fetch(toUpgradeRequest(handshake));
    const response = await callOrUnavailable("The hub of your region", open);
    checkQuota(env, response);
    const refusal = refusalOf(response);
    if (refusal === null) return response;
    const reason = refusal === "overloaded" ? "overloaded" : "full";
    reasons.add(reason);
    closedHubs.set(name, reason);
  }
  if (reasons.has("overloaded")) throw streamOverloaded("The hub of your region");
  throw streamFull("Every hub of your region is full.");
}

/**
 * Opens a socket at a symbol's own room.
 * @throws ApiError as `openAtHub`
 */
export async function openAtRoom(env: Env, symbol: string, handshake: HandshakeRequest): Promise<Response> {
  const open = async () => env.SYMBOL_ROOM.getByName(symbol).fetch(toUpgradeRequest({ ...handshake, symbol }));
  const response = await callOrUnavailable(`The room of ${symbol}`, open);
  checkQuota(env, response);
  const refusal = refusalOf(response);
  if (refusal === "overloaded") throw streamOverloaded(`The room of ${symbol}`);
  if (refusal !== null) throw streamFull(`The room of ${symbol} is full. Open /ws and subscribe to it there.`);
  return response;
}
