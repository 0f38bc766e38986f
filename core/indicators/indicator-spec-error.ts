/** Why a spec was refused. */
export interface SpecErrorDetails {
  /** The parameter that is wrong. */
  readonly parameter?: string;
  /** Names of indicators near to the one asked for. */
  readonly suggestions?: readonly string[];
}

/** A spec that names no indicator, or one with parameters that it does not allow; the message says what would be right. */
export class IndicatorSpecError extends Error {
  readonly code: "indicator.unknown" | "indicator.invalid_parameters";
  readonly parameter: string | undefined;
  readonly suggestions: readonly string[];

  constructor(code: IndicatorSpecError["code"], message: string, details: SpecErrorDetails) {
    super(message);
    this.name = "IndicatorSpecError";
    this.code = code;
    this.parameter = details.parameter;
    this.suggestions = details.suggestions ?? [];
  }
}
