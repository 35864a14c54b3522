/** Which names of a program are still there after its snapshot was redacted. */

export interface Survivors {
  names: number;
  kept: number;
  /** Some of those that are not. */
  lost: string[];
}

interface Document {
  snapshot: {
    meta: { node_fields: string[]; node_types: [string[]]; edge_fields: string[]; edge_types: [string[]] };
  };
  nodes: number[];
  edges: number[];
  strings: string[];
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const EXAMPLES = 8;

/**
 * @param bare a snapshot of the same Node without the program: its names are not the program's
 * @param properties whether names of properties count, too
 */
export function survivors(original: string, redacted: string, bare: string, properties: boolean): Survivors {
  const names = namesIn(JSON.parse(original) as Document, properties);
  for (const name of namesIn(JSON.parse(bare) as Document, true)) names.delete(name);
  const left = namesIn(JSON.parse(redacted) as Document, properties);
  const lost = [...names].filter((name) => !left.has(name));
  return { names: names.size, kept: names.size - lost.length, lost: lost.slice(0, EXAMPLES) };
}

/** Names of classes and functions, and of properties. */
function namesIn({ snapshot, nodes, edges, strings }: Document, properties: boolean): Set<string> {
  const { node_fields, node_types, edge_fields, edge_types } = snapshot.meta;
  const found = new Set<string>();
  const add = (index: number | undefined): void => {
    const name = strings[index ?? -1] ?? '';
    if (IDENTIFIER.test(name)) found.add(name);
  };
  const nodeName = node_fields.indexOf('name');
  const named = new Set(['object', 'closure'].map((type) => node_types[0].indexOf(type)));
  for (let at = 0; at < nodes.length; at += node_fields.length) {
    if (named.has(nodes[at] ?? -1)) add(nodes[at + nodeName]);
  }
  if (!properties) return found;
  const edgeName = edge_fields.indexOf('name_or_index');
  const property = edge_types[0].indexOf('property');
  for (let at = 0; at < edges.length; at += edge_fields.length) {
    if (edges[at] === property) add(edges[at + edgeName]);
  }
  return found;
}
