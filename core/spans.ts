/** A stretch of time or of stamps, `[from, to)`. */
export interface Span {
  from: number;
  to: number;
}

/** Adds a span to a list of disjoint spans in ascending order, joining those that touch. */
export function addSpan(spans: readonly Span[], added: Span): Span[] {
  if (added.to <= added.from) return [...spans];
  const apart = spans.filter((span) => span.to < added.from || span.from > added.to);
  const touching = spans.filter((span) => span.to >= added.from && span.from <= added.to);
  const joined = {
    from: Math.min(added.from, ...touching.map((span) => span.from)),
    to: Math.max(added.to, ...touching.map((span) => span.to)),
  };
  return [...apart, joined].sort((a, b) => a.from - b.from);
}

/** What of `wanted` no span covers, ascending. */
export function gapsIn(spans: readonly Span[], wanted: Span): Span[] {
  const gaps: Span[] = [];
  let from = wanted.from;
  for (const span of spans) {
    if (span.to <= from || span.from >= wanted.to) continue;
    if (span.from > from) gaps.push({ from, to: span.from });
    from = Math.max(from, span.to);
  }
  if (from < wanted.to) gaps.push({ from, to: wanted.to });
  return gaps;
}

/** Whether one of the spans holds a time or stamp. */
export function covers(spans: readonly Span[], time: number): boolean {
  return spans.some((span) => span.from <= time && time < span.to);
}
