/** The steps that bring a room's database up to date; only ever added to. */
const STEPS: readonly string[] = [
  `create table facts (name text primary key, value text not null) without rowid;
   create table quote (
     id integer primary key check (id = 1),
     body text not null
   );
   create table series (
     interval text primary key,
     provider text not null,
     adjustment text not null
   ) without rowid;
   create table candles (
     interval text not null,
     time integer not null,
     open real, high real, low real, close real, volume real,
     revision integer not null default 0,
     suspect integer not null default 0,
     primary key (interval, time)
   ) without rowid;`,
  `alter table series add column construction text not null default 'provider';
   alter table quote add column memory text;
   create table ingested (
     interval text not null,
     opens integer not null,
     closes integer not null,
     primary key (interval, opens)
   ) without rowid;`,
];

/** Creates or updates the tables of a room; cheap where nothing is to be done. */
export function prepareTables(storage: DurableObjectStorage): void {
  storage.sql.exec("create table if not exists steps (done integer not null)");
  const { done } = storage.sql.exec<{ done: number }>("select count(*) as done from steps").one();
  for (const [i, step] of STEPS.entries()) {
    if (i < done) continue;
    storage.transactionSync(() => {
      storage.sql.exec(step);
      storage.sql.exec("insert into steps (done) values (?)", i);
    });
  }
}
