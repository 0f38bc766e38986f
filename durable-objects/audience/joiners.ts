import { MOST_SUBSCRIPTIONS, MOST_SYMBOLS, type Subscribe } from "../../contracts/stream.ts";
import type { Instrument } from "../../contracts/symbol.ts";
import { normaliseSymbol } from "../../core/symbol.ts";
import { shownText } from "../../core/words.ts";
import { MessageError } from "./message.ts";
import type { Since } from "./positions.ts";
import type { Member } from "./roster.ts";
import type { Refusal, SymbolBook } from "./symbol-book.ts";

/** A symbol that a message names, and where its client was. */
export interface Joiner {
  instrument: Instrument;
  since: Since;
}

/** A name that cannot be subscribed to. */
export interface Rejection extends Refusal {
  symbol: string;
}

/** A rejected name is repeated so that its client finds it again; no symbol is nearly as long. */
const LONGEST_REPEATED = 100;

const isRefusal = (meaning: Instrument | Refusal): meaning is Refusal => "code" in meaning;

/**
 * What a message's names stand for, each symbol once.
 * @throws MessageError where there are more than a socket may carry
 */
export async function joinersOf(
  book: SymbolBook,
  message: Subscribe,
): Promise<{ joiners: Joiner[]; rejected: Rejection[] }> {
  const names = [...new Set(message.symbols)];
  if (names.length > MOST_SYMBOLS) {
    const detail = `A socket carries at most ${MOST_SYMBOLS} symbols; the message names ${names.length}.`;
    throw new MessageError("stream.too_many_subscriptions", detail);
  }
  const since = new Map<string, Since>();
  for (const [name, position] of Object.entries(message.since ?? {})) since.set(normaliseSymbol(name), position);
  const joiners = new Map<string, Joiner>();
  const rejected: Rejection[] = [];
  for (const [name, meaning] of await book(names)) {
    if (isRefusal(meaning)) rejected.push({ symbol: shownText(name, LONGEST_REPEATED), ...meaning });
    else {
      const position = since.get(normaliseSymbol(name)) ?? since.get(meaning.symbol) ?? null;
      joiners.set(meaning.symbol, { instrument: meaning, since: position });
    }
  }
  return { joiners: [...joiners.values()], rejected };
}

/** @throws MessageError where the socket would carry too much */
export function checkRoom(member: Member, joiners: readonly Joiner[], subjects: number): void {
  const symbols = new Set(joiners.map(({ instrument }) => instrument.symbol));
  for (const { subscription } of member.listeners.values()) symbols.add(subscription.symbol);
  const subscriptions = member.listeners.size + joiners.length * subjects;
  if (symbols.size <= MOST_SYMBOLS && subscriptions <= MOST_SUBSCRIPTIONS) return;
  throw new MessageError(
    "stream.too_many_subscriptions",
    `A socket carries at most ${MOST_SYMBOLS} symbols and ${MOST_SUBSCRIPTIONS} subscriptions; this would make ${symbols.size} and ${subscriptions}.`,
  );
}
