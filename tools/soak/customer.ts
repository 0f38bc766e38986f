import { z } from "zod";
import { WITH_TOKEN } from "../bundled-worker.ts";

const NewKey = z.object({ data: z.object({ key: z.string() }) });

/** Makes a key of the largest tier; returns the headers of a caller with it. */
export async function createCustomer(url: string): Promise<Record<string, string>> {
  const response = await fetch(`${url}/admin/keys`, {
    method: "POST",
    headers: { ...WITH_TOKEN, "Content-Type": "application/json" },
    body: JSON.stringify({ name: "soak", scopes: ["read", "stream"], tier: "premium" }),
  });
  return { "X-API-Key": NewKey.parse(await response.json()).data.key };
}
