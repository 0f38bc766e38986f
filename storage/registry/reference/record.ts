import type { SymbolRecord } from "../../../contracts/symbol.ts";
import { aliasesOf } from "../../../core/symbol.ts";
import { type Industry, SECTOR_OF_INDUSTRY, type Sector } from "./gics.ts";

/** When the facts were last gone through. */
export const FACTS_AS_OF = "2026-11-22T00:00:00.000Z";

type RequiredField =
  | "symbol"
  | "name"
  | "type"
  | "currency"
  | "primary_exchange"
  | "data_sources"
  | "price_unit"
  | "price_decimals"
  | "volume_unit"
  | "provider_symbols";

/** What must be said of a symbol, and what may be. */
export type KnownFields = Pick<SymbolRecord, RequiredField> & Partial<SymbolRecord>;

/** A symbol's record: what is known, null for every other fact, and the aliases that its form implies before its own. */
export function record(known: KnownFields): SymbolRecord {
  const implied = aliasesOf(known.symbol, known.type, known.primary_exchange);
  return {
    sector: null,
    industry: null,
    country: null,
    market_cap: null,
    shares_outstanding: null,
    description: null,
    website: null,
    ceo: null,
    employees: null,
    founded: null,
    headquarters: null,
    listed_on: null,
    streaming_available: true,
    is_active: true,
    isin: null,
    last_updated: FACTS_AS_OF,
    ...known,
    aliases: [...new Set([...implied, ...(known.aliases ?? [])])],
  };
}

/** A listed company. Its sector is said only where its industry is not. */
export interface Company {
  name: string;
  industry?: Industry;
  sector?: Sector;
  /** Where it is incorporated, where that is not the exchange's own country. */
  country?: string;
  /** Codes that it is also written by, such as its code before a change. */
  aliases?: string[];
}

/** What else is certain of a company; `last_updated` where a fact has changed since all were gone through. */
export type CompanyFacts = Partial<
  Pick<SymbolRecord, "isin" | "website" | "headquarters" | "founded" | "last_updated">
>;

/** The fields that a company's share takes from the company. */
export function companyFields(company: Company, facts: CompanyFacts) {
  return {
    name: company.name,
    sector: company.industry ? SECTOR_OF_INDUSTRY[company.industry] : (company.sector ?? null),
    industry: company.industry ?? null,
    aliases: company.aliases ?? [],
    ...facts,
  };
}
