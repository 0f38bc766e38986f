import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll } from "vitest";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.D1_MIGRATIONS);
  await env.DB.batch(env.D1_SEED.map((statement) => env.DB.prepare(statement)));
});
