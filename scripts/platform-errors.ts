import { z } from "zod";
import { InputErrorSchema } from "../contracts/problem.ts";

const ProblemSchema = z.looseObject({
  detail: z.string(),
  code: z.string().optional(),
  errors: z.array(InputErrorSchema).optional(),
});

/** The flag of a command by each field of the bodies that it sends. */
export type Flags = Readonly<Record<string, string>>;

/** A part of a body, such as `scopes.0`, as the command's user wrote it. */
function flagOf(path: string, flags: Flags): string {
  const [field] = path.split(".");
  return Object.hasOwn(flags, field) ? flags[field] : path;
}

/**
 * What the platform at `url` says against a call, in a sentence that names the platform and the flags of the command; null where the
 * answer is no problem of ours.
 */
export function refusalMessage(url: string, answer: unknown, flags: Flags): string | null {
  const problem = ProblemSchema.safeParse(answer);
  if (!problem.success) return null;
  const { detail, code, errors = [] } = problem.data;
  const faults = errors.map(({ path, message }) => `${flagOf(path, flags)} ${message}`);
  const reason = faults.length > 0 ? `${faults.join("; ")}.` : detail;
  const hint =
    code?.startsWith("auth.") === true
      ? " The token is ADMIN_TOKEN, of the environment or, for a platform on this machine, of .dev.vars."
      : "";
  return `${url} refuses: ${reason}${hint}`;
}

/** What to say where nothing answers at `url`. */
export const unreachableMessage = (url: string): string =>
  `${url} does not answer. Is the platform running? --url names another one.`;

/** What to say where something answers at `url` that is not this platform. */
export const notThePlatformMessage = (url: string, what: string): string =>
  `${url} ${what}. Is it this platform? --url names another one.`;

/** The platform that a command asks where `--url` names none. */
export const defaultUrl = (): string => `http://127.0.0.1:${process.env.PORT || 8787}`;

/** An address without the slashes at its end; null where it is none of HTTP. */
export function platformUrl(text: string): string | null {
  const isAddress = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  return isAddress ? text.replace(/\/+$/, "") : null;
}

/** What to say of a `--url` that is none. */
export const invalidUrlMessage = (text: string): string =>
  `--url, or what PORT makes of it, is "${text}"; it must be an address such as http://127.0.0.1:8787.`;
