import { z } from "zod";
import type { ProblemCode } from "../../../contracts/problem.ts";
import type { Refusal } from "./refusals.ts";

/** What attackers of one kind got, by what it was. */
export interface AttackerAnswers {
  name: string;
  answers: Record<string, number>;
}

/** What came of an attack. */
export interface AttackReport {
  attackers: AttackerAnswers[];
  /** Refusals by code: `http 429`, `close 4008`, or the code of a frame. */
  refused: Record<string, number>;
  /** What must not come of one, each once. */
  violations: string[];
}

/** An answer over HTTP that is none. */
export interface FailedAnswer {
  status: number;
  body: string;
}

/** What may be refused for now without being the platform's own failure. */
const EXPECTED_503: ReadonlySet<string> = new Set(["stream.full", "stream.overloaded"]);
const EXPECTED_STATUSES: ReadonlySet<number> = new Set([422, 429]);
/** What is said on a stream when the platform itself has failed. */
const INTERNAL: ProblemCode = "internal";

const Problem = z.looseObject({ code: z.string(), detail: z.string().min(1) });

function problemOf(body: string): z.infer<typeof Problem> | null {
  try {
    return Problem.safeParse(JSON.parse(body)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const increment = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

const sorted = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b)));

/** Counts what attackers got. */
export class AttackLedger {
  readonly #answers = new Map<string, Map<string, number>>();
  readonly #refused = new Map<string, number>();
  readonly #violations = new Map<string, number>();

  recordAnswer(attacker: string, answer: string): void {
    const answers = this.#answers.get(attacker) ?? new Map<string, number>();
    this.#answers.set(attacker, answers);
    increment(answers, answer);
  }

  /** A refusal, on a socket or as the answer to a request, must say why. */
  recordRefusal(attacker: string, { code, detail }: Refusal): void {
    this.recordAnswer(attacker, code);
    increment(this.#refused, code);
    if (detail === null) this.recordViolation(`${attacker} got ${code} without a word of why`);
    if (code === INTERNAL) this.recordViolation(`${attacker} got ${code}: ${detail}`);
  }

  recordFailedAnswer(attacker: string, { status, body }: FailedAnswer): void {
    const problem = problemOf(body);
    this.recordRefusal(attacker, { code: `http ${status}`, detail: problem?.detail ?? null });
    if (problem === null || EXPECTED_STATUSES.has(status)) return;
    if (status === 503 && EXPECTED_503.has(problem.code)) return;
    this.recordViolation(`${attacker} got ${status} ${problem.code}: ${problem.detail}`);
  }

  recordViolation(text: string): void {
    increment(this.#violations, text);
  }

  report(): AttackReport {
    return {
      attackers: Array.from(this.#answers, ([name, answers]) => ({ name, answers: sorted(answers) })),
      refused: sorted(this.#refused),
      violations: Array.from(this.#violations, ([text, times]) => (times === 1 ? text : `${text} (${times} times)`)),
    };
  }
}
