/** A column for intermediate results; holds nothing from one call to the next. */
export interface ScratchColumn {
  /** The column, `length` long; its content is whatever was left there. */
  of(length: number): Float64Array;
}

/**
 * Columns for intermediate results, kept from block to block because a new typed array costs as much as computing some
 * hundred values. Whatever runs one after the other may share one.
 */
export class Workspace {
  readonly #columns: Float64Array<ArrayBuffer>[] = [];
  #zeros = new Float64Array(0);

  /** The `index`-th column, `length` long. */
  column(index: number, length: number): Float64Array {
    const column = this.#columns[index];
    if (column !== undefined && column.length === length) return column;
    const fitting = resized(column, length);
    this.#columns[index] = fitting;
    return fitting;
  }

  /** The `index`-th column, for who does not know its length yet. */
  scratch(index: number): ScratchColumn {
    return new WorkspaceColumn(this, index);
  }

  /** A block of zeros that lasts until the next call. */
  zeros(length: number): Float64Array {
    this.#zeros = resized(this.#zeros, length).fill(0);
    return this.#zeros;
  }
}

/** One column of a workspace. */
class WorkspaceColumn implements ScratchColumn {
  readonly #workspace: Workspace;
  readonly #index: number;

  constructor(workspace: Workspace, index: number) {
    this.#workspace = workspace;
    this.#index = index;
  }

  of(length: number): Float64Array {
    return this.#workspace.column(this.#index, length);
  }
}

/** An array of that length over the buffer of `array` if that is large enough. */
function resized(array: Float64Array<ArrayBuffer> | undefined, length: number): Float64Array<ArrayBuffer> {
  const bytes = length * Float64Array.BYTES_PER_ELEMENT;
  return array !== undefined && array.buffer.byteLength >= bytes
    ? new Float64Array(array.buffer, 0, length)
    : new Float64Array(length);
}
