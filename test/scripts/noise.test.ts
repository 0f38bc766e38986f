import fc from "fast-check";
import { expect, test } from "vitest";
import { createNoiseFilter } from "../../scripts/start/noise.ts";

const OUTPUT = `
 ⛅️ wrangler 4.155.0 (update available 4.164.0)
[custom build] Running: node scripts/build-assets.mjs

❓ Your types might be out of date. Re-run \`wrangler types\` to ensure your types are correct.
▲ [WARNING] Scheduled Workers are not automatically triggered during local development.

  To manually trigger a scheduled event, run:
    curl "http://127.0.0.1:8787/cdn-cgi/local/scheduled"
  For more details, see https://developers.cloudflare.com/workers/configuration/cron-triggers/#test-cron-triggers-locally

[wrangler:info] GET /ready 200 OK (12ms)
[wrangler:info] GET /cdn-cgi/handler/scheduled 200 OK (12ms)
[wrangler:info] GET /cdn-cgi/handler/scheduled 500 Internal Server Error (12ms)
[wrangler:info] GET /quotes/BTC/USDT 200 OK (12ms)
{"level":"warn","message":"a usage meter does not answer"}
✘ [ERROR] Uncaught exception`;

const SHOWN = `
 ⛅️ wrangler 4.155.0
[custom build] Running: node scripts/build-assets.mjs


[wrangler:info] GET /cdn-cgi/handler/scheduled 500 Internal Server Error (12ms)
[wrangler:info] GET /quotes/BTC/USDT 200 OK (12ms)
{"level":"warn","message":"a usage meter does not answer"}
✘ [ERROR] Uncaught exception`;

test("what a server prints is shown but for what means nothing, in whatever parts it comes", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(OUTPUT.length)), (cuts) => {
      const filter = createNoiseFilter();
      const ends = [...cuts].sort((a, b) => a - b).concat(OUTPUT.length);
      const shown = ends.map((end, i) => filter(OUTPUT.slice(ends[i - 1] ?? 0, end))).join("");
      expect(shown + filter(null)).toBe(SHOWN);
    }),
  );
});

test("a warning that does not end as it did hides no more than some lines", () => {
  const filter = createNoiseFilter();
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join("");
  const shown = filter(`Scheduled Workers are not automatically triggered\n${lines}`);
  expect(shown).toContain("line 9\n");
  expect(shown).toContain("line 19\n");
});
