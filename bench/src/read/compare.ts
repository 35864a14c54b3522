/**
 * Compares two graphs of the same heap that number their nodes differently: as multisets of nodes (type, name, self
 * size) and of edges (type, name, both ends), with what differs sorted into classes.
 */

export interface ComparedGraph {
  nodeCount: number;
  nodeTypes: readonly string[];
  edgeTypes: readonly string[];
  nodeType: Uint8Array;
  nodeName: Uint32Array;
  selfSize: Uint32Array | Float64Array;
  firstEdge: Uint32Array;
  edgeType: Uint8Array;
  edgeName: Uint32Array;
  edgeTo: Uint32Array;
  text(index: number): string;
}

export interface Difference {
  what: string;
  count: number;
  /** One of them. */
  example: string;
}

export interface Compared {
  /** How many V8's generator made. */
  theirs: number;
  ours: number;
  equal: number;
  onlyTheirs: Difference[];
  onlyOurs: Difference[];
}

/** Edges of these nodes are V8's account of its roots: they are compared by themselves, without their numbers. */
const SYNTHETIC = 'synthetic';
const MAX_NAME = 120;

export function compareGraphs(
  theirs: ComparedGraph,
  ours: ComparedGraph,
): { nodes: Compared; edges: Compared; rootEdges: Compared; selfSize: { theirs: number; ours: number } } {
  const [theirNodes, ourNodes] = [nodeKeys(theirs), nodeKeys(ours)];
  const nodes = compareKeys(theirNodes, ourNodes, (side, node) =>
    nodeText(side === 'theirs' ? theirs : ours, node),
  );
  const compareEdges = (ofRoots: boolean): Compared => {
    const theirEdges = edgeKeys(theirs, theirNodes, ofRoots);
    const ourEdges = edgeKeys(ours, ourNodes, ofRoots);
    return compareKeys(theirEdges.keys, ourEdges.keys, (side, index) =>
      side === 'theirs'
        ? edgeText(theirs, at(theirEdges.edges, index), at(theirEdges.from, index))
        : edgeText(ours, at(ourEdges.edges, index), at(ourEdges.from, index)),
    );
  };
  const [edges, rootEdges] = [compareEdges(false), compareEdges(true)];
  return { nodes, edges, rootEdges, selfSize: { theirs: sum(theirs.selfSize), ours: sum(ours.selfSize) } };
}

type Numbers = ArrayLike<number>;

/** A number of a column; all that is asked for are there. */
function at(column: Numbers, index: number): number {
  return column[index] ?? 0;
}

function sum(column: Numbers): number {
  let total = 0;
  for (let index = 0; index < column.length; index++) total += at(column, index);
  return total;
}

interface Described {
  /** What it has in common with others that differ for the same reason. */
  what: string;
  text: string;
}

function compareKeys(
  theirs: Float64Array,
  ours: Float64Array,
  describe: (side: 'theirs' | 'ours', index: number) => Described,
): Compared {
  const [sortedTheirs, sortedOurs] = [theirs.toSorted(), ours.toSorted()];
  const onlyTheirs = new Map<number, number>();
  const onlyOurs = new Map<number, number>();
  let equal = 0;
  for (let a = 0, b = 0; a < sortedTheirs.length || b < sortedOurs.length;) {
    const their = sortedTheirs[a] ?? Infinity;
    const our = sortedOurs[b] ?? Infinity;
    if (their === our) {
      equal++;
      a++;
      b++;
    } else if (their < our) {
      onlyTheirs.set(their, (onlyTheirs.get(their) ?? 0) + 1);
      a++;
    } else {
      onlyOurs.set(our, (onlyOurs.get(our) ?? 0) + 1);
      b++;
    }
  }
  return {
    theirs: theirs.length,
    ours: ours.length,
    equal,
    onlyTheirs: classes(theirs, onlyTheirs, (index) => describe('theirs', index)),
    onlyOurs: classes(ours, onlyOurs, (index) => describe('ours', index)),
  };
}

/** What differs by class, most first. */
function classes(
  keys: Float64Array,
  left: Map<number, number>,
  describe: (index: number) => Described,
): Difference[] {
  const found = new Map<string, Difference>();
  for (let index = 0; index < keys.length; index++) {
    const count = left.get(at(keys, index)) ?? 0;
    if (count === 0) continue;
    left.set(at(keys, index), count - 1);
    const { what, text } = describe(index);
    const known = found.get(what);
    if (known === undefined) found.set(what, { what, count: 1, example: text });
    else known.count++;
  }
  return [...found.values()].sort((a, b) => b.count - a.count);
}

function nodeKeys(graph: ComparedGraph): Float64Array {
  const { nodeCount, nodeType, nodeTypes, nodeName, selfSize } = graph;
  const types = nodeTypes.map(hashText);
  const names = new Map<number, number>();
  return Float64Array.from({ length: nodeCount }, (_, node) => {
    const index = at(nodeName, node);
    let name = names.get(index);
    if (name === undefined) names.set(index, (name = hashText(plainName(graph.text(index)))));
    return mix(mix(name, at(types, at(nodeType, node))), at(selfSize, node));
  });
}

interface EdgeKeys {
  keys: Float64Array;
  edges: Uint32Array;
  from: Uint32Array;
}

function edgeKeys(graph: ComparedGraph, nodeKeys: Float64Array, ofRoots: boolean): EdgeKeys {
  const { nodeCount, nodeType, nodeTypes, firstEdge, edgeType, edgeTypes, edgeName, edgeTo } = graph;
  const types = edgeTypes.map(hashText);
  const isNumbered = edgeTypes.map((type) => type === 'element' || type === 'hidden');
  const names = new Map<number, number>();
  const total = at(firstEdge, nodeCount);
  const [keys, edges, from] = [new Float64Array(total), new Uint32Array(total), new Uint32Array(total)];
  let count = 0;
  for (let node = 0; node < nodeCount; node++) {
    if ((nodeTypes[at(nodeType, node)] === SYNTHETIC) !== ofRoots) continue;
    const end = at(firstEdge, node + 1);
    for (let edge = at(firstEdge, node); edge < end; edge++) {
      const index = at(edgeName, edge);
      const type = at(edgeType, edge);
      let name = isNumbered[type] === true ? index : names.get(index);
      if (name === undefined) names.set(index, (name = hashText(plainEdge(graph.text(index), ofRoots))));
      const start = mix(at(nodeKeys, node), at(types, type));
      keys[count] = mix(mix(start, name), at(nodeKeys, at(edgeTo, edge)));
      edges[count] = edge;
      from[count++] = node;
    }
  }
  return { keys: keys.subarray(0, count), edges: edges.subarray(0, count), from: from.subarray(0, count) };
}

/** Without the ids in it, which differ from capture to capture. */
function plainName(name: string): string {
  return name.replace(/ \/ scope @\d+$/, '').slice(0, 2048);
}

function plainEdge(name: string, isOfRoot = false): string {
  if (isOfRoot) return name.replace(/^\d+( \/ )?/, '');
  return name.replace(/^\d+ \/ part of key .* pair in WeakMap .*$/s, '(part of a key)');
}

function nodeText(graph: ComparedGraph, node: number): Described {
  const type = graph.nodeTypes[at(graph.nodeType, node)] ?? '';
  const name = graph.text(at(graph.nodeName, node)).slice(0, MAX_NAME);
  return { what: `${type} ${general(type, name)}`, text: `${type} ${name} (${at(graph.selfSize, node)} B)` };
}

function edgeText(graph: ComparedGraph, edge: number, from: number): Described {
  const type = graph.edgeTypes[at(graph.edgeType, edge)] ?? '';
  const isNumbered = type === 'element' || type === 'hidden';
  const name = isNumbered
    ? `${at(graph.edgeName, edge)}`
    : plainEdge(graph.text(at(graph.edgeName, edge))).slice(0, MAX_NAME);
  const [start, end] = [nodeText(graph, from), nodeText(graph, at(graph.edgeTo, edge))];
  const shown = ['property', 'context'].includes(type) || /^\d+$/.test(name) ? '…' : name;
  return {
    what: `${start.what} --${type} ${shown}--> ${end.what}`,
    text: `${start.text} --${type} ${name}--> ${end.text}`,
  };
}

/** Names that the program chose say nothing of why a node differs. */
function general(type: string, name: string): string {
  if (['string', 'closure', 'regexp', 'object', 'symbol'].includes(type)) return '…';
  return name
    .replace(/ for .*\)/s, ' for …)')
    .replace(/\(.* builtin/, '(… builtin')
    .slice(0, 60);
}

/** 52 bits. */
function hashText(text: string): number {
  let [low, high] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 2654435761);
    high = Math.imul(high ^ unit, 1597334677);
  }
  return (high >>> 12) * 2 ** 32 + (low >>> 0);
}

function mix(hash: number, value: number): number {
  let low = (hash >>> 0) ^ Math.imul(value >>> 0, 0x85ebca6b);
  let high = Math.floor(hash / 2 ** 32) ^ Math.imul(Math.floor(value / 2 ** 32) + 1, 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 15) ^ high, 2246822507);
  high = Math.imul(high ^ (high >>> 13) ^ low, 3266489909);
  low ^= high >>> 16;
  return (high >>> 12) * 2 ** 32 + (low >>> 0);
}
