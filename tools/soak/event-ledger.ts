import { ConfirmedQuotesSchema, type ServerFrame, ServerFrameSchema } from "../../contracts/stream.ts";

/** A position in a symbol's stream. */
export interface Position {
  epoch: string;
  seq: number;
}

/** What one client has got of its symbols over all of its connections; every event must come once, in order. */
export class EventLedger {
  readonly symbols: readonly string[];
  readonly violations: string[] = [];
  /** Events that came, and those of them that were made good after a cut. */
  events = 0;
  recovered = 0;
  readonly #positions = new Map<string, Position>();

  constructor(symbols: readonly string[]) {
    this.symbols = symbols;
  }

  /** Where the client stands, as its next subscription says it; undefined before it stands anywhere. */
  since(): Record<string, Position> | undefined {
    return this.#positions.size === 0 ? undefined : Object.fromEntries(this.#positions);
  }

  positionOf(symbol: string): Position | undefined {
    return this.#positions.get(symbol);
  }

  /** What the client lacks of what the platform has sent by now of its symbols, in words; an empty list where it has everything. */
  missing(known: ReadonlyMap<string, Position>): string[] {
    return this.symbols.flatMap((symbol) => {
      const [position, due] = [this.#positions.get(symbol), known.get(symbol)];
      if (!due || (position?.epoch === due.epoch && position.seq >= due.seq)) return [];
      const has = position ? `stands at ${position.epoch}:${position.seq}` : "has nothing";
      return [`of ${symbol} a client ${has}, where the platform is at ${due.epoch}:${due.seq}`];
    });
  }

  /** Takes a frame from the server as it came. */
  onMessage(text: string): void {
    if (text === '{"type":"pong"}') return;
    const frame = ServerFrameSchema.safeParse(JSON.parse(text));
    if (frame.success) this.#onFrame(frame.data);
    else this.violations.push(`${text.slice(0, 200)} is no frame: ${frame.error.message}`);
  }

  #onFrame(frame: ServerFrame): void {
    switch (frame.type) {
      case "market_data":
        this.#onEvent(frame.symbol, frame.epoch, frame.seq);
        break;
      case "gap":
        this.violations.push(`${frame.symbol} lost ${frame.from_seq} to ${frame.to_seq}`);
        break;
      case "error":
        this.violations.push(`an error came: ${frame.code}, ${frame.detail}`);
        break;
      case "subscription_confirmed":
        for (const symbol of frame.symbols) this.#onConfirmation(symbol, frame.positions[symbol]);
    }
  }

  #onConfirmation(symbol: string, known: unknown): void {
    const position = ConfirmedQuotesSchema.parse(known);
    const { epoch, seq, recovered, missed } = position;
    const current = this.#positions.get(symbol);
    if (!current) {
      this.#positions.set(symbol, { epoch, seq });
      return;
    }
    if (!recovered) {
      this.violations.push(
        `${symbol} was not recovered after ${current.epoch}:${current.seq}; it is at ${epoch}:${seq}`,
      );
      this.#positions.set(symbol, { epoch, seq });
      return;
    }
    for (const event of missed) {
      this.#onEvent(symbol, String(event.epoch), Number(event.seq));
      this.recovered++;
    }
    const reached = this.#positions.get(symbol);
    if (reached?.epoch === epoch && reached.seq === seq) return;
    this.violations.push(`${symbol} was recovered to ${reached?.seq}, though it is said to be at ${seq}`);
  }

  #onEvent(symbol: string, epoch: string, seq: number): void {
    const position = this.#positions.get(symbol);
    this.#positions.set(symbol, { epoch, seq });
    this.events++;
    if (!position) this.violations.push(`${symbol} sent ${seq} before it was confirmed`);
    else if (position.epoch !== epoch) this.violations.push(`${symbol} went from epoch ${position.epoch} to ${epoch}`);
    else if (seq !== position.seq + 1) this.violations.push(`${symbol} sent ${seq} after ${position.seq}`);
  }
}
