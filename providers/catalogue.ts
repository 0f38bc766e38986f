import { z } from "zod";
import type { ProviderName } from "../contracts/provider.ts";
import { ALPHA_VANTAGE_BASE_URL, alphaVantageProvider, CALLS_PER_MINUTE } from "./alpha-vantage/provider.ts";
import { BINANCE_BASE_URL, binanceProvider } from "./binance/provider.ts";
import { COINGECKO_BASE_URL, coinGeckoProvider } from "./coingecko/provider.ts";
import { jseProvider } from "./jse/provider.ts";
import type { Provider } from "./provider.ts";

/** The upstreams. */
export const UPSTREAMS = ["binance", "coingecko", "alpha_vantage", "jse"] as const satisfies readonly ProviderName[];

export type Upstream = (typeof UPSTREAMS)[number];

/** Upstreams that have all of their candles for good, so that fetched ones need not be kept. */
export const KEEPS_HISTORY: ReadonlySet<ProviderName> = new Set(["binance"]);

/** Whether a name is that of an upstream, which is asked over the network. */
export const isUpstream = (name: string): name is Upstream => UPSTREAMS.some((upstream) => upstream === name);

/** `wrangler.toml` can hold numbers and booleans too. */
const variable = z.union([z.string(), z.number(), z.boolean()]).transform(String).optional().catch(undefined);

/** The variables that say where and how upstreams are asked; `.dev.vars.example` explains each. Empty is not set. */
const VariablesSchema = z.object({
  BINANCE_BASE_URL: variable,
  COINGECKO_BASE_URL: variable,
  COINGECKO_API_KEY: variable,
  COINGECKO_PLAN: variable,
  ALPHA_VANTAGE_BASE_URL: variable,
  ALPHA_VANTAGE_API_KEY: variable,
  ALPHA_VANTAGE_PLAN: variable,
  ALPHA_VANTAGE_CALLS_PER_MINUTE: variable,
  JSE_BASE_URL: variable,
  JSE_API_KEY: variable,
  JSE_HISTORY: variable,
});

type Variables = z.infer<typeof VariablesSchema>;
type Variable = keyof Variables;

/** An upstream that cannot be asked, and why: a line for `/health` and for the log, without any variable's value. */
export interface DisabledProvider {
  disabled: string;
}

/** A variable that is wrong; caught where the provider is built. */
class SettingError extends Error {}

/**
 * Builds a provider from the environment. What is missing or wrong disables that one and nothing else; it never throws.
 * Imports and the simulator are no upstreams and have no provider.
 */
export function providerOf(name: ProviderName, env: object): Provider | DisabledProvider {
  if (name === "import" || name === "simulator") return { disabled: `${name} is not an upstream` };
  try {
    return BUILDERS[name](VariablesSchema.parse(env));
  } catch (error) {
    if (error instanceof SettingError) return { disabled: error.message };
    throw error;
  }
}

const BUILDERS: Record<Upstream, (variables: Variables) => Provider> = {
  binance: (variables) => binanceProvider({ baseUrl: baseUrl(variables, "BINANCE_BASE_URL", BINANCE_BASE_URL) }),

  coingecko(variables) {
    const apiKey = text(variables, "COINGECKO_API_KEY");
    const plan = choice(variables, "COINGECKO_PLAN", ["keyless", "demo", "pro"], apiKey ? "demo" : "keyless");
    if (plan !== "keyless" && !apiKey)
      throw new SettingError(`COINGECKO_PLAN is ${plan}, but COINGECKO_API_KEY is not set`);
    return coinGeckoProvider({
      plan,
      baseUrl: baseUrl(variables, "COINGECKO_BASE_URL", COINGECKO_BASE_URL[plan]),
      apiKey: plan === "keyless" ? null : apiKey,
    });
  },

  alpha_vantage: (variables) =>
    alphaVantageProvider({
      baseUrl: baseUrl(variables, "ALPHA_VANTAGE_BASE_URL", ALPHA_VANTAGE_BASE_URL),
      apiKey: required(variables, "ALPHA_VANTAGE_API_KEY"),
      plan: choice(variables, "ALPHA_VANTAGE_PLAN", ["free", "premium", "realtime"], "free"),
      callsPerMinute: wholeNumber(variables, "ALPHA_VANTAGE_CALLS_PER_MINUTE", CALLS_PER_MINUTE),
    }),

  jse: (variables) =>
    jseProvider({
      baseUrl: baseUrl(variables, "JSE_BASE_URL", null),
      apiKey: required(variables, "JSE_API_KEY"),
      history: choice(variables, "JSE_HISTORY", ["true", "false"], "false") === "true",
    }),
};

function text(variables: Variables, name: Variable): string | null {
  return variables[name]?.trim() || null;
}

function required(variables: Variables, name: Variable): string {
  const value = text(variables, name);
  if (value === null) throw new SettingError(`${name} is not set`);
  return value;
}

function baseUrl(variables: Variables, name: Variable, fallback: string | null): string {
  const value = fallback === null ? required(variables, name) : (text(variables, name) ?? fallback);
  const { protocol } = URL.parse(value) ?? { protocol: null };
  if (protocol === "https:" || protocol === "http:") return value.replace(/\/+$/, "");
  throw new SettingError(`${name} is not an address that begins with https:// or http://`);
}

function choice<T extends string>(variables: Variables, name: Variable, choices: readonly T[], fallback: T): T {
  const value = text(variables, name);
  if (value === null) return fallback;
  const chosen = choices.find((candidate) => candidate === value.toLowerCase());
  if (chosen === undefined) throw new SettingError(`${name} must be one of ${choices.join(", ")}`);
  return chosen;
}

function wholeNumber(variables: Variables, name: Variable, fallback: number): number {
  const value = text(variables, name);
  if (value === null) return fallback;
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new SettingError(`${name} must be a whole number above 0`);
}
