/** Sets a stand-in for one of the bindings of an object that runs; lost with an eviction. */
export function injectBinding(
  object: object,
  name: "STREAM_HUB" | "SYMBOL_ROOM",
  getByName: (name: string) => object,
): void {
  const env: object = Reflect.get(object, "env");
  Reflect.set(object, "env", { ...env, [name]: { getByName } });
}
