/** Creates the tables of an hub; a room's stand beside its own. Subscriptions are kept, positions are not. */
export function prepareSubscriptionTables(sql: SqlStorage): void {
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
