/** Names of nodes and edges in reports. */
import type { Graph, Snapshot } from '@afterimage/snapshot';

const STRING_CHARS = 60;

/** A reference as DevTools writes it: `sessions`, `[12]`, `table`. */
export function edgeText({ edgeType, edgeTypes, edgeName, strings }: Graph, edge: number): string {
  const type = edgeTypes[edgeType[edge]];
  const name = edgeName[edge];
  return type === 'element' || type === 'hidden' ? `[${name}]` : strings.get(name);
}

/** The class of an object, the name of a function, the beginning of a string. */
export function nodeText(snapshot: Snapshot, node: number): string {
  const { nodeType, nodeTypes } = snapshot.graph;
  const type = nodeTypes[nodeType[node]];
  if (type === 'object' || type === 'native') return snapshot.className(node);
  const name = snapshot.name(node);
  switch (type) {
    case 'string':
    case 'concatenated string':
    case 'sliced string':
      return `"${name.slice(0, STRING_CHARS)}${name.length > STRING_CHARS ? '…' : ''}"`;
    case 'closure':
      return name === '' ? '() (closure)' : `${name}() (closure)`;
    case 'array':
      return name === '' ? '(array)' : name;
    default:
      return name === '' ? `(${type})` : name;
  }
}
