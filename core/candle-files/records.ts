/** Cells longer than this hold no time and no number. */
export const MAX_CELL = 64;

/** Whether a record is only blanks, as lines of separators are. */
export const isBlank = (cells: readonly string[]): boolean => cells.every((cell) => cell.trim() === "");
