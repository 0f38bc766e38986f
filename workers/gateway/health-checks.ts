import type { ProviderStatus } from "../../contracts/admin.ts";
import type { Health, State } from "../../contracts/health.ts";
import { marketModeOf } from "../../contracts/provider.ts";
import { VERSION } from "../../contracts/version.ts";
import { UPSTREAMS, type Upstream } from "../../providers/catalogue.ts";
import { MemoryCache } from "../../storage/memory-cache.ts";
import { readProviderStatus } from "../rooms/providers.ts";

/** A check that takes longer counts as failed. */
const CHECK_TIMEOUT_MS = 2_000;

/** Checks cost reads, so an isolate answers with the last ones for a few seconds. */
export const HEALTH_CACHE_MS = 3_000;

const cachedHealth = new MemoryCache<Health>(HEALTH_CACHE_MS, 1);

/** What a check answers in time; null where it fails or is late. A check never fails as a whole: that is what it is for. */
async function withTimeout<T>(work: () => Promise<T>): Promise<{ answer: T } | null> {
  const attempt = async () => ({ answer: await work() });
  return Promise.race([attempt().catch(() => null), scheduler.wait(CHECK_TIMEOUT_MS).then(() => null)]);
}

async function check(work: () => Promise<unknown>): Promise<State> {
  return (await withTimeout(work)) ? "healthy" : "unhealthy";
}

/** Rooms are needed for every price; where meters fail, requests pass without being counted. */
async function checkObjects(env: Env): Promise<State> {
  const [rooms, meters] = await Promise.all([
    check(async () => env.SYMBOL_ROOM.getByName("health").ping()),
    check(async () => env.USAGE_METER.getByName("health").ping()),
  ]);
  return rooms === "healthy" && meters !== "healthy" ? "degraded" : rooms;
}

const STATES: Record<ProviderStatus["state"], State> = {
  available: "healthy",
  degraded: "degraded",
  disabled: "not_available",
};

type Providers = Health["checks"]["providers"];

async function checkProvider(env: Env, name: Upstream): Promise<Providers[string]> {
  const status = await withTimeout(() => readProviderStatus(env, name));
  if (!status) return { status: "degraded", detail: "its gate does not answer" };
  const { state, disabled } = status.answer;
  return {
    status: STATES[state],
    detail: disabled ?? (state === "degraded" ? "some of its endpoints do not answer" : null),
  };
}

/** How the providers are; in the demo there is only the simulator. */
async function checkProviders(env: Env): Promise<Providers> {
  if (marketModeOf(env) === "demo") return { simulator: { status: "healthy", detail: null } };
  const states = UPSTREAMS.map(async (name) => [name, await checkProvider(env, name)] as const);
  return Object.fromEntries(await Promise.all(states));
}

/** Unhealthy without rooms or registry; degraded while the cache, meters or a provider fail, for answers still come. */
function overallStatus({ d1, kv, durable_objects, providers }: Health["checks"]): Health["status"] {
  if (d1 !== "healthy" || durable_objects === "unhealthy") return "unhealthy";
  const failing = Object.values(providers).some(({ status }) => status === "degraded");
  return kv === "healthy" && durable_objects === "healthy" && !failing ? "healthy" : "degraded";
}

/** How the platform is, or was a few seconds ago. */
export async function healthOf(env: Env): Promise<Health> {
  const cached = cachedHealth.get("health");
  if (cached) return cached;
  const [d1, kv, durable_objects, providers] = await Promise.all([
    check(async () => env.DB.prepare("select 1 from exchanges limit 1").all()),
    check(async () => env.CACHE.get("health")),
    checkObjects(env),
    checkProviders(env),
  ]);
  const checks = { d1, kv, durable_objects, providers };
  const status = overallStatus(checks);
  const health: Health = {
    status,
    service: "wizdata-edge",
    services: {
      "market-data": status,
      "symbol-registry": d1 === "healthy" ? "healthy" : "unhealthy",
      "indicator-engine": status,
      streaming: durable_objects === "unhealthy" ? "unhealthy" : "healthy",
    },
    checks,
    mode: marketModeOf(env),
    version: VERSION,
    timestamp: new Date().toISOString(),
  };
  cachedHealth.set("health", health);
  return health;
}
