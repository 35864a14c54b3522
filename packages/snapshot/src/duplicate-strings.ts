/**
 * Strings of which the heap holds several copies, grouped as DevTools groups them: strings that V8 cut short
 * are the same only if their length and hash are. Source: HeapSnapshot.getDuplicateStrings in
 * chrome-devtools-frontend, front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts.
 */
import { typeIndex, type Graph } from './graph.js';
import { displayName, internalTarget, rawName } from './names.js';

export interface DuplicateString {
  value: string;
  /** Whether V8 wrote only the beginning of it. */
  truncated: boolean;
  count: number;
  shallowBytes: number;
  retainedBytes: number;
  /** Ordinals. */
  nodes: number[];
}

export function duplicateStrings(
  graph: Graph,
  shallow: Float64Array,
  retained: Float64Array,
): DuplicateString[] {
  const { nodeCount, nodeType, nodeTypes } = graph;
  const string = typeIndex(nodeTypes, 'string');
  const concatenated = typeIndex(nodeTypes, 'concatenated string');
  const groups = new Map<string, DuplicateString>();
  for (let node = 0; node < nodeCount; node++) {
    const type = nodeType[node];
    if (shallow[node] === 0 || !(type === string || (type === concatenated && !isFlat(graph, node))))
      continue;
    const value = displayName(graph, node);
    const cut = isTruncated(graph, node);
    const key = cut
      ? `${numberUnder(graph, node, 'length')} ${numberUnder(graph, node, 'hash')} ${value}`
      : ` ${value}`;
    let group = groups.get(key);
    if (!group) {
      group = { value, truncated: cut, count: 0, shallowBytes: 0, retainedBytes: 0, nodes: [] };
      groups.set(key, group);
    }
    group.count++;
    group.shallowBytes += shallow[node];
    group.retainedBytes += retained[node];
    group.nodes.push(node);
  }
  return [...groups.values()]
    .filter(({ count }) => count > 1)
    .sort((a, b) => b.retainedBytes - a.retainedBytes);
}

/** V8 flattens a concatenation in place; one half is then all of it and the other empty. */
function isFlat(graph: Graph, node: number): boolean {
  return ['first', 'second'].some((half) => {
    const to = internalTarget(graph, node, half);
    return to >= 0 && displayName(graph, to) === '';
  });
}

function isTruncated(graph: Graph, node: number): boolean {
  const to = internalTarget(graph, node, 'truncated');
  if (to < 0 || rawName(graph, to) !== 'bool') return false;
  const value = internalTarget(graph, to, 'value');
  return value >= 0 && rawName(graph, value) === 'true';
}

function numberUnder(graph: Graph, node: number, name: string): string {
  const to = internalTarget(graph, node, name);
  if (to < 0 || rawName(graph, to) !== 'int') return '';
  const value = internalTarget(graph, to, 'value');
  return value < 0 ? '' : rawName(graph, value);
}
