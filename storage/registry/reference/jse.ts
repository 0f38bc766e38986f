import type { SymbolRecord } from "../../../contracts/symbol.ts";
import { type Company, type CompanyFacts, companyFields, record } from "./record.ts";

const COMPANIES = {
  ABG: { name: "Absa Group Limited", industry: "Banks" },
  AGL: { name: "Anglo American plc", industry: "Metals & Mining", country: "GB" },
  ANG: { name: "AngloGold Ashanti plc", industry: "Metals & Mining", country: "GB" },
  APN: { name: "Aspen Pharmacare Holdings Limited", industry: "Pharmaceuticals" },
  // BHP has traded under the code BHG since its two companies became one in January 2022.
  BHG: {
    name: "BHP Group Limited",
    industry: "Metals & Mining",
    country: "AU",
    aliases: ["JSE:BHP", "BHP", "BHP.JO"],
  },
  BID: { name: "Bid Corporation Limited", industry: "Consumer Staples Distribution & Retail" },
  BTI: { name: "British American Tobacco plc", industry: "Tobacco", country: "GB" },
  BVT: { name: "The Bidvest Group Limited", industry: "Industrial Conglomerates" },
  CFR: { name: "Compagnie Financière Richemont SA", industry: "Textiles, Apparel & Luxury Goods", country: "CH" },
  CLS: { name: "Clicks Group Limited", industry: "Consumer Staples Distribution & Retail" },
  // Named Capitec Bank Holdings Limited until August 2026.
  CPI: { name: "Capitec Limited", industry: "Banks" },
  DSY: { name: "Discovery Limited", industry: "Insurance" },
  EXX: { name: "Exxaro Resources Limited", industry: "Oil, Gas & Consumable Fuels" },
  FSR: { name: "FirstRand Limited", sector: "Financials" },
  GFI: { name: "Gold Fields Limited", industry: "Metals & Mining" },
  GRT: { name: "Growthpoint Properties Limited", industry: "Diversified REITs" },
  HAR: { name: "Harmony Gold Mining Company Limited", industry: "Metals & Mining" },
  IMP: { name: "Impala Platinum Holdings Limited", industry: "Metals & Mining" },
  INL: { name: "Investec Limited", industry: "Capital Markets" },
  INP: { name: "Investec plc", industry: "Capital Markets", country: "GB" },
  KIO: { name: "Kumba Iron Ore Limited", industry: "Metals & Mining" },
  MRP: { name: "Mr Price Group Limited", industry: "Specialty Retail" },
  MTN: { name: "MTN Group Limited", industry: "Wireless Telecommunication Services" },
  NED: { name: "Nedbank Group Limited", industry: "Banks" },
  NPN: { name: "Naspers Limited", industry: "Broadline Retail" },
  OMU: { name: "Old Mutual Limited", industry: "Insurance" },
  PRX: { name: "Prosus N.V.", industry: "Broadline Retail", country: "NL" },
  REM: { name: "Remgro Limited", industry: "Financial Services" },
  SBK: { name: "Standard Bank Group Limited", industry: "Banks" },
  SHP: { name: "Shoprite Holdings Limited", industry: "Consumer Staples Distribution & Retail" },
  SLM: { name: "Sanlam Limited", industry: "Insurance" },
  SOL: { name: "Sasol Limited", industry: "Chemicals" },
  SSW: { name: "Sibanye Stillwater Limited", industry: "Metals & Mining" },
  TBS: { name: "Tiger Brands Limited", industry: "Food Products" },
  VOD: { name: "Vodacom Group Limited", industry: "Wireless Telecommunication Services" },
  WHL: { name: "Woolworths Holdings Limited", sector: "Consumer Discretionary" },
} satisfies Record<string, Company>;

type Ticker = keyof typeof COMPANIES;

const FACTS: Record<Ticker, CompanyFacts> = {
  ABG: { isin: "ZAE000255915", headquarters: "Johannesburg", website: "https://www.absa.africa" },
  AGL: { founded: 1917, website: "https://www.angloamerican.com" },
  ANG: { isin: "GB00BRXH2664", website: "https://www.anglogoldashanti.com" },
  APN: { isin: "ZAE000066692", headquarters: "Durban", website: "https://www.aspenpharma.com" },
  BHG: { isin: "AU000000BHP4", headquarters: "Melbourne", founded: 1885, website: "https://www.bhp.com" },
  BID: { isin: "ZAE000216537", headquarters: "Johannesburg", website: "https://www.bidcorpgroup.com" },
  BTI: { isin: "GB0002875804", headquarters: "London", founded: 1902, website: "https://www.bat.com" },
  BVT: { isin: "ZAE000117321", headquarters: "Johannesburg", founded: 1988, website: "https://www.bidvest.co.za" },
  CFR: { isin: "CH0210483332", headquarters: "Geneva", founded: 1988, website: "https://www.richemont.com" },
  CLS: { isin: "ZAE000134854", headquarters: "Cape Town", founded: 1968, website: "https://www.clicksgroup.co.za" },
  CPI: {
    isin: "ZAE000035861",
    headquarters: "Stellenbosch",
    website: "https://www.capitecbank.co.za",
    last_updated: "2026-11-26T00:00:00.000Z",
  },
  DSY: { isin: "ZAE000022331", headquarters: "Johannesburg", founded: 1992, website: "https://www.discovery.co.za" },
  EXX: { isin: "ZAE000084992", headquarters: "Centurion", founded: 2006, website: "https://www.exxaro.com" },
  FSR: { isin: "ZAE000066304", headquarters: "Johannesburg", founded: 1998, website: "https://www.firstrand.co.za" },
  GFI: { isin: "ZAE000018123", headquarters: "Johannesburg", website: "https://www.goldfields.com" },
  GRT: { isin: "ZAE000179420", headquarters: "Johannesburg", website: "https://growthpoint.co.za" },
  HAR: { isin: "ZAE000015228", headquarters: "Randfontein", founded: 1950, website: "https://www.harmony.co.za" },
  IMP: { isin: "ZAE000083648", headquarters: "Johannesburg", website: "https://www.implats.co.za" },
  INL: { isin: "ZAE000081949", headquarters: "Johannesburg", founded: 1974, website: "https://www.investec.com" },
  INP: { isin: "GB00B17BBQ50", headquarters: "London", founded: 1974, website: "https://www.investec.com" },
  KIO: { isin: "ZAE000085346", founded: 2006, website: "https://www.angloamericankumba.com" },
  MRP: { isin: "ZAE000200457", headquarters: "Durban", founded: 1985, website: "https://www.mrpricegroup.com" },
  MTN: { isin: "ZAE000042164", headquarters: "Johannesburg", founded: 1994, website: "https://www.mtn.com" },
  NED: { isin: "ZAE000004875", headquarters: "Johannesburg", website: "https://www.nedbank.co.za" },
  NPN: { isin: "ZAE000351946", headquarters: "Cape Town", founded: 1915, website: "https://www.naspers.com" },
  OMU: { isin: "ZAE000255360", founded: 1845, website: "https://www.oldmutual.com" },
  PRX: { isin: "NL0013654783", headquarters: "Amsterdam", founded: 2019, website: "https://www.prosus.com" },
  REM: { isin: "ZAE000026480", headquarters: "Stellenbosch", website: "https://www.remgro.com" },
  SBK: { isin: "ZAE000109815", headquarters: "Johannesburg", founded: 1862, website: "https://www.standardbank.com" },
  SHP: {
    isin: "ZAE000012084",
    headquarters: "Cape Town",
    founded: 1979,
    website: "https://www.shopriteholdings.co.za",
  },
  SLM: { isin: "ZAE000070660", headquarters: "Cape Town", founded: 1918, website: "https://www.sanlam.com" },
  SOL: { isin: "ZAE000006896", headquarters: "Johannesburg", founded: 1950, website: "https://www.sasol.com" },
  SSW: { isin: "ZAE000259701", website: "https://www.sibanyestillwater.com" },
  TBS: { isin: "ZAE000071080", headquarters: "Johannesburg", founded: 1921, website: "https://www.tigerbrands.com" },
  VOD: { isin: "ZAE000132577", headquarters: "Midrand", website: "https://www.vodacom.com" },
  WHL: {
    isin: "ZAE000063863",
    headquarters: "Cape Town",
    founded: 1931,
    website: "https://www.woolworthsholdings.co.za",
  },
};

function share(ticker: Ticker): SymbolRecord {
  const company: Company = COMPANIES[ticker];
  return record({
    ...companyFields(company, FACTS[ticker]),
    symbol: `JSE:${ticker}`,
    type: "stock",
    currency: "ZAR",
    country: company.country ?? "ZA",
    primary_exchange: "JSE",
    data_sources: ["jse", "alpha_vantage"],
    price_unit: "ZAc",
    price_decimals: 0,
    volume_unit: "shares",
    provider_symbols: { jse: ticker },
  });
}

/** Shares on the JSE, priced in South African cents. */
export const JSE_SHARES: readonly SymbolRecord[] = (Object.keys(COMPANIES) as Ticker[]).map(share);
