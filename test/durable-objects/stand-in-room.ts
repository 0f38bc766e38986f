import type { StoredQuote } from "../../contracts/quote.ts";
import type { Interval } from "../../core/interval.ts";
import { marketOf } from "../../core/market-calendar/markets.ts";
import { quoteAt } from "../../core/quotes/quote-at.ts";
import type {
  BarReplay,
  Interest,
  Lease,
  QuotePosition,
  QuoteReplay,
  RejectedIndicator,
  RoomClient,
  SymbolEvent,
} from "../../durable-objects/symbol-events/symbol-events.ts";
import { freshnessPolicyOf } from "../../providers/freshness-policy.ts";

type QuoteEvent = Extract<SymbolEvent, { channel: "quotes" }>;

const LEASE_SECONDS = 90;

/** Seqs that a symbol's quotes reach the hub with, and everything that was asked. */
export class StandInRoom implements RoomClient {
  epoch = "e1";
  readonly interests = new Map<string, Interest>();
  readonly renewals: string[] = [];
  readonly resumeRequests: { symbol: string; since: QuotePosition | null }[] = [];
  /** Resolves before an answer is given, so that events can come in between. */
  beforeReply: () => Promise<void> = async () => {};
  /** Resolves before a lease is noted. */
  beforeRenewal: (interest: Interest) => Promise<void> = async () => {};
  /** Indicators that it does not deliver. */
  refused: RejectedIndicator[] = [];
  /** Symbols whose feed fails. */
  readonly broken = new Set<string>();
  /** The first seq that is still kept. */
  oldestSeq = 1;
  expectedInterval = 60;
  readonly closedBars: { time: number; text: string }[] = [];
  private readonly lastEventAt = new Map<string, string>();
  private readonly logs = new Map<string, QuoteEvent[]>();

  /** Makes the next event of a symbol, without publishing it. */
  next(symbol: string): QuoteEvent {
    const log = this.logs.get(symbol) ?? [];
    this.logs.set(symbol, log);
    const seq = (log.at(-1)?.seq ?? 0) + 1;
    const data = quoteOf(symbol, this.epoch, seq);
    const timestamp = new Date().toISOString();
    const text = JSON.stringify({ type: "market_data", symbol, epoch: this.epoch, seq, data, timestamp });
    const event: QuoteEvent = { channel: "quotes", epoch: this.epoch, seq, text };
    log.push(event);
    this.lastEventAt.set(symbol, timestamp);
    return event;
  }

  /** Begins a new epoch, as a room does that has lost its log. */
  resetEpoch(epoch: string): void {
    this.epoch = epoch;
    this.logs.clear();
  }

  async renewLease(symbol: string, interest: Interest): Promise<Lease> {
    if (this.broken.has(symbol)) throw new Error("the stand-in is broken");
    await this.beforeRenewal(interest);
    this.renewals.push(symbol);
    this.interests.set(symbol, interest);
    return {
      position: this.position(symbol),
      lastEventAt: this.lastEventAt.get(symbol) ?? null,
      exchange: "BINANCE",
      expectedInterval: this.expectedInterval,
      until: Date.now() / 1000 + LEASE_SECONDS,
      refused: this.refused,
    };
  }

  async replayQuotes(symbol: string, since: QuotePosition | null): Promise<QuoteReplay> {
    this.resumeRequests.push({ symbol, since });
    const log = this.logs.get(symbol) ?? [];
    const position = this.position(symbol);
    const missed = since === null ? [] : log.filter(({ seq }) => seq > since.seq);
    const isKnown = since !== null && since.epoch === this.epoch && since.seq <= position.seq;
    const recovered = since === null ? null : isKnown && since.seq + 1 >= this.oldestSeq;
    const answer: QuoteReplay = {
      position,
      recovered,
      missed: recovered ? missed.map(({ text }) => text) : [],
      snapshot: recovered || position.seq === 0 ? null : JSON.stringify(quoteOf(symbol, this.epoch, position.seq)),
    };
    await this.beforeReply();
    return answer;
  }

  async replayCandles(_symbol: string, _interval: Interval, since: number | null): Promise<BarReplay> {
    return this.missedBars(since);
  }

  async replayIndicators(
    _symbol: string,
    _interval: Interval,
    specs: readonly string[],
    since: number | null,
  ): Promise<BarReplay[]> {
    return Promise.all(specs.map(() => this.missedBars(since)));
  }

  private async missedBars(since: number | null): Promise<BarReplay> {
    const time = this.closedBars.at(-1)?.time ?? null;
    const missed = this.closedBars.filter((bar) => since !== null && bar.time > since).map(({ text }) => text);
    await this.beforeReply();
    return { time, recovered: since === null ? null : true, missed };
  }

  private position(symbol: string): QuotePosition {
    return { epoch: this.epoch, seq: this.logs.get(symbol)?.at(-1)?.seq ?? 0 };
  }
}

function quoteOf(symbol: string, epoch: string, seq: number) {
  const now = Date.now();
  const stored: StoredQuote = {
    ...{ symbol, price: 100 + seq, change: null, change_percent: null, open: null, high: null, low: null },
    ...{ previous_close: null, volume: null, market_cap: null, bid: null, ask: null, window: "24h" },
    ...{ currency: "USDT", price_unit: "USDT", volume_unit: "base", exchange: "BINANCE", price_basis: "exchange" },
    ...{ timestamp: new Date(now).toISOString(), received_at: new Date(now).toISOString() },
    ...{ provider: "simulator", simulated: true, epoch, seq },
  };
  return quoteAt(stored, freshnessPolicyOf("simulator"), marketOf("BINANCE"), now / 1000);
}
