import type { SymbolRecord } from "../../../contracts/symbol.ts";
import { type Company, type CompanyFacts, companyFields, record } from "./record.ts";

type UsCompany = Company & { exchange: "NASDAQ" | "NYSE" };

const COMPANIES = {
  AAPL: { exchange: "NASDAQ", name: "Apple Inc.", industry: "Technology Hardware, Storage & Peripherals" },
  AMD: {
    exchange: "NASDAQ",
    name: "Advanced Micro Devices, Inc.",
    industry: "Semiconductors & Semiconductor Equipment",
  },
  AMZN: { exchange: "NASDAQ", name: "Amazon.com, Inc.", industry: "Broadline Retail" },
  BA: { exchange: "NYSE", name: "The Boeing Company", industry: "Aerospace & Defense" },
  CSCO: { exchange: "NASDAQ", name: "Cisco Systems, Inc.", industry: "Communications Equipment" },
  DIS: { exchange: "NYSE", name: "The Walt Disney Company", industry: "Entertainment" },
  GOOG: { exchange: "NASDAQ", name: "Alphabet Inc. Class C", industry: "Interactive Media & Services" },
  GOOGL: { exchange: "NASDAQ", name: "Alphabet Inc. Class A", industry: "Interactive Media & Services" },
  IBM: { exchange: "NYSE", name: "International Business Machines Corporation", industry: "IT Services" },
  INTC: { exchange: "NASDAQ", name: "Intel Corporation", industry: "Semiconductors & Semiconductor Equipment" },
  JNJ: { exchange: "NYSE", name: "Johnson & Johnson", industry: "Pharmaceuticals" },
  JPM: { exchange: "NYSE", name: "JPMorgan Chase & Co.", industry: "Banks" },
  KO: { exchange: "NYSE", name: "The Coca-Cola Company", industry: "Beverages" },
  MA: { exchange: "NYSE", name: "Mastercard Incorporated", industry: "Financial Services" },
  META: { exchange: "NASDAQ", name: "Meta Platforms, Inc.", industry: "Interactive Media & Services" },
  MSFT: { exchange: "NASDAQ", name: "Microsoft Corporation", industry: "Software" },
  NFLX: { exchange: "NASDAQ", name: "Netflix, Inc.", industry: "Entertainment" },
  NVDA: { exchange: "NASDAQ", name: "NVIDIA Corporation", industry: "Semiconductors & Semiconductor Equipment" },
  PFE: { exchange: "NYSE", name: "Pfizer Inc.", industry: "Pharmaceuticals" },
  PG: { exchange: "NYSE", name: "The Procter & Gamble Company", industry: "Household Products" },
  TSLA: { exchange: "NASDAQ", name: "Tesla, Inc.", industry: "Automobiles" },
  V: { exchange: "NYSE", name: "Visa Inc.", industry: "Financial Services" },
  // Moved from the NYSE on 2025-12-09.
  WMT: {
    exchange: "NASDAQ",
    name: "Walmart Inc.",
    industry: "Consumer Staples Distribution & Retail",
    aliases: ["NYSE:WMT"],
  },
  // The holding company of Exxon Mobil Corporation since 2026-07-01; its ISIN is not known.
  XOM: { exchange: "NYSE", name: "ExxonMobil Holdings Corporation", industry: "Oil, Gas & Consumable Fuels" },
} satisfies Record<string, UsCompany>;

type Ticker = keyof typeof COMPANIES;

const FACTS: Record<Ticker, CompanyFacts> = {
  AAPL: {
    isin: "US0378331005",
    headquarters: "Cupertino, California",
    founded: 1976,
    website: "https://www.apple.com",
  },
  AMD: { isin: "US0079031078", headquarters: "Santa Clara, California", founded: 1969, website: "https://www.amd.com" },
  AMZN: { isin: "US0231351067", headquarters: "Seattle, Washington", founded: 1994, website: "https://www.amazon.com" },
  BA: { isin: "US0970231058", headquarters: "Arlington, Virginia", founded: 1916, website: "https://www.boeing.com" },
  CSCO: { isin: "US17275R1023", headquarters: "San Jose, California", founded: 1984, website: "https://www.cisco.com" },
  DIS: {
    isin: "US2546871060",
    headquarters: "Burbank, California",
    founded: 1923,
    website: "https://thewaltdisneycompany.com",
  },
  GOOG: { isin: "US02079K1079", headquarters: "Mountain View, California", website: "https://abc.xyz" },
  GOOGL: { isin: "US02079K3059", headquarters: "Mountain View, California", website: "https://abc.xyz" },
  IBM: { isin: "US4592001014", headquarters: "Armonk, New York", founded: 1911, website: "https://www.ibm.com" },
  INTC: {
    isin: "US4581401001",
    headquarters: "Santa Clara, California",
    founded: 1968,
    website: "https://www.intel.com",
  },
  JNJ: {
    isin: "US4781601046",
    headquarters: "New Brunswick, New Jersey",
    founded: 1886,
    website: "https://www.jnj.com",
  },
  JPM: { isin: "US46625H1005", headquarters: "New York City", website: "https://www.jpmorganchase.com" },
  KO: { isin: "US1912161007", headquarters: "Atlanta, Georgia", website: "https://www.coca-colacompany.com" },
  MA: { isin: "US57636Q1040", headquarters: "Purchase, New York", website: "https://www.mastercard.com" },
  META: {
    isin: "US30303M1027",
    headquarters: "Menlo Park, California",
    founded: 2004,
    website: "https://www.meta.com",
  },
  MSFT: {
    isin: "US5949181045",
    headquarters: "Redmond, Washington",
    founded: 1975,
    website: "https://www.microsoft.com",
  },
  NFLX: {
    isin: "US64110L1061",
    headquarters: "Los Gatos, California",
    founded: 1997,
    website: "https://www.netflix.com",
  },
  NVDA: {
    isin: "US67066G1040",
    headquarters: "Santa Clara, California",
    founded: 1993,
    website: "https://www.nvidia.com",
  },
  PFE: { isin: "US7170811035", headquarters: "New York City", founded: 1849, website: "https://www.pfizer.com" },
  PG: { isin: "US7427181091", headquarters: "Cincinnati, Ohio", founded: 1837, website: "https://www.pg.com" },
  TSLA: { isin: "US88160R1014", headquarters: "Austin, Texas", founded: 2003, website: "https://www.tesla.com" },
  V: { isin: "US92826C8394", headquarters: "San Francisco, California", website: "https://www.visa.com" },
  WMT: {
    isin: "US9311421039",
    headquarters: "Bentonville, Arkansas",
    founded: 1962,
    website: "https://www.walmart.com",
  },
  XOM: {
    headquarters: "Spring, Texas",
    website: "https://corporate.exxonmobil.com",
    last_updated: "2026-11-26T00:00:00.000Z",
  },
};

function share(ticker: Ticker): SymbolRecord {
  const company: UsCompany = COMPANIES[ticker];
  return record({
    ...companyFields(company, FACTS[ticker]),
    symbol: ticker,
    type: "stock",
    currency: "USD",
    country: company.country ?? "US",
    primary_exchange: company.exchange,
    data_sources: ["alpha_vantage"],
    price_unit: "USD",
    price_decimals: 2,
    volume_unit: "shares",
    provider_symbols: { alpha_vantage: ticker },
  });
}

/** Shares on NASDAQ and the NYSE. */
export const US_SHARES: readonly SymbolRecord[] = (Object.keys(COMPANIES) as Ticker[]).map(share);
