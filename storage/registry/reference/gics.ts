/**
 * Industries of the Global Industry Classification Standard (MSCI and S&P Dow Jones Indices, structure of March 2023) and
 * the sector that each belongs to; those that a listed symbol needs.
 */
export const SECTOR_OF_INDUSTRY = {
  "Aerospace & Defense": "Industrials",
  Automobiles: "Consumer Discretionary",
  Banks: "Financials",
  Beverages: "Consumer Staples",
  "Broadline Retail": "Consumer Discretionary",
  "Capital Markets": "Financials",
  Chemicals: "Materials",
  "Communications Equipment": "Information Technology",
  "Consumer Staples Distribution & Retail": "Consumer Staples",
  "Diversified REITs": "Real Estate",
  Entertainment: "Communication Services",
  "Financial Services": "Financials",
  "Food Products": "Consumer Staples",
  "Household Products": "Consumer Staples",
  "Industrial Conglomerates": "Industrials",
  Insurance: "Financials",
  "Interactive Media & Services": "Communication Services",
  "IT Services": "Information Technology",
  "Metals & Mining": "Materials",
  "Oil, Gas & Consumable Fuels": "Energy",
  Pharmaceuticals: "Health Care",
  "Semiconductors & Semiconductor Equipment": "Information Technology",
  Software: "Information Technology",
  "Specialty Retail": "Consumer Discretionary",
  "Technology Hardware, Storage & Peripherals": "Information Technology",
  "Textiles, Apparel & Luxury Goods": "Consumer Discretionary",
  Tobacco: "Consumer Staples",
  "Wireless Telecommunication Services": "Communication Services",
} as const satisfies Record<string, string>;

/** The name of an industry. */
export type Industry = keyof typeof SECTOR_OF_INDUSTRY;

/** The name of a sector. */
export type Sector = (typeof SECTOR_OF_INDUSTRY)[Industry];
