/**
 * Brings an object's database up to date; cheap where nothing is to be done.
 * @param steps statements in the order in which they came to be; a list that is only ever added to
 */
export function migrateSchema(storage: DurableObjectStorage, steps: readonly string[]): void {
  storage.sql.exec("create table if not exists steps (done integer not null)");
  const { done } = storage.sql.exec<{ done: number }>("select count(*) as done from steps").one();
  for (const [i, step] of steps.entries()) {
    if (i < done) continue;
    storage.transactionSync(() => {
      storage.sql.exec(step);
      storage.sql.exec("insert into steps (done) values (?)", i);
    });
  }
}
