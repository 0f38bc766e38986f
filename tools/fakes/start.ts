import { UPSTREAMS, type Upstream } from "../../providers/catalogue.ts";
import { fakeAlphaVantage } from "./alpha-vantage.ts";
import { fakeBinance } from "./binance.ts";
import { fakeCoinGecko } from "./coingecko.ts";
import { fakeJse } from "./jse.ts";
import { type FakeServer, startFakeServer } from "./server.ts";

export const FAKES = UPSTREAMS;

export type FakeName = Upstream;

/** The four upstreams, running. */
export interface Fakes {
  servers: Record<FakeName, FakeServer>;
  /** What a Worker is started with to ask them. */
  variables: Record<string, string>;
  /** Makes an upstream misbehave from now on; an empty list ends it. */
  misbehave(name: FakeName, faults: readonly object[], seed?: number): Promise<void>;
  close(): Promise<void>;
}

/** How the upstreams are started. */
export interface FakesOptions {
  /** Of each upstream; any free one where it is not said. */
  ports?: Partial<Record<FakeName, number>>;
  /** Unix seconds; the present where it is not said. */
  now?: () => number;
}

/** Starts all four upstreams on this machine's loopback. */
export async function startFakes({ ports = {}, now = () => Date.now() / 1000 }: FakesOptions = {}): Promise<Fakes> {
  const start = (name: FakeName, upstream: Parameters<typeof startFakeServer>[0]) =>
    startFakeServer(upstream, { port: ports[name] ?? 0, now });
  const servers = {
    binance: await start("binance", fakeBinance),
    coingecko: await start("coingecko", fakeCoinGecko),
    alpha_vantage: await start("alpha_vantage", fakeAlphaVantage),
    jse: await start("jse", fakeJse),
  };
  return {
    servers,
    variables: {
      BINANCE_BASE_URL: servers.binance.url,
      COINGECKO_BASE_URL: `${servers.coingecko.url}/api/v3`,
      COINGECKO_PLAN: "pro",
      COINGECKO_API_KEY: "fake",
      ALPHA_VANTAGE_BASE_URL: servers.alpha_vantage.url,
      ALPHA_VANTAGE_PLAN: "realtime",
      ALPHA_VANTAGE_CALLS_PER_MINUTE: "600",
      ALPHA_VANTAGE_API_KEY: "fake",
      JSE_BASE_URL: servers.jse.url,
      JSE_API_KEY: "fake",
      JSE_HISTORY: "true",
    },
    async misbehave(name, faults, seed) {
      const body = JSON.stringify({ faults, seed });
      const response = await fetch(`${servers[name].url}/control`, { method: "POST", body });
      if (!response.ok) throw new Error(`${name} refused: ${await response.text()}`);
    },
    async close() {
      await Promise.all(Object.values(servers).map((server) => server.close()));
    },
  };
}
