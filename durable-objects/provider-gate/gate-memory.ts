import { z } from "zod";
import { ENDPOINT_GROUPS, type EndpointGroup } from "../../contracts/provider.ts";
import { BREAKER_STATES, type Breaker, NEW_BREAKER } from "../../core/scheduling/circuit-breaker.ts";
import { NO_SPEND, type Spent } from "../../core/scheduling/token-bucket.ts";
import type { FailureReason } from "../../providers/provider.ts";
import type { Cooldowns } from "./cooldowns.ts";

/** How a family of endpoints has fared. Times are unix seconds. */
export interface GroupRecord {
  breaker: Breaker;
  lastSuccessAt: number | null;
  lastFailure: { at: number; reason: FailureReason } | null;
}

/** What a gate knows of its upstream; it outlives the object's memory. */
export interface GateMemory {
  readonly spent: Spent;
  readonly cooldowns: Cooldowns;
  group(group: EndpointGroup): GroupRecord;
  saveSpent(spent: Spent): void;
  saveCooldowns(cooldowns: Cooldowns): void;
  saveGroup(group: EndpointGroup, record: GroupRecord): void;
}

/** Each reason, once; the compiler ensures that none is left out. */
const REASONS = {
  throttled: "throttled",
  quota_spent: "quota_spent",
  premium_only: "premium_only",
  demo_key: "demo_key",
  bad_key: "bad_key",
  blocked: "blocked",
  unknown_notice: "unknown_notice",
  bad_call: "bad_call",
  unknown_symbol: "unknown_symbol",
  unsupported: "unsupported",
  timeout: "timeout",
  unreachable: "unreachable",
  server_error: "server_error",
  bad_answer: "bad_answer",
  not_configured: "not_configured",
} as const satisfies { [Reason in FailureReason]: Reason };

const time = z.number();
const slots = z.array(z.object({ slot: z.number().int(), calls: z.number().int() }));
const reason = z.enum(REASONS);

const SpentSchema = z.object({ second: slots, minute: slots, day: slots }) satisfies z.ZodType<Spent>;

const CooldownsSchema = z.record(
  z.string(),
  z.object({ reason, until: time, since: time.optional(), streak: z.number().int() }),
) satisfies z.ZodType<Cooldowns>;

const GroupSchema = z.object({
  breaker: z.object({
    state: z.enum(BREAKER_STATES),
    outcomes: z.array(z.boolean()),
    trips: z.number().int(),
    until: time,
    closedAt: time,
  }),
  lastSuccessAt: time.nullable(),
  lastFailure: z.object({ at: time, reason }).nullable(),
}) satisfies z.ZodType<GroupRecord>;

const INITIAL_RECORD: GroupRecord = { breaker: NEW_BREAKER, lastSuccessAt: null, lastFailure: null };

/** Where all is well, the time of the last success is worth a write this often (seconds). */
const SUCCESS_WRITE_INTERVAL_SECONDS = 10;

/** What a gate knows of its upstream; it outlives the object's memory. */
export class SqlGateMemory implements GateMemory {
  readonly #sql: SqlStorage;
  #spent: Spent;
  #cooldowns: Cooldowns;
  readonly #stored: Map<EndpointGroup, GroupRecord>;
  readonly #written: Map<EndpointGroup, GroupRecord>;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#spent = this.#read("spent", SpentSchema, NO_SPEND);
    this.#cooldowns = this.#read("blocks", CooldownsSchema, {});
    this.#stored = new Map(ENDPOINT_GROUPS.map((family) => [family, this.#read(family, GroupSchema, INITIAL_RECORD)]));
    this.#written = new Map(this.#stored);
  }

  get spent(): Spent {
    return this.#spent;
  }

  get cooldowns(): Cooldowns {
    return this.#cooldowns;
  }

  group(group: EndpointGroup): GroupRecord {
    return this.#groupOf(this.#stored, group);
  }

  saveSpent(next: Spent): void {
    this.#spent = next;
    this.#write("spent", next);
  }

  saveCooldowns(next: Cooldowns): void {
    if (next === this.#cooldowns) return;
    this.#cooldowns = next;
    this.#write("blocks", next);
  }

  saveGroup(group: EndpointGroup, next: GroupRecord): void {
    this.#stored.set(group, next);
    const before = this.#groupOf(this.#written, group);
    const isOtherwiseUnchanged = before.breaker === next.breaker && before.lastFailure === next.lastFailure;
    const sinceWritten = (next.lastSuccessAt ?? 0) - (before.lastSuccessAt ?? 0);
    if (isOtherwiseUnchanged && sinceWritten < SUCCESS_WRITE_INTERVAL_SECONDS) return;
    this.#written.set(group, next);
    this.#write(group, next);
  }

  #read<T>(name: string, schema: z.ZodType<T>, fallback: T): T {
    const row = this.#sql.exec<{ body: string }>("select body from states where name = ?", name).toArray()[0];
    return row ? schema.parse(JSON.parse(row.body)) : fallback;
  }

  #write(name: string, state: unknown): void {
    this.#sql.exec("insert or replace into states (name, body) values (?, ?)", name, JSON.stringify(state));
  }

  #groupOf(records: Map<EndpointGroup, GroupRecord>, group: EndpointGroup) {
    return records.get(group) ?? INITIAL_RECORD;
  }
}
