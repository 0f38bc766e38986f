import { readdirSync, readFileSync } from "node:fs";
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from "drizzle-kit/api";
import { expect, test } from "vitest";
import { z } from "zod";
import * as schema from "../../storage/schema.ts";

const META = new URL("../../migrations/meta/", import.meta.url);

type Snapshot = Awaited<ReturnType<typeof generateSQLiteDrizzleJson>>;

const snapshots = (): Snapshot[] =>
  readdirSync(META)
    .filter((name) => name.endsWith("_snapshot.json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, META), "utf8")));

test("the last snapshot is the schema: `npm run migrations` has nothing to generate", async () => {
  const last = snapshots().at(-1);
  if (!last) throw new Error("there is no snapshot");
  const now = await generateSQLiteDrizzleJson({ ...schema }, last.id);
  expect(await generateSQLiteMigration(last, now)).toEqual([]);
  const { demand: _, ...less } = schema;
  expect(await generateSQLiteMigration(last, await generateSQLiteDrizzleJson(less, last.id))).toEqual([
    "DROP TABLE `demand`;",
  ]);
});

test("each entry of the journal has a snapshot, and each snapshot names the one before", () => {
  const { entries } = z
    .object({ entries: z.array(z.object({ tag: z.string(), when: z.number() })) })
    .parse(JSON.parse(readFileSync(new URL("_journal.json", META), "utf8")));
  const all = snapshots();
  expect(all.length).toBe(entries.length);
  expect(all.slice(1).map(({ prevId }) => prevId)).toEqual(all.slice(0, -1).map(({ id }) => id));
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(entries.map(({ when }) => when)).toEqual(entries.map(({ when }) => when).toSorted((a, b) => a - b));
});
