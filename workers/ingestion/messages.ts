import { z } from "zod";

/** What the ingestion queue carries. */
export const IngestionMessage = z.object({
  /** Bring the rooms' copies of these symbols' registry rows up to date. */
  kind: z.literal("reconcile"),
  symbols: z.array(z.string()).min(1).max(100),
});

export type IngestionMessage = z.infer<typeof IngestionMessage>;
