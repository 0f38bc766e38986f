import type { NewSymbol } from "../contracts/symbol.ts";

/** Random numbers in [0, 1), the same ones for the same seed (mulberry32, T. Ettinger, public domain). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One of a list's entries, the earlier ones more often: words of company names are distributed so (Zipf). */
export function pick<T>(random: () => number, list: readonly T[], skew = 1): T {
  return list[Math.floor(random() ** skew * list.length)];
}

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Words that begin many companies' names, the most frequent first. */
export const COMMON_WORDS: string[] = words(`
  First American Global National United Pacific International Royal Northern Western Capital Golden Blue Great Southern
  Advanced General Liberty Union Summit Atlantic Alpha Green Silver Premier Pioneer Heritage Eagle Star Apex Horizon Delta
  Crown Diamond Iron Sun Ocean River Mountain Valley Stone Bright Clear Prime Quantum Nova Orion Vertex Zenith Phoenix`);

const TRADES = words(`
  Energy Mining Bank Financial Technologies Pharmaceuticals Resources Petroleum Therapeutics Industries Systems Software
  Semiconductor Bancorp Insurance Properties Realty Motors Airlines Foods Brands Health Media Communications Networks
  Logistics Steel Gold Platinum Copper Uranium Lithium Water Power Solar Wind Gas Chemicals Plastics Paper Retail Stores
  Apparel Hotels Gaming Entertainment Robotics Aerospace Defense Materials Biosciences Diagnostics Devices Instruments`);

const FORMS = [
  "Inc.",
  "Corporation",
  "Holdings",
  "Limited",
  "Group",
  "Ltd",
  "plc",
  "Trust",
  "Company",
  "& Co.",
  "N.V.",
];
const ONSETS = words("b br c ch cl d dr f g gr h j k kr l m n p pr qu r s st t tr v w y z");
const VOWELS = words("a e i o u ai ea ou");
const CODAS = words("n r l s x m t nd rk st ck v th");
const LETTERS = "ESTARINOLCDMPHBGUFYVKWXJQZ";

/** A made-up family or brand name, such as Brandeck. */
function inventName(random: () => number): string {
  const syllables = random() < 0.3 ? 3 : 2;
  let name = "";
  for (let i = 0; i < syllables; i++) name += pick(random, ONSETS) + pick(random, VOWELS);
  name += pick(random, CODAS);
  return name[0].toUpperCase() + name.slice(1);
}

function companyName(random: () => number): string {
  const first = random() < 0.45 ? pick(random, COMMON_WORDS, 2) : inventName(random);
  const second = random() < 0.25 ? ` ${pick(random, COMMON_WORDS, 1.5)}` : "";
  return `${first}${second} ${pick(random, TRADES, 1.5)} ${pick(random, FORMS, 2)}`;
}

function ticker(random: () => number): string {
  const length = random() < 0.1 ? 3 : random() < 0.8 ? 4 : 5;
  return Array.from({ length }, () => pick(random, [...LETTERS], 1.3)).join("");
}

/** What one may also buy of Boeing. None of them is its main share. */
const BOEING_LINES: NewSymbol[] = [
  ["BA-PA", "Boeing Company Depositary Shares, 6.00% Mandatory Convertible Preferred, Series A", "stock"],
  ["BA-WT", "Boeing Warrants", "stock"],
  ["BOEU", "Direxion Daily Boeing Bull 2X Shares", "etf"],
  ["BOED", "Direxion Daily Boeing Bear 1X Shares", "etf"],
  ["BOEI", "Boeing Suppliers Index", "index"],
].map(([symbol, name, type]) => ({ ...usListing(symbol, name), type: type as NewSymbol["type"] }));

function usListing(symbol: string, name: string): NewSymbol {
  return { symbol, name, type: "stock", currency: "USD", country: "US", primary_exchange: "NYSE" };
}

function listing(random: () => number): NewSymbol {
  const market = random();
  const code = ticker(random);
  const market_cap = Math.round(10 ** (7 + random() * 4.5));
  if (market < 0.1) {
    const coin = { symbol: `${code}/USDT`, name: `${inventName(random)} / Tether`, currency: "USDT" };
    return { ...coin, type: "crypto", primary_exchange: "BINANCE" };
  }
  const name = companyName(random);
  if (market < 0.2) {
    const facts = { currency: "ZAR", country: "ZA", primary_exchange: "JSE" as const, market_cap };
    return { symbol: `JSE:${code}`, name, type: "stock", ...facts };
  }
  const primary_exchange = random() < 0.6 ? ("NASDAQ" as const) : ("NYSE" as const);
  const facts = { currency: "USD", country: "US", primary_exchange };
  if (market < 0.28) return { symbol: code, name: `${name} Bull 2X Shares`, type: "etf", ...facts };
  if (market < 0.34) return { symbol: `${code}-PA`, name: `${name} Preferred Series A`, type: "stock", ...facts };
  return { symbol: code, name, type: "stock", market_cap, ...facts };
}

/** This many symbols with names, none of them in `taken`; the same ones each time. */
export function syntheticSymbols(count: number, taken: ReadonlySet<string>): NewSymbol[] {
  const random = randomNumbers(20_261_122);
  const bySymbol = new Map(BOEING_LINES.map((line) => [line.symbol, line]));
  while (bySymbol.size < count) {
    const next = listing(random);
    if (!taken.has(next.symbol)) bySymbol.set(next.symbol, next);
  }
  return [...bySymbol.values()];
}
