import type { Instrument } from "../../../contracts/symbol.ts";
import type { Subscription } from "../protocol/subscription.ts";
import { prepareSubscriptionTables } from "./subscription-schema.ts";

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

/** What an audience remembers: who is subscribed to what, the registry rows of those symbols, the number of the last heartbeat. */
export interface SubscriptionStore {
  subscriptions(): Map<string, StoredSubscriptions>;
  saveSubscriptions(connection: string, subscriptions: readonly Subscription[]): void;
  deleteConnection(connection: string): void;
  instruments(): Instrument[];
  saveInstrument(instrument: Instrument): void;
  deleteSymbol(symbol: string): void;
  /** The state of each symbol that clients were told last. */
  reportedStates(): Map<string, string>;
  saveReportedState(symbol: string, state: string): void;
  lastHeartbeat(): HeartbeatMark;
  saveHeartbeat(mark: HeartbeatMark): void;
}

/** Opens the store; nothing is read before it is asked for. */
export function openSubscriptionStore(sql: SqlStorage): SubscriptionStore {
  prepareSubscriptionTables(sql);
  const rows = <T extends Record<string, SqlStorageValue>>(query: string): T[] => sql.exec<T>(query).toArray();
  let last: HeartbeatMark | undefined;
  const lastHeartbeat = (): HeartbeatMark => {
    last ??= rows<{ beat: number; at: number }>("select beat, at from audience_beat")[0] ?? { beat: 0, at: 0 };
    return last;
  };
  return {
    subscriptions() {
      const kept = rows<{ id: string; subscriptions: string; beat: number }>("select * from audience_sockets");
      return new Map(kept.map((row) => [row.id, { subscriptions: JSON.parse(row.subscriptions), beat: row.beat }]));
    },
    saveSubscriptions(connection, subscriptions) {
      const body = JSON.stringify(subscriptions);
      sql.exec(
        "insert or replace into audience_sockets (id, subscriptions, beat) values (?, ?, ?)",
        connection,
        body,
        lastHeartbeat().beat,
      );
    },
    deleteConnection(connection) {
      sql.exec("delete from audience_sockets where id = ?", connection);
    },
    instruments: () =>
      rows<{ instrument: string }>("select instrument from audience_symbols").map((row) => JSON.parse(row.instrument)),
    saveInstrument(instrument) {
      const body = JSON.stringify(instrument);
      sql.exec(
        `insert into audience_symbols (symbol, instrument, told) values (?, ?, '')
         on conflict (symbol) do update set instrument = excluded.instrument`,
        instrument.symbol,
        body,
      );
    },
    deleteSymbol(symbol) {
      sql.exec("delete from audience_symbols where symbol = ?", symbol);
    },
    reportedStates() {
      const kept = rows<{ symbol: string; told: string }>("select symbol, told from audience_symbols");
      return new Map(kept.map((row) => [row.symbol, row.told]));
    },
    saveReportedState(symbol, state) {
      sql.exec("update audience_symbols set told = ? where symbol = ?", state, symbol);
    },
    lastHeartbeat,
    saveHeartbeat(next) {
      last = next;
      sql.exec("insert or replace into audience_beat (id, beat, at) values (1, ?, ?)", next.beat, next.at);
    },
  };
}
