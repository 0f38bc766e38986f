/** What an operation's summary does not say, by operationId; an operation may also describe itself. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = {
  getQuote:
    "From the nearest tier that has one recent enough: this isolate's memory, the regional cache, the symbol's room, its provider; `Cache-Status` says which. With `max_age` the answer is either as recent as asked, or 503 with the last known quote.",
  getQuotes:
    "Each symbol succeeds or fails by itself. `data` is keyed by canonical symbol, `resolved` says what an alias stood for, `errors` has the problem of each symbol that failed.",
  listIndicators: "By group: trend, momentum, volatility, volume and pattern.",
  listStreamableSymbols: "Those whose `streaming_available` is true.",
  getSymbol: "A canonical symbol or an alias. Retired symbols stay readable.",
  changeSymbol: "Members that the body does not name stay as they are. The change stands in the audit log.",
  validateSymbol: "Answers 200 either way; `reason` says why a text is not valid.",
  setStreaming: "The change stands in the audit log.",
  listExchanges:
    "A list of codes; with `detail=true` each exchange's name, country, time zone and hours, and whether it is open now.",
  listTypes: "A list of codes; with `detail=true` each type's description.",
  listProviders: "No upstream is asked anything: this is what the gates remember.",
  resetBreaker: "The next call shows whether the upstream works again. The reset stands in the audit log.",
  traceQuote: "By source, in order: what it answered, or why it was not asked.",
  listQualityDecisions:
    "What is doubted is kept apart, and never shown to readers. Decisions are kept for thirty days.",
  listAudit: "Writes to the registry, imports, keys, resets, and messages that no one could work on.",
  getHealth:
    "`degraded` while something fails and answers still come. Checks are a few seconds old at most, and each is given two seconds.",
  getServiceHealth: "Part of what /health says.",
  getReadiness: "For load balancers: 503 until the registry and the rooms answer.",
  getProblem: "Every problem document names its code and links here.",
  getOpenApiDocument: "OpenAPI 3.1, of the version that answers.",
  getAsyncApiDocument: "AsyncAPI 3.0: every message of the stream, by direction.",
};
