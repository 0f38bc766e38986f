import type { ProviderName } from "../../contracts/provider.ts";
import type { SymbolRecord } from "../../contracts/symbol.ts";
import { isUpstream } from "../../providers/catalogue.ts";

/** What came of one source, as far as it is known. */
interface SourceOutcome {
  provider: ProviderName;
  reason: string | null;
}

/** Why a source cannot be asked for a symbol at all; null where it can. The simulator and imports need no symbol of their own. */
export function whyNotQueryable(record: SymbolRecord, provider: ProviderName): "no_provider_symbol" | null {
  return isUpstream(provider) && record.provider_symbols[provider] === undefined ? "no_provider_symbol" : null;
}

/**
 * Why none of a symbol's sources answers, as a sentence's beginning: which ones have no symbol for it, and what the others said.
 * @param outcomes what came of asking, where they were asked
 */
export function describeUnavailableSources(
  record: SymbolRecord,
  sources: readonly ProviderName[],
  outcomes: readonly SourceOutcome[] = [],
): { sentence: string; sources: SourceOutcome[] } {
  const all = sources.map((provider): SourceOutcome => {
    const reason = outcomes.find((outcome) => outcome.provider === provider)?.reason ?? null;
    return { provider, reason: whyNotQueryable(record, provider) ?? reason };
  });
  const { symbol } = record;
  if (all.length === 0) return { sentence: `${symbol} has no source that can be asked in this mode`, sources: all };
  const unlisted = all.filter(({ reason }) => reason === "no_provider_symbol").map(({ provider }) => provider);
  if (unlisted.length === all.length) {
    const sentence = `No source of ${symbol} could be asked: ${unlisted.join(" and ")} would need to know what it is called there. Set provider_symbols with PUT /symbols/${symbol}`;
    return { sentence, sources: all };
  }
  const said = all.map(({ provider, reason }) => (reason === null ? provider : `${provider}: ${reason}`)).join(", ");
  return { sentence: `None of the sources of ${symbol} answers (${said})`, sources: all };
}
