import { z } from "zod";
import { CLOSE } from "../../../contracts/stream.ts";

/** Why something was not done, by its code, and what was said of it; null where nothing was. */
export interface Refusal {
  code: string;
  detail: string | null;
}

/** Codes of closes that refuse: policy, try again later, slow consumer. */
const REFUSING_CLOSES: readonly number[] = [CLOSE.policy, CLOSE.tryLater, CLOSE.slowConsumer];

const RefusalSchema = z.looseObject({ code: z.string(), detail: z.string().min(1).nullable().catch(null) });
const Confirmation = z.looseObject({ rejected: z.array(RefusalSchema) });

const ERROR = Buffer.from('{"type":"error"');
const CONFIRMATION = Buffer.from('{"type":"subscription_confirmed"');
/** What was missed, often megabytes, follows all that is of use here. */
const POSITIONS = ',"positions":';

const startsWith = (data: Buffer, start: Buffer): boolean => data.subarray(0, start.length).equals(start);

/** What a frame of a stream refuses: all of a message, or some of its symbols. */
export function refusalsOf(data: Buffer): Refusal[] {
  if (startsWith(data, ERROR)) return [RefusalSchema.parse(JSON.parse(data.toString()))];
  if (!startsWith(data, CONFIRMATION)) return [];
  const end = data.indexOf(POSITIONS);
  return Confirmation.parse(JSON.parse(`${data.subarray(0, end).toString()}}`)).rejected;
}

/** What the end of a connection refuses; null where it invites its client to come back at once, or was the client's own. */
export function refusalOfClose(code: number, reason: string): Refusal | null {
  return REFUSING_CLOSES.includes(code) ? { code: `close ${code}`, detail: reason === "" ? null : reason } : null;
}

/** The last event of a stream of server-sent events, by which the platform ends it; null where there is none. */
export function refusalOfEvents(text: string): Refusal | null {
  const data = /^event: end\n(?:id: .*\n)?data: (.*)$/m.exec(text)?.[1];
  return data === undefined ? null : RefusalSchema.parse(JSON.parse(data));
}

/** Whether a refusal came on a socket, and not as the answer to a request. */
export const isOfSocket = (code: string): boolean => !code.startsWith("http ");
