import type { Instrument } from "../../../contracts/symbol.ts";
import type { Subscription } from "../protocol/subscription.ts";

/** Creates the tables of a hub; a room's stand beside its own. Subscriptions are kept, positions are not. */
function prepareSubscriptionTables(sql: SqlStorage): void {
  sql.exec(`
    create table if not exists audience_sockets (
      id text primary key, subscriptions text not null, beat integer not null
    ) without rowid;
    create table if not exists audience_symbols (
      symbol text primary key, instrument text not null, told text not null
    ) without rowid;
    create table if not exists audience_beat (id integer primary key check (id = 1), beat integer not null, at real not null);
  `);
}

/** A heartbeat's number, and when it was, in unix seconds. */
export interface HeartbeatMark {
  beat: number;
  at: number;
}

/** What a socket is subscribed to, and the last heartbeat before that changed. */
export interface StoredSubscriptions {
  subscriptions: Subscription[];
  beat: number;
}

/** What a hub remembers: who is subscribed to what, the registry rows of those symbols, the number of the last heartbeat. */
export class SubscriptionStore {
  readonly #sql: SqlStorage;
  #last: HeartbeatMark | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    prepareSubscriptionTables(this.#sql);
  }

  subscriptions(): Map<string, StoredSubscriptions> {
    const kept = this.#rows<{ id: string; subscriptions: string; beat: number }>("select * from audience_sockets");
    return new Map(kept.map((row) => [row.id, { subscriptions: JSON.parse(row.subscriptions), beat: row.beat }]));
  }

  saveSubscriptions(connection: string, subscriptions: readonly Subscription[]): void {
    const body = JSON.stringify(subscriptions);
    this.#sql.exec(
      "insert or replace into audience_sockets (id, subscriptions, beat) values (?, ?, ?)",
      connection,
      body,
      this.lastHeartbeat().beat,
    );
  }

  deleteConnection(connection: string): void {
    this.#sql.exec("delete from audience_sockets where id = ?", connection);
  }

  instruments(): Instrument[] {
    return this.#rows<{ instrument: string }>("select instrument from audience_symbols").map((row) =>
      JSON.parse(row.instrument),
    );
  }

  saveInstrument(instrument: Instrument): void {
    const body = JSON.stringify(instrument);
    this.#sql.exec(
      `insert into audience_symbols (symbol, instrument, told) values (?, ?, '')
         on conflict (symbol) do update set instrument = excluded.instrument`,
      instrument.symbol,
      body,
    );
  }

  deleteSymbol(symbol: string): void {
    this.#sql.exec("delete from audience_symbols where symbol = ?", symbol);
  }

  /** The state of each symbol that clients were sent last. */
  reportedStates(): Map<string, string> {
    const kept = this.#rows<{ symbol: string; state: string }>("select symbol, told as state from audience_symbols");
    return new Map(kept.map((row) => [row.symbol, row.state]));
  }

  saveReportedState(symbol: string, state: string): void {
    this.#sql.exec("update audience_symbols set told = ? where symbol = ?", state, symbol);
  }

  lastHeartbeat(): HeartbeatMark {
    this.#last ??= this.#rows<{ beat: number; at: number }>("select beat, at from audience_beat")[0] ?? {
      beat: 0,
      at: 0,
    };
    return this.#last;
  }

  saveHeartbeat(next: HeartbeatMark): void {
    this.#last = next;
    this.#sql.exec("insert or replace into audience_beat (id, beat, at) values (1, ?, ?)", next.beat, next.at);
  }

  #rows<T extends Record<string, SqlStorageValue>>(query: string): T[] {
    return this.#sql.exec<T>(query).toArray();
  }
}
