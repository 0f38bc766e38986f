import { afterEach, expect, test, vi } from "vitest";
import { instrumentOf } from "../../contracts/symbol.ts";
import { openDemandNote } from "../../durable-objects/symbol-room/demand-note.ts";
import { REFERENCE_SYMBOLS } from "../../storage/registry/reference-data.ts";

const [first] = REFERENCE_SYMBOLS;

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  [
    "cannot be begun with",
    () => {
      throw new Error("D1_ERROR: Network connection lost");
    },
  ],
  [
    "takes no writes",
    () => {
      const prepare = () => ({
        bind: () => ({ run: () => Promise.reject(new Error("D1_ERROR: read-only: SQLITE_READONLY")) }),
      });
      return { prepare, getBookmark: () => null };
    },
  ],
])("demand that a registry cannot record, which %s, fails no answer", async (_, withSession) => {
  const logged = vi.spyOn(console, "log").mockImplementation(() => {});
  const kept: Promise<void>[] = [];
  const database: D1Database = Object.assign(Object.create(null), { withSession });
  const note = openDemandNote(
    database,
    (work) => kept.push(work),
    () => "live",
  );
  note(instrumentOf(first));
  await expect(Promise.all(kept)).resolves.toHaveLength(1);
  expect(logged.mock.calls.join()).toContain("recording demand");
});
