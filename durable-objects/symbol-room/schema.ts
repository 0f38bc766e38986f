import { migrateSchema } from "../schema-steps.ts";

/**
 * Forgets the latest price of the simulator, and bars that wait to be published: no reader gets an older simulator's price as
 * the latest one. The events that were published stay, so that a subscriber with an older position gets all that it missed.
 */
export const FORGET_SIMULATION = `
  delete from untold_bars where exists (select 1 from quote where json_extract(body, '$.provider') = 'simulator');
  delete from quote where json_extract(body, '$.provider') = 'simulator';`;

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
  `create table events (
     slot integer primary key,
     seq integer not null,
     last integer not null,
     at real not null,
     body text not null
   );
   create table attendees (hub text primary key, wants text not null, until real not null) without rowid;
   create table deadlines (name text primary key, at real not null) without rowid;
   create table live_bars (interval text primary key, closed integer not null) without rowid;`,
  `create table untold_bars (number integer primary key, event text not null);
   create table bar_order (id integer primary key check (id = 1), last integer not null);`,
  FORGET_SIMULATION,
  // Alarms were named by words with blanks between them; they are JSON now.
  `update deadlines set name = case
     when name = 'audience' then '{"kind":"run-sessions"}'
     when name = 'lease' then '{"kind":"expire-leases"}'
     when name = 'push' then '{"kind":"retry-push"}'
     when name = 'tick' then '{"kind":"tick"}'
     when name = 'unwatch' then '{"kind":"stop-polling"}'
     when name = 'watch' then '{"kind":"renew-polling"}'
     when name like 'close %' then '{"kind":"close-bar","interval":"' || substr(name, 7) || '"}'
     when name like 'start %' then '{"kind":"start-bars","interval":"' || substr(name, 7) || '"}'
     when name like 'revise %' then '{"kind":"revise-bar","interval":"' || substr(name, 8, instr(substr(name, 8), ' ') - 1)
       || '","time":' || substr(name, 8 + instr(substr(name, 8), ' ')) || '}'
     else name end;`,
  // Candles know where they come from. Those that were there before have the origin 0: the one that `unmarked` names for their interval.
  `create table origins (
     id integer primary key autoincrement,
     provider text not null,
     import_id text,
     interval text,
     adjustment text not null,
     adjusted_as_of integer,
     construction text not null,
     volume_unit text,
     part integer not null,
     turn integer not null default 0
   );
   create table stretches (
     interval text not null,
     origin integer not null,
     first integer not null,
     last integer not null,
     primary key (interval, origin)
   ) without rowid;
   create table unmarked (interval text primary key, origin integer not null) without rowid;
   create table covered (
     interval text not null,
     time integer not null,
     origin integer not null,
     open real, high real, low real, close real, volume real,
     suspect integer not null,
     fetched_at integer,
     primary key (interval, time, origin)
   ) without rowid;
   create table fetched (
     source text not null,
     interval text not null,
     opens integer not null,
     closes integer not null,
     result text not null,
     again_at integer,
     pause integer not null default 0,
     primary key (source, interval, opens)
   ) without rowid;
   create table seams (
     interval text not null,
     one integer not null,
     other integer not null,
     agrees integer not null,
     primary key (interval, one, other)
   ) without rowid;
   alter table candles add column origin integer not null default 0;
   alter table candles add column fetched_at integer;
   insert into origins (provider, import_id, interval, adjustment, adjusted_as_of, construction, part)
     select provider,
       iif(provider = 'import', 'earlier-' || interval || '-' || replace(replace(coalesce(
         (select json_extract(value, '$.symbol') from facts where name = 'instrument'), ''), '/', '-'), ':', '-'), null),
       iif(provider = 'import', interval, null), adjustment,
       iif(provider = 'import' and adjustment <> 'raw',
         (select max(time) + 86400 from candles where candles.interval = series.interval), null),
       construction, 0
     from series;
   update origins set part = id, turn = id;
   insert into unmarked (interval, origin) select series.interval,
     (select min(id) from origins where origins.provider = series.provider and origins.adjustment = series.adjustment
       and origins.construction = series.construction and (origins.interval is null or origins.interval = series.interval))
     from series;
   insert into stretches (interval, origin, first, last) select interval, origin,
     (select min(time) from candles where candles.interval = unmarked.interval),
     (select max(time) from candles where candles.interval = unmarked.interval)
     from unmarked where exists (select 1 from candles where candles.interval = unmarked.interval);
   insert into fetched (source, interval, opens, closes, result)
     select provider, interval, opens, closes, 'answered' from ingested join series using (interval) where provider <> 'import';
   drop table ingested;
   drop table series;`,
];

/** Creates or updates the tables of a room. */
export const prepareTables = (storage: DurableObjectStorage): void => migrateSchema(storage, STEPS);
