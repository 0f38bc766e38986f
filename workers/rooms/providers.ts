import type { ProviderStatus } from "../../contracts/admin.ts";
import { marketModeOf, type ProviderName } from "../../contracts/provider.ts";
import type { GateStatus, GroupStatus } from "../../durable-objects/provider-gate/status.ts";
import { logError } from "../../observability/log.ts";
import { UPSTREAMS, type Upstream } from "../../providers/catalogue.ts";

function groupStatus(status: GroupStatus) {
  return {
    breaker: status.breaker,
    retry_at: status.retryAt,
    last_success_at: status.lastSuccessAt,
    last_failure_at: status.lastFailureAt,
    last_failure_reason: status.lastFailureReason,
  };
}

function stateOf(status: GateStatus): ProviderStatus["state"] {
  if (status.disabled !== null) return "disabled";
  const tripped = Object.values(status.families).some(({ breaker }) => breaker === "open");
  return tripped || status.blocked.length > 0 ? "degraded" : "available";
}

/** A gate's own words, as they are answered. */
export function providerStatus(status: GateStatus): ProviderStatus {
  const { quotes, candles, search } = status.families;
  return {
    provider: status.provider,
    state: stateOf(status),
    disabled: status.disabled,
    families: { quotes: groupStatus(quotes), candles: groupStatus(candles), search: groupStatus(search) },
    blocked: status.blocked,
    budget: status.budget.map(({ span, limit, left, leftForBackground }) => ({
      window: span,
      limit,
      left,
      left_for_background: leftForBackground,
    })),
    calls_last_minute: status.callsLastMinute,
    in_flight: status.inFlight,
    waiting: status.waiting,
    watched: status.watched,
  };
}

/** How one upstream fares; it is not asked anything. */
export async function readProviderStatus(env: Env, name: Upstream): Promise<ProviderStatus> {
  const status: GateStatus = await env.PROVIDER_GATE.getByName(name).status();
  return providerStatus(status);
}

/** Lets every gate set its alarm again, should it be missing. */
export async function checkGates(env: Env): Promise<void> {
  await Promise.all(
    UPSTREAMS.map(async (name) => {
      try {
        await env.PROVIDER_GATE.getByName(name).checkAlarm();
      } catch (error) {
        logError("a gate failed", error, { provider: name });
      }
    }),
  );
}

/** How every upstream fares. */
export function readAllProviders(env: Env): Promise<ProviderStatus[]> {
  return Promise.all(UPSTREAMS.map((name) => readProviderStatus(env, name)));
}

/** The states of some providers; the simulator and imports are always there. One whose gate does not answer is degraded. */
export async function providerStates(
  env: Env,
  names: readonly ProviderName[],
): Promise<{ name: ProviderName; state: ProviderStatus["state"] }[]> {
  const queried = UPSTREAMS.filter((upstream) => marketModeOf(env) === "live" && names.includes(upstream));
  const states = new Map<ProviderName, ProviderStatus["state"]>();
  await Promise.all(
    queried.map(async (name) => {
      try {
        states.set(name, (await readProviderStatus(env, name)).state);
      } catch (error) {
        logError("a gate failed", error, { provider: name });
        states.set(name, "degraded");
      }
    }),
  );
  return names.map((name) => ({ name, state: states.get(name) ?? "available" }));
}
