import type { ProviderGate } from "../../durable-objects/provider-gate/provider-gate.ts";
import type { Provider } from "../../providers/provider.ts";

/** Puts a provider, or the reason why there is none, behind a gate that runs; lost with an eviction. */
export function injectProvider(gate: ProviderGate, provider: Provider | { disabled: string }): void {
  Reflect.set(gate, "findProvider", () => provider);
}

/** Sets a stand-in for one of the bindings of an object that runs; lost with an eviction. */
export function injectBinding(
  object: object,
  name: "STREAM_HUB" | "SYMBOL_ROOM",
  getByName: (name: string) => object,
): void {
  const env: object = Reflect.get(object, "env");
  Reflect.set(object, "env", { ...env, [name]: { getByName } });
}
