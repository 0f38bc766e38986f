/** When a date that closes early does, in seconds after local midnight, and why. */
export interface EarlyClose {
  at: number;
  /** Whether a source says so of that very date; others follow from a rule. */
  confirmed: boolean;
  name: string;
}

/** When a date that opens late does, in seconds after local midnight of the trading date, and why. */
export interface LateOpen {
  at: number;
  name: string;
}
