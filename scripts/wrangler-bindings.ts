import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { z } from "zod";
import { ROOT } from "./dev-vars.ts";

const ConfigurationSchema = z.object({
  vars: z.record(z.string(), z.string()),
  durable_objects: z.object({ bindings: z.array(z.object({ name: z.string(), class_name: z.string() })) }),
  ratelimits: z.array(
    z.object({
      name: z.string(),
      namespace_id: z.string(),
      simple: z.object({ limit: z.number(), period: z.union([z.literal(10), z.literal(60)]) }),
    }),
  ),
});

/** What wrangler.toml binds to the Worker, as Miniflare takes it, so that it is written once. */
export function wranglerBindings() {
  const text = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  const { vars, durable_objects, ratelimits } = ConfigurationSchema.parse(parse(text));
  return {
    vars,
    durableObjects: Object.fromEntries(
      durable_objects.bindings.map(({ name, class_name }) => [name, { className: class_name, useSQLite: true }]),
    ),
    ratelimits: Object.fromEntries(
      ratelimits.map(({ name, namespace_id, simple }) => [name, { namespace_id, simple }]),
    ),
  };
}
