import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  admit,
  afterFailure,
  afterNoReport,
  afterSuccess,
  type Breaker,
  NEW_BREAKER,
} from "../../core/scheduling/circuit-breaker.ts";

const PROBE = 30;

function fail(breaker: Breaker, times: number, now: number): Breaker {
  let state = breaker;
  for (let i = 0; i < times; i++) state = afterFailure(state, now);
  return state;
}

/** Admits the probe that is due at the end of the pause. */
function probed(breaker: Breaker): { breaker: Breaker; at: number } {
  const admission = admit(breaker, breaker.until, PROBE);
  if (admission.kind === "refused") throw new Error("the probe was refused");
  return { breaker: admission.breaker, at: breaker.until };
}

describe("the circuit breaker", () => {
  it("opens at the fifth failure of the last ten calls, not before", () => {
    expect(fail(NEW_BREAKER, 4, 0).state).toBe("closed");
    expect(fail(NEW_BREAKER, 5, 0).state).toBe("open");
    let mixed = NEW_BREAKER;
    for (let i = 0; i < 8; i++) mixed = i % 2 === 0 ? afterFailure(mixed, i) : afterSuccess(mixed, i);
    expect(mixed.state).toBe("closed");
    expect(afterFailure(mixed, 9).state).toBe("open");
  });

  it("lets a probe go where it would stay open for longer than it can: the clock was set back", () => {
    const open = fail(NEW_BREAKER, 5, 10_000);
    expect(admit(open, open.until - 0.5, PROBE).kind).toBe("refused");
    expect(admit(open, 5_000, PROBE)).toMatchObject({ kind: "admitted", breaker: { until: 5_000 + PROBE } });
    const { breaker: probing } = probed(open);
    expect(admit(probing, probing.until - PROBE, PROBE).kind).toBe("refused");
    expect(admit(probing, 5_000, PROBE).kind).toBe("admitted");
  });

  it("stays closed while no more than four of ten calls fail", () => {
    let breaker = NEW_BREAKER;
    for (let i = 0; i < 1_000; i++) breaker = i % 5 < 2 ? afterFailure(breaker, i) : afterSuccess(breaker, i);
    expect(breaker.state).toBe("closed");
  });

  it("refuses while it is open and says how long that will last", () => {
    const open = fail(NEW_BREAKER, 5, 100);
    expect(admit(open, 100.25, PROBE)).toEqual({ kind: "refused", retryAfter: 0.75 });
  });

  it("admits one probe after the pause and no second one until its outcome is reported", () => {
    const { breaker, at } = probed(fail(NEW_BREAKER, 5, 100));
    expect(breaker.state).toBe("half_open");
    expect(admit(breaker, at + 1, PROBE)).toEqual({ kind: "refused", retryAfter: 3 });
    const closed = afterSuccess(breaker, at + 2);
    expect(closed.state).toBe("closed");
    expect(admit(closed, at + 2, PROBE)).toEqual({ kind: "admitted", breaker: closed });
  });

  it("sends another probe where the first was lost", () => {
    const { breaker, at } = probed(fail(NEW_BREAKER, 5, 100));
    expect(admit(breaker, at + PROBE, PROBE).kind).toBe("admitted");
  });

  it("lets the next call probe where the probe never reached the upstream", () => {
    const { breaker, at } = probed(fail(NEW_BREAKER, 5, 100));
    expect(admit(afterNoReport(breaker, at + 1), at + 1, PROBE).kind).toBe("admitted");
    expect(afterNoReport(NEW_BREAKER, 0)).toBe(NEW_BREAKER);
  });

  it("stays open twice as long after each failed probe, up to 45 seconds", () => {
    let breaker = fail(NEW_BREAKER, 5, 1_000);
    const pauses: number[] = [];
    let openedAt = 1_000;
    for (let i = 0; i < 9; i++) {
      pauses.push(breaker.until - openedAt);
      const probe = probed(breaker);
      breaker = afterFailure(probe.breaker, probe.at);
      openedAt = probe.at;
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 45, 45, 45]);
  });

  it("goes on with long pauses where it opens again soon, and forgets them after a minute of being closed", () => {
    const { breaker, at } = probed(fail(NEW_BREAKER, 5, 1_000));
    const closed = afterSuccess(breaker, at);
    const soon = fail(closed, 5, at + 10);
    expect(soon.until - (at + 10)).toBe(2);
    const later = fail(closed, 5, at + 60);
    expect(later.until - (at + 60)).toBe(1);
  });

  it("receives nothing new from calls that were already under way when it opened", () => {
    const open = fail(NEW_BREAKER, 5, 100);
    expect(afterFailure(open, 101)).toBe(open);
    expect(afterSuccess(open, 101)).toBe(open);
  });

  it("recovers within a minute of the upstream's recovery, whatever went before", () => {
    const events = fc.array(fc.record({ wait: fc.double({ min: 0, max: 30, noNaN: true }), ok: fc.boolean() }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(events, (all) => {
        let breaker = NEW_BREAKER;
        let now = 0;
        for (const { wait, ok } of all) {
          now += wait;
          const admission = admit(breaker, now, PROBE);
          if (admission.kind === "refused") continue;
          breaker = ok ? afterSuccess(admission.breaker, now) : afterFailure(admission.breaker, now);
        }
        const admission = admit(breaker, now + 45, PROBE);
        expect(admission.kind).toBe("admitted");
      }),
    );
  });
});
