import { DurableObject } from "cloudflare:workers";
import {
  consume,
  EMPTY_USAGE,
  type GrantRate,
  grantFor,
  HOLDER_EXPIRY_SECONDS,
  leftOf,
  type Quota,
  type Resets,
  refund,
  resetsOf,
  rollWindow,
  type Unspent,
  type Usage,
} from "../../core/scheduling/quota.ts";
import { MINUTE } from "../../core/time.ts";
import { setAlarmNoLaterThan } from "../rpc/alarm.ts";
import { StreamShares, type StreamUse } from "./stream-shares.ts";
import { ADDRESS_METERS } from "./stream-use.ts";

/** What a holder of tokens asks for. */
export interface LeaseRequest {
  /** The holder's own name; each isolate is one. */
  holder: string;
  /** What the key may use. */
  quota: Quota;
  /** Tokens that are needed now: all of them or none are given. */
  cost: number;
  /** Whether a block is wanted besides, to be spent without asking. */
  ahead: boolean;
  /** What the holder has left of an earlier lease and returns. */
  unspent: Unspent | null;
}

/** What a key has used and has left. */
export interface QuotaState {
  left: Quota;
  resets: Resets;
}

/** What a holder gets: `granted` tokens of the minute `minute`, or none where the cost was more than what is left. */
export interface LeaseReply extends QuotaState {
  granted: number;
  minute: number;
}

/** The meter of an address forgets everything when it has not been asked for this long (seconds). */
const IDLE_SECONDS = 3_600;

/**
 * Counts what one caller uses, exactly: units of a key or an address, and what its streams use over all objects. It is named by the
 * key's prefix, or `address:` and the network. Tokens are given out in blocks, so that most requests ask no one; what is given out
 * counts as used until it comes back. No window ever grants more than its quota. There is no end of addresses: what is kept of one
 * goes when it has been idle for an hour.
 */
export class UsageMeter extends DurableObject<Env> {
  #usage: Usage = EMPTY_USAGE;
  #isPrepared = false;
  #streamShares: StreamShares | null = null;
  /** By holder; those that have gone silent are forgotten. Losing it with the memory makes a few blocks smaller. */
  readonly #grantRates = new Map<string, GrantRate>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    this.#isPrepared = sql.exec("select 1 from sqlite_master where name = 'usage'").toArray().length > 0;
    if (!this.#isPrepared) return;
    const [row] = sql
      .exec<{ minute: number; used_in_minute: number; day: number; used_in_day: number }>("select * from usage")
      .toArray();
    if (row)
      this.#usage = { minute: row.minute, usedInMinute: row.used_in_minute, day: row.day, usedInDay: row.used_in_day };
  }

  /** Forgets an address that has been idle; one that has not is looked at again later. */
  override async alarm(): Promise<void> {
    const now = Date.now() / 1000;
    const isIdle = now - this.#usage.minute * MINUTE > IDLE_SECONDS && !this.#shares().isUsed(now);
    if (!isIdle) return this.ctx.storage.setAlarm((now + IDLE_SECONDS) * 1000);
    await this.ctx.storage.deleteAll();
    this.#usage = EMPTY_USAGE;
    this.#isPrepared = false;
    this.#streamShares = null;
  }

  /** Grants tokens, and takes back what is unspent. */
  lease(request: LeaseRequest): LeaseReply {
    const now = Date.now() / 1000;
    let usage = rollWindow(this.#usage, now);
    if (request.unspent) usage = refund(usage, request.unspent);
    const left = leftOf(usage, request.quota);
    const granted =
      request.cost > Math.min(left.minute, left.day) ? 0 : request.cost + this.#prefetchGrant(request, left, now);
    this.#save(consume(usage, granted));
    return { granted, minute: this.#usage.minute, ...this.quotaState(request.quota) };
  }

  /** What has been given out and what is left. */
  quotaState(quota: Quota): QuotaState {
    const usage = rollWindow(this.#usage, Date.now() / 1000);
    return { left: leftOf(usage, quota), resets: resetsOf(usage) };
  }

  /** Takes note of what the caller uses in an object that holds sockets; returns what it uses in all of them. */
  reportStreams(object: string, use: StreamUse): StreamUse {
    this.#scheduleForgetting();
    return this.#shares().report(object, use, Date.now() / 1000);
  }

  /** Does nothing, to show that meters answer. */
  ping(): void {}

  #prefetchGrant({ holder, quota, cost, ahead }: LeaseRequest, left: Quota, now: number): number {
    for (const [name, { at }] of this.#grantRates) if (now - at > HOLDER_EXPIRY_SECONDS) this.#grantRates.delete(name);
    const rate = this.#grantRates.get(holder) ?? null;
    if (!ahead) {
      // What many ask for one by one at the same time, one block should have held.
      if (rate) this.#grantRates.set(holder, { at: now, grant: rate.grant + cost });
      return 0;
    }
    const remaining = { minute: left.minute - cost, day: left.day - cost };
    const grant = grantFor(rate, now, remaining, quota, this.#grantRates.size + (rate ? 0 : 1));
    this.#grantRates.set(holder, { at: now, grant });
    return grant;
  }

  #shares(): StreamShares {
    this.#streamShares ??= new StreamShares(this.ctx.storage.sql);
    return this.#streamShares;
  }

  /** Has an address's meter forget in time; a key's remembers. */
  #scheduleForgetting(): void {
    if (!this.ctx.id.name?.startsWith(ADDRESS_METERS)) return;
    this.ctx.waitUntil(setAlarmNoLaterThan(this.ctx.storage, Date.now() / 1000 + IDLE_SECONDS));
  }

  #save(usage: Usage): void {
    this.#usage = usage;
    const { sql } = this.ctx.storage;
    if (!this.#isPrepared) {
      sql.exec(
        "create table if not exists usage (minute integer, used_in_minute integer, day integer, used_in_day integer)",
      );
      this.#isPrepared = true;
      this.#scheduleForgetting();
    }
    sql.exec(
      "insert or replace into usage (rowid, minute, used_in_minute, day, used_in_day) values (1, ?, ?, ?, ?)",
      ...[usage.minute, usage.usedInMinute, usage.day, usage.usedInDay],
    );
  }
}
