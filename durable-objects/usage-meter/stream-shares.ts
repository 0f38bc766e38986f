import { isWithin } from "../../core/time.ts";

/** What a caller uses in one object that holds sockets, or in all of them. */
export interface StreamUse {
  sockets: number;
  /** Characters that were written to these sockets and are not acknowledged. */
  bytes: number;
}

/** Seconds after which an object that does not report again is forgotten: it reports with each heartbeat. */
const EXPIRES_AFTER = 120;

/** What one caller uses of streams, by the object that reports it; in the database, for a meter that is not asked for a while loses its memory. */
export class StreamShares {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#sql.exec(
      "create table if not exists stream_shares (object text primary key, sockets integer not null, bytes integer not null, at real not null) without rowid",
    );
  }

  /**
   * Takes note of what the caller uses in an object; returns what it uses in all of them.
   * @param now unix seconds
   */
  report(object: string, { sockets, bytes }: StreamUse, now: number): StreamUse {
    if (sockets === 0) this.#sql.exec("delete from stream_shares where object = ?", object);
    else {
      this.#sql.exec(
        "insert or replace into stream_shares (object, sockets, bytes, at) values (?, ?, ?, ?)",
        ...[object, sockets, bytes, now],
      );
    }
    const total = { sockets: 0, bytes: 0 };
    const rows = this.#sql
      .exec<{ object: string; sockets: number; bytes: number; at: number }>("select * from stream_shares")
      .toArray();
    for (const row of rows) {
      if (!isWithin(EXPIRES_AFTER, row.at, now)) {
        this.#sql.exec("delete from stream_shares where object = ?", row.object);
        continue;
      }
      total.sockets += row.sockets;
      total.bytes += row.bytes;
    }
    return total;
  }

  /** Whether an object has reported something lately. */
  isUsed(now: number): boolean {
    const rows = this.#sql.exec<{ at: number }>("select at from stream_shares").toArray();
    return rows.some(({ at }) => isWithin(EXPIRES_AFTER, at, now));
  }
}
