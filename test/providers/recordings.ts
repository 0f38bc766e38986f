/**
 * What upstreams really answered. The files belong to others: they stand beside the project, not in it, and may be absent.
 */
const FILES = import.meta.glob<string>("../../../shared/data/providers/{alpha_vantage,binance,coingecko,jse}/*.json", {
  query: "?raw",
  import: "default",
});

/** Whether the recordings are there; tests that need them are skipped where not. */
export const recordingsAreThere: boolean = Object.keys(FILES).length > 0;

/** What a skipped group of tests says. */
export const RECORDED = "as recorded (skipped without ../shared/data/providers)";

/** The text of a recording, such as `binance/rest_klines_BTCUSDT_1m.recorded.json`. */
export async function recording(name: string): Promise<string> {
  const file = Object.entries(FILES).find(([path]) => path.endsWith(`/providers/${name}`));
  if (!file) throw new Error(`there is no ${name} in ../shared/data/providers`);
  return file[1]();
}
