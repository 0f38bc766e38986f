/** Gives an object that runs a stand-in in place of one of its bindings; lost with an eviction. */
export function injectBinding(
  object: object,
  name: "STREAM_HUB" | "SYMBOL_ROOM",
  getByName: (name: string) => object,
): void {
  const env: object = Reflect.get(object, "env");
  Reflect.set(object, "env", { ...env, [name]: { getByName } });
}
