import { instrumentOf, type SymbolChange, SymbolChangeSchema, type SymbolRecord } from "../../contracts/symbol.ts";
import { type CompanyProfile, type Failure, isFailure } from "../../providers/provider.ts";
import { openPrimary } from "../../storage/database.ts";
import { changeSymbol } from "../../storage/registry/writes.ts";

/** The provider that knows companies. */
const PROFILE_PROVIDER = "alpha_vantage";

/** What a profile adds to a record: only what the registry does not know, and only what its schema allows. */
export function unknownFacts(record: SymbolRecord, profile: CompanyProfile): SymbolChange | null {
  const missing = Object.entries(profile).filter(([name, value]) => {
    return (
      value !== null &&
      value !== undefined &&
      Object.entries(record).some(([known, kept]) => known === name && kept === null)
    );
  });
  const facts = missing.filter(([name, value]) => SymbolChangeSchema.safeParse({ [name]: value }).success);
  const change = SymbolChangeSchema.safeParse(Object.fromEntries(facts));
  return change.success ? change.data : null;
}

/** Asks what is known of a company and keeps what the registry lacks. A provider that does not answer changes nothing. */
export async function fillProfile(env: Env, record: SymbolRecord): Promise<void> {
  const providerSymbol = record.provider_symbols[PROFILE_PROVIDER];
  if (providerSymbol === undefined) return;
  const listing = { instrument: instrumentOf(record), providerSymbol };
  const profile: CompanyProfile | Failure = await env.PROVIDER_GATE.getByName(PROFILE_PROVIDER).profile(
    listing,
    "background",
  );
  if (isFailure(profile)) return;
  const change = unknownFacts(record, profile);
  if (!change) return;
  const actor = { actor: PROFILE_PROVIDER, at: new Date().toISOString() };
  await changeSymbol(openPrimary(env.DB), record.symbol, change, actor, "symbol.profile");
}
