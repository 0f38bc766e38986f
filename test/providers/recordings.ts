/**
 * What upstreams really answered. Some are in the project, under licences that allow it (test/fixtures/data/ORIGINS.md); others belong to
 * others and stand beside it, in `../shared/data`, or are absent.
 */
const FILES: Readonly<Record<string, string>> = import.meta.glob(
  [
    "../fixtures/data/providers/*/*.json",
    "../../../shared/data/providers/{alpha_vantage,binance,coingecko,jse}/*.json",
  ],
  { query: "?raw", import: "default", eager: true },
);

const find = (name: string): string | undefined =>
  Object.entries(FILES).find(([path]) => path.endsWith(`/providers/${name}`))?.[1];

/** Whether a recording is there; a test of one that is not in the project is skipped without it. */
export const hasRecording = (name: string): boolean => find(name) !== undefined;

/** The text of a recording, such as `binance/rest_klines_BTCUSDT_1m.recorded.json`. */
export function recording(name: string): string {
  const text = find(name);
  if (text === undefined) throw new Error(`There is no recording ${name}.`);
  return text;
}
