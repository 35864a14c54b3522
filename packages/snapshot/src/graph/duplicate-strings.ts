/**
 * Finds strings of which the heap has several copies, grouped like DevTools does: strings that V8 truncated
 * are equal only if their length and hash are. Source: HeapSnapshot.getDuplicateStrings in
 * chrome-devtools-frontend, front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts.
 */
import { uint32Column, type Sizes } from '../format/columns.js';
import { typeIndex, type Graph } from './graph.js';
import { displayName, internalTarget, rawName } from './names.js';

export interface DuplicateString {
  value: string;
  /** Whether V8 wrote only the beginning of the text. */
  truncated: boolean;
  count: number;
  shallowBytes: number;
  retainedBytes: number;
  /** Ordinals. */
  nodes: number[];
}

/** Group of a string that is in no group. */
const NO_GROUP = 0xffffffff;

export function duplicateStrings(graph: Graph, shallow: Sizes, retained: Sizes): DuplicateString[] {
  const { nodeCount, nodeName, nodeType, nodeTypes, strings } = graph;
  const string = typeIndex(nodeTypes, 'string');
  const concatenated = typeIndex(nodeTypes, 'concatenated string');
  const groupOf = uint32Column(nodeCount).fill(NO_GROUP);
  const groups = new Map<string, number>();
  /** Groups of complete strings, so that each text is decoded once. */
  const groupOfName = uint32Column(strings.count).fill(NO_GROUP);

  function grouped(node: number, cut: boolean): number {
    const kind = cut ? `${numberUnder(graph, node, 'length')} ${numberUnder(graph, node, 'hash')} ` : ' ';
    const key = kind + displayName(graph, node);
    const group = groups.get(key) ?? groups.size;
    groups.set(key, group);
    return group;
  }

  for (let node = 0; node < nodeCount; node++) {
    if (shallow[node] === 0) continue;
    if (nodeType[node] === concatenated) {
      if (!isFlat(graph, node)) groupOf[node] = grouped(node, isTruncated(graph, node));
    } else if (nodeType[node] === string) {
      const cut = isTruncated(graph, node);
      const name = nodeName[node];
      if (cut) groupOf[node] = grouped(node, cut);
      else if (groupOfName[name] !== NO_GROUP) groupOf[node] = groupOfName[name];
      else groupOf[node] = groupOfName[name] = grouped(node, cut);
    }
  }

  const count = uint32Column(groups.size);
  for (const group of groupOf) if (group !== NO_GROUP) count[group]++;
  const duplicates = new Map<number, DuplicateString>();
  for (let node = 0; node < nodeCount; node++) {
    const group = groupOf[node];
    if (group === NO_GROUP || count[group] < 2) continue;
    let duplicate = duplicates.get(group);
    if (!duplicate) {
      const value = displayName(graph, node);
      const truncated = isTruncated(graph, node);
      duplicate = { value, truncated, count: 0, shallowBytes: 0, retainedBytes: 0, nodes: [] };
      duplicates.set(group, duplicate);
    }
    duplicate.count++;
    duplicate.shallowBytes += shallow[node];
    duplicate.retainedBytes += retained[node];
    duplicate.nodes.push(node);
  }
  return [...duplicates.values()].sort((a, b) => b.retainedBytes - a.retainedBytes);
}

/**
 * Tells whether a concatenated string has been flattened: V8 does that in place, so one half is the whole
 * text and the other is empty.
 */
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
