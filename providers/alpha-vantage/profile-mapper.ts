import type { CompanyProfile } from "../provider.ts";
import type { Overview } from "./schema.ts";

const COUNTRIES: Partial<Record<string, string>> = { USA: "US" };

/** A line of text, or nothing where the service has none. */
function line(text: string | undefined, maxLength: number): string | undefined {
  const clean = text
    ?.replace(/\p{C}+|\s+/gu, " ")
    .trim()
    .slice(0, maxLength);
  return clean && clean !== "None" && clean !== "-" ? clean : undefined;
}

/** A whole number above zero, or nothing. */
function count(text: string | undefined): number | undefined {
  const value = /^\d+$/.test(text ?? "") ? Number(text) : 0;
  return value > 0 ? value : undefined;
}

const matching = (text: string | undefined, pattern: RegExp): string | undefined =>
  text && pattern.test(text) ? text : undefined;

/** What the service knows of a company; market value in the company's currency. */
export function profileFrom(overview: Overview): CompanyProfile {
  const facts: CompanyProfile = {
    name: line(overview.Name, 200),
    description: line(overview.Description, 4000),
    sector: line(overview.Sector, 100),
    industry: line(overview.Industry, 100),
    currency: matching(overview.Currency, /^[A-Z]{3}$/),
    country: COUNTRIES[overview.Country ?? ""],
    headquarters: line(overview.Address, 200),
    website: matching(overview.OfficialSite, /^https:\/\/[^\s"<>]{3,290}$/),
    employees: count(overview.FullTimeEmployees),
    market_cap: count(overview.MarketCapitalization),
    shares_outstanding: count(overview.SharesOutstanding),
  };
  return Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined));
}
