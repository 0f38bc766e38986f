import { z } from "zod";
import { amount, amountText, price, rowsThatPass } from "../answer-schema.ts";

const localMoment = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?$/);
/** Depth is written as text, all else as numbers. */
const depth = amountText.nullish();

/** A share's quote. Prices are in South African cents; zero stands for unknown. */
const QuoteSchema = z.object({
  shareCode: z.string(),
  /** Johannesburg's clock. */
  priceTime: localMoment,
  price,
  dayOpen: amount.nullish(),
  dayHi: amount.nullish(),
  dayLo: amount.nullish(),
  /** Shares; `dayValue` is cents and `volume` the last deal's. */
  dayVolume: amount.nullish(),
  bidPrice1: depth,
  askPrice1: depth,
  /** The close before this session. */
  closingPrice: amount.nullish(),
  marketCap: amount.nullish(),
});

export type JseQuote = z.infer<typeof QuoteSchema>;

const field = z.unknown().optional();

/** A trading day. Prices are in cents; zero and nothing stand for unknown. */
export const DaySchema = z.object({
  /** The trading date; its clock time is midnight. */
  date: localMoment,
  open: field,
  high: field,
  low: field,
  close: field,
  volume: field,
});

/** The rows are checked one by one, so that a bad one spoils no other. */
const HistorySchema = z.array(z.unknown());

const InstrumentsSchema = rowsThatPass(z.object({ code: z.string().min(1).max(20), longName: z.string().max(200) }));

export type JseInstruments = z.infer<typeof InstrumentsSchema>;

/** Every answer is an envelope; `data` is null where the share is unknown. */
const enveloped = <T extends z.ZodType>(data: T) => z.object({ error: z.null(), data: data.nullable() });

export const QuoteAnswerSchema = enveloped(QuoteSchema);
export const HistoryAnswerSchema = enveloped(HistorySchema);
export const InstrumentsAnswerSchema = enveloped(InstrumentsSchema);

/** An envelope with an error: its words are not kept. */
export const ErrorSchema = z.object({ error: z.union([z.string().min(1), z.record(z.string(), z.unknown())]) });
