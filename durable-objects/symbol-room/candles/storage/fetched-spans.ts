import type { ProviderName } from "../../../../contracts/provider.ts";
import type { Interval } from "../../../../core/interval.ts";
import { gapsIn, type Span } from "../../../../core/spans.ts";
import { type FetchedSpan, type FetchResult, joined, PAUSES, restsOf, type SpanRow } from "./fetched-span.ts";

/** Which stretches of each interval were asked of each source, what came of it, and when to ask again. */
export class FetchedSpans {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The stretches for which a source has given what it has, in ascending order. */
  answered(source: ProviderName, interval: Interval): Span[] {
    return joined(this.#rows(source, interval).filter(({ result }) => result === "answered"));
  }

  /** The stretches of an interval for which any source has given what it has. */
  answeredByAny(interval: Interval): Span[] {
    const rows = this.#sql.exec<{ opens: number; closes: number }>(
      "select opens, closes from fetched where interval = ? and result = 'answered' order by opens",
      interval,
    );
    return joined(rows.toArray());
  }

  /** The stretches for which a source had nothing or failed, and is not to be asked again yet. */
  waiting(source: ProviderName, interval: Interval, result: "empty" | "failed", now: number): Span[] {
    return joined(
      this.#rows(source, interval).filter(
        (row) => row.result === result && (row.again_at === null || row.again_at > now),
      ),
    );
  }

  /** Whether another source had nothing in all of a stretch either. */
  isEmptyElsewhere(source: ProviderName, interval: Interval, span: Span): boolean {
    const rows = this.#sql
      .exec<{ source: ProviderName; opens: number; closes: number }>(
        "select source, opens, closes from fetched where interval = ? and source <> ? and result = 'empty' order by opens",
        interval,
        source,
      )
      .toArray();
    const others = new Set(rows.map((row) => row.source));
    return [...others].some((other) => gapsIn(joined(rows.filter((row) => row.source === other)), span).length === 0);
  }

  /** Keeps that a source has given what it has in a stretch. */
  answer(source: ProviderName, interval: Interval, span: Span): void {
    this.#put(source, interval, span, "answered", null, 0);
  }

  /**
   * Keeps that a source had nothing in a stretch, or failed: it is asked again after a pause, twice as long as the one before.
   * @param least seconds that the source asked to wait; null where it did not say
   * @param isFinal whether it need not be asked again
   */
  owe(
    source: ProviderName,
    interval: Interval,
    span: Span,
    result: "empty" | "failed",
    now: number,
    least: number | null = null,
    isFinal = false,
  ): void {
    const { first, longest } = PAUSES[result];
    const before = Math.max(
      0,
      ...this.#touching(source, interval, span)
        .filter((row) => row.result === result && row.opens < span.to && row.closes > span.from)
        .map(({ pause }) => pause),
    );
    const pause = Math.max(before === 0 ? first : Math.min(2 * before, longest), least ?? 0);
    this.#put(source, interval, span, result, isFinal ? null : Math.ceil(now) + pause, isFinal ? 0 : pause);
  }

  /** Stretches to ask again for without a request, the most urgent first: what failed, and what was empty not for long. */
  due(now: number, limit: number): FetchedSpan[] {
    return this.#sql
      .exec<SpanRow & { source: ProviderName; interval: Interval }>(
        `select * from fetched where again_at <= ? and (result = 'failed' or (result = 'empty' and pause < ?))
           order by again_at limit ?`,
        now,
        PAUSES.empty.longest,
        limit,
      )
      .toArray()
      .map(({ source, interval, opens, closes, result, again_at, pause }) => {
        return { source, interval, from: opens, to: closes, result, againAt: again_at, pause };
      });
  }

  /** When something is due next, unix seconds; null if nothing is. */
  nextDue(): number | null {
    return this.#sql
      .exec<{ at: number | null }>(
        "select min(again_at) as at from fetched where result = 'failed' or (result = 'empty' and pause < ?)",
        PAUSES.empty.longest,
      )
      .one().at;
  }

  /** Forgets what was asked of any source of an interval in a stretch, so that it is asked again. */
  forget(interval: Interval, span: Span, only?: ProviderName): void {
    const sources = this.#sql
      .exec<{ source: ProviderName }>("select distinct source from fetched where interval = ?", interval)
      .toArray();
    for (const { source } of sources) {
      if (only !== undefined && source !== only) continue;
      const rows = this.#touching(source, interval, span);
      this.#delete(source, interval, rows);
      for (const row of rows) for (const rest of restsOf(row, span)) this.#insert(source, interval, rest, row);
    }
  }

  /** Forgets all that was asked of sources that are none any more. */
  forgetOthers(sources: readonly ProviderName[]): void {
    this.#sql.exec("delete from fetched where source not in (select value from json_each(?))", JSON.stringify(sources));
  }

  /** The intervals and sources of which anything was asked. */
  asked(): { source: ProviderName; interval: Interval }[] {
    return this.#sql
      .exec<{ source: ProviderName; interval: Interval }>("select distinct source, interval from fetched")
      .toArray();
  }

  #rows(source: ProviderName, interval: Interval): SpanRow[] {
    return this.#sql
      .exec<SpanRow>(
        "select opens, closes, result, again_at, pause from fetched where source = ? and interval = ? order by opens",
        source,
        interval,
      )
      .toArray();
  }

  #touching(source: ProviderName, interval: Interval, { from, to }: Span): SpanRow[] {
    return this.#sql
      .exec<SpanRow>(
        `select opens, closes, result, again_at, pause from fetched
           where source = ? and interval = ? and opens <= ? and closes >= ? order by opens`,
        source,
        interval,
        to,
        from,
      )
      .toArray();
  }

  #put(
    source: ProviderName,
    interval: Interval,
    span: Span,
    result: FetchResult,
    againAt: number | null,
    pause: number,
  ): void {
    if (span.to <= span.from) return;
    const rows = this.#touching(source, interval, span);
    this.#delete(source, interval, rows);
    let { from, to } = span;
    for (const row of rows) {
      if (row.result === result && row.again_at === againAt) {
        from = Math.min(from, row.opens);
        to = Math.max(to, row.closes);
      } else for (const rest of restsOf(row, span)) this.#insert(source, interval, rest, row);
    }
    this.#insert(source, interval, { from, to }, { result, again_at: againAt, pause });
  }

  #delete(source: ProviderName, interval: Interval, rows: readonly SpanRow[]): void {
    for (const { opens } of rows) {
      this.#sql.exec("delete from fetched where source = ? and interval = ? and opens = ?", source, interval, opens);
    }
  }

  #insert(
    source: ProviderName,
    interval: Interval,
    { from, to }: Span,
    { result, again_at, pause }: Pick<SpanRow, "result" | "again_at" | "pause">,
  ): void {
    this.#sql.exec(
      "insert or replace into fetched (source, interval, opens, closes, result, again_at, pause) values (?, ?, ?, ?, ?, ?, ?)",
      source,
      interval,
      from,
      to,
      result,
      again_at,
      pause,
    );
  }
}
