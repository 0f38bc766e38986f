import { MAX_SUBSCRIPTIONS, MAX_SYMBOLS, type Subscribe } from "../../../contracts/stream.ts";
import type { Instrument } from "../../../contracts/symbol.ts";
import { normaliseSymbol } from "../../../core/symbol.ts";
import { shownText } from "../../../core/words.ts";
import type { Since } from "../delivery/resume.ts";
import { MessageError } from "../protocol/client-message.ts";
import type { Session } from "../subscriptions/registry.ts";
import type { Rejection, SymbolResolver } from "./symbol-resolver.ts";

/** A symbol that a message names, and where its client was. */
export interface RequestedSymbol {
  instrument: Instrument;
  since: Since;
}

/** A name that cannot be subscribed to. */
export interface RejectedSymbol extends Rejection {
  symbol: string;
}

/** A rejected name is repeated so that its client finds it again; no symbol is nearly as long. */
const MAX_REPEATED = 100;

const isRefusal = (meaning: Instrument | Rejection): meaning is Rejection => "code" in meaning;

/**
 * What a message's names stand for, each symbol once.
 * @throws MessageError where there are more than a socket may carry
 */
export async function resolveRequested(
  resolver: SymbolResolver,
  message: Subscribe,
): Promise<{ joiners: RequestedSymbol[]; rejected: RejectedSymbol[] }> {
  const names = [...new Set(message.symbols)];
  if (names.length > MAX_SYMBOLS) {
    const detail = `A socket carries at most ${MAX_SYMBOLS} symbols; the message names ${names.length}.`;
    throw new MessageError("stream.too_many_subscriptions", detail);
  }
  const since = new Map<string, Since>();
  for (const [name, position] of Object.entries(message.since ?? {})) since.set(normaliseSymbol(name), position);
  const requested = new Map<string, RequestedSymbol>();
  const rejected: RejectedSymbol[] = [];
  for (const [name, meaning] of await resolver(names)) {
    if (isRefusal(meaning)) rejected.push({ symbol: shownText(name, MAX_REPEATED), ...meaning });
    else {
      const position = since.get(normaliseSymbol(name)) ?? since.get(meaning.symbol) ?? null;
      requested.set(meaning.symbol, { instrument: meaning, since: position });
    }
  }
  return { joiners: [...requested.values()], rejected };
}

/** @throws MessageError where the socket would carry too much */
export function checkLimits(session: Session, requested: readonly RequestedSymbol[], subjects: number): void {
  const symbols = new Set(requested.map(({ instrument }) => instrument.symbol));
  for (const { subscription } of session.subscribers.values()) symbols.add(subscription.symbol);
  const subscriptions = session.subscribers.size + requested.length * subjects;
  if (symbols.size <= MAX_SYMBOLS && subscriptions <= MAX_SUBSCRIPTIONS) return;
  throw new MessageError(
    "stream.too_many_subscriptions",
    `A socket carries at most ${MAX_SYMBOLS} symbols and ${MAX_SUBSCRIPTIONS} subscriptions; this would make ${symbols.size} and ${subscriptions}.`,
  );
}
