import { createRoute, z } from "@hono/zod-openapi";
import { NO_QUERY } from "../../contracts/parameters.ts";
import { ApiError } from "../../contracts/problem.ts";
import { TICKET_SECONDS } from "../../durable-objects/ticket-office/ticket-office.ts";
import { isStillValid } from "../auth/api-keys.ts";
import type { Caller } from "../auth/caller.ts";
import { digestOf, envelope, problemResponses } from "../http/responses.ts";
import { type AppContext, createService } from "../http/service.ts";
import { checkFailedAttempts, recordFailedAttempt } from "../metering/guess-guard.ts";
import { callOrUnavailable } from "./call-or-unavailable.ts";

const TICKET_BYTES = 24;
const TICKET_FORMAT = /^[0-9a-f]{48}$/;
const TICKET_PATHS = /^\/(?:ws|stream)(?:\/|$)/;

/** Tickets are spread over sixteen offices, by the first digit of their digest. */
const officeOf = (env: Env, digest: string) => env.TICKET_OFFICE.getByName(`tickets:${digest[0]}`);

const OFFICE = "The office that keeps tickets";

const redeemTicket = (env: Env, digest: string) =>
  callOrUnavailable<string | null>(OFFICE, async () => officeOf(env, digest).redeem(digest));

const route = createRoute({
  method: "post",
  path: "/tickets",
  operationId: "createTicket",
  summary: "A ticket with which a browser opens one stream",
  description: `It carries the caller's rights, is good for ${TICKET_SECONDS} seconds and for one stream: pass it as \`?ticket=\` to /ws or /stream.`,
  tags: ["Streaming"],
  request: { query: NO_QUERY },
  responses: {
    201: {
      description: "The ticket",
      content: {
        "application/json": {
          schema: z.object({
            success: z.literal(true),
            data: z.object({ ticket: z.string(), expires_at: z.string() }),
            timestamp: z.string(),
          }),
        },
      },
    },
    ...problemResponses(400, 429),
  },
});

/** Routes that issue tickets. */
export const tickets = createService();

tickets.openapi(route, async (c) => {
  const bytes = crypto.getRandomValues(new Uint8Array(TICKET_BYTES));
  const ticket = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const digest = await digestOf(ticket);
  const holder = JSON.stringify(c.var.caller);
  await callOrUnavailable(OFFICE, async () => officeOf(c.env, digest).issue(digest, holder));
  c.header("Cache-Control", "no-store");
  const expires = new Date(Date.now() + TICKET_SECONDS * 1000).toISOString();
  return c.json(envelope({ ticket, expires_at: expires }), 201);
});

/** Admits the bearer of a ticket as the caller that asked for it, once. */
export function identifyTicket(c: AppContext): void | Promise<void> {
  if (!TICKET_PATHS.test(c.req.path)) return;
  const ticket = c.req.query("ticket");
  if (ticket !== undefined) return authenticateTicket(c, ticket);
}

async function authenticateTicket(c: AppContext, ticket: string): Promise<void> {
  checkFailedAttempts(c);
  const digest = await digestOf(ticket);
  const holder = TICKET_FORMAT.test(ticket) ? await redeemTicket(c.env, digest) : null;
  if (holder === null) {
    await recordFailedAttempt(c);
    throw new ApiError("auth.invalid", "The ticket is unknown, used or too old. POST /tickets returns another.");
  }
  const caller: Caller = JSON.parse(holder);
  if (!(await isStillValid(c.env, caller))) {
    throw new ApiError("auth.invalid", "The key that asked for the ticket is no longer valid.");
  }
  c.set("caller", caller);
}
