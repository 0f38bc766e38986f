import { posix } from "node:path";
import { importedFiles, type Source } from "./sources.ts";

/** A directed graph: each node with the nodes that it points to. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Who imports whom, by file. */
export function fileGraph(sources: readonly Source[]): Graph {
  const known = new Set(sources.map(({ path }) => path));
  return new Map(
    sources.map((source) => [source.path, new Set(importedFiles(source).filter((target) => known.has(target)))]),
  );
}

const isWithin = (folder: string, other: string): boolean => folder === other || folder.startsWith(`${other}/`);

/** Who imports whom, by folder; what a folder and its own parents and children import of each other does not count. */
export function folderGraph(files: Graph): Graph {
  const graph = new Map<string, Set<string>>();
  for (const [path, targets] of files) {
    const folder = posix.dirname(path);
    const imported = graph.get(folder) ?? new Set();
    graph.set(folder, imported);
    for (const target of targets) {
      const other = posix.dirname(target);
      if (!isWithin(folder, other) && !isWithin(other, folder)) imported.add(other);
    }
  }
  return graph;
}

/**
 * The cycles of a graph: each set of nodes that reach each other, in alphabetical order.
 * Algorithm: R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972).
 */
export function cyclesOf(graph: Graph): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): number => {
    const own = index.size;
    index.set(node, own);
    low.set(node, own);
    stack.push(node);
    let lowest = own;
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, index.get(next) ?? lowest);
    }
    low.set(node, lowest);
    if (lowest === own) {
      const component = stack.splice(stack.indexOf(node));
      if (component.length > 1 || graph.get(node)?.has(node)) cycles.push(component.sort());
    }
    return lowest;
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return cycles;
}
