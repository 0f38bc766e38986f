/** One file or one symbol cannot be done, though others may; the message is a sentence. */
export class ItemFailure extends Error {
  override readonly name = "ItemFailure";
}

/** The command cannot do its work: the platform refuses it, or cannot be reached. The message is a sentence. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
}

/** The user has ended the command. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** What went wrong with a file, as the system says it, without its path. */
export const systemReason = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/, \w+ '.*'(?: -> '.*')?$/s, "") : String(error);
