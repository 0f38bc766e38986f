import type { ProviderStatus } from "../contracts/admin.ts";
import { marketModeOf, type ProviderName } from "../contracts/provider.ts";
import type { FamilyStatus, GateStatus } from "../durable-objects/provider-gate/status.ts";
import { UPSTREAMS } from "../providers/catalogue.ts";

function family(status: FamilyStatus) {
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
    families: { quotes: family(quotes), candles: family(candles), search: family(search) },
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

/** How every upstream fares; none of them is asked anything. */
export function allProviders(env: Env): Promise<ProviderStatus[]> {
  return Promise.all(
    UPSTREAMS.map(async (name) => {
      const status: GateStatus = await env.PROVIDER_GATE.getByName(name).status();
      return providerStatus(status);
    }),
  );
}

/** The states of some providers; the simulator and imports are always there. */
export async function providerStates(
  env: Env,
  names: readonly ProviderName[],
): Promise<{ name: ProviderName; state: ProviderStatus["state"] }[]> {
  const asked = UPSTREAMS.filter((upstream) => marketModeOf(env) === "live" && names.includes(upstream));
  const known = new Map<ProviderName, ProviderStatus["state"]>();
  await Promise.all(
    asked.map(async (name) => {
      const status: GateStatus = await env.PROVIDER_GATE.getByName(name).status();
      known.set(name, stateOf(status));
    }),
  );
  return names.map((name) => ({ name, state: known.get(name) ?? "available" }));
}
