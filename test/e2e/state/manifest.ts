import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const position = z.object({ epoch: z.string(), seq: z.number().int() });
const quote = position.extend({
  price: z.number(),
  timestamp: z.string(),
  provider: z.string(),
  price_unit: z.string(),
});

const value = z.number().nullable();
const candle = z.object({
  ...{ time: z.number(), open: value, high: value, low: value, close: value, volume: value },
  suspect: z.boolean(),
});
/** A symbol's row, with the fields that it had. */
const row = z.looseObject({ symbol: z.string() });

/** What a kept state holds, as its platform answered it over HTTP and WebSocket before it ended. Later versions read it as it is. */
export const ManifestSchema = z.object({
  version: z.string(),
  made_at: z.string(),
  /** Keys that exist in this state alone. */
  keys: z.object({ reader: z.string(), writer: z.string(), revoked: z.string() }),
  symbols: z.object({ added: row, changed: row, retired: row }),
  /** A request that was answered under an `Idempotency-Key`. */
  idempotency: z.object({ key: z.string(), body: z.record(z.string(), z.unknown()) }),
  imports: z.array(z.object({ path: z.string(), adjustment: z.string(), candles: z.array(candle) })),
  /** Quotes and candles from the stand-ins for real upstreams. */
  live: z.object({
    quotes: z.record(z.string(), quote),
    candles: z.array(z.object({ path: z.string(), provider: z.string(), candles: z.array(candle) })),
  }),
  /** Simulated quotes. */
  demo: z.object({ quotes: z.record(z.string(), quote) }),
  /** Streams that had open sockets when the platform ended: an early position of a client and its last one. */
  streams: z.record(z.string(), z.object({ early: position, last: position.extend({ price: z.number() }) })),
  audit: z.array(z.object({ id: z.number(), actor: z.string(), action: z.string(), target: z.string() })),
  quality: z.array(z.object({ symbol: z.string(), check: z.string(), time: z.unknown() })),
});

export type Manifest = z.infer<typeof ManifestSchema>;

const FIXTURES = join(import.meta.dirname, "..", "..", "fixtures");

/** The folders of all kept states, the oldest version first. */
export function stateFixtures(): string[] {
  const names = readdirSync(FIXTURES).filter((name) => name.startsWith("state-"));
  return names.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map((name) => join(FIXTURES, name));
}

/** What a kept state holds. */
export function readManifest(fixture: string): Manifest {
  return ManifestSchema.parse(JSON.parse(readFileSync(join(fixture, "manifest.json"), "utf8")));
}
