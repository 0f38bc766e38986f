import { migrateSchema } from "../schema-steps.ts";

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

/** Creates or updates the tables of a gate. */
export const prepareTables = (storage: DurableObjectStorage): void => migrateSchema(storage, STEPS);
