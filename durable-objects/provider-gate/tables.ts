/** The steps that bring a gate's database up to date; only ever added to. */
const STEPS: readonly string[] = [
  `create table states (name text primary key, body text not null) without rowid;
   create table watches (
     symbol text primary key,
     listing text not null,
     until real not null,
     asked_at real
   ) without rowid;`,
];

/** Creates or updates the tables of a gate; cheap where nothing is to be done. */
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
