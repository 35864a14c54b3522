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

/** What differs by nature is in none of these numbers but `byNature`. */
export interface Compared {
  /** How many V8's generator made. */
  theirs: number;
  ours: number;
  equal: number;
  /** How many of V8's are left out. */
  byNature: number;
  onlyTheirs: Difference[];
  onlyOurs: Difference[];
}

/**
 * What V8 has and no reading can: Node's own objects of C++, and the line ends that V8 computes while it writes a
 * snapshot. They and their edges are counted apart.
 */
function differsByNature(type: string, name: string): boolean {
  return /^(Node \/ |C\+\+ )/.test(name) || (type === 'code' && name === '(script line ends)');
}

const PROGRAMS_TYPES = new Set([
  ...['object', 'closure', 'string', 'concatenated string', 'sliced string', 'regexp', 'number', 'symbol'],
  ...['bigint', 'native', 'array'],
]);

function isOfProgram(type: string, name: string): boolean {
  return PROGRAMS_TYPES.has(type) && !(type === 'array' && name === '');
}

/** Edges of these nodes are V8's account of its roots: they are compared by themselves, without their numbers. */
const SYNTHETIC = 'synthetic';
const MAX_NAME = 120;
const MAX_COMPARED = 2048;

export function compareGraphs(theirs: ComparedGraph, ours: ComparedGraph): ComparedGraphs {
  const [their, our] = [describe(theirs), describe(ours)];
  const compareNodes = (isMeant: (graph: ComparedGraph, node: number) => boolean): Compared => {
    const left = [their, our].map(({ graph, natural }) =>
      Uint32Array.from({ length: graph.nodeCount }, (_, node) => node).filter(
        (node) => at(natural, node) === 0 && isMeant(graph, node),
      ),
    ) as [Uint32Array, Uint32Array];
    return compareKeys(
      [pick(their.keys, left[0]), pick(our.keys, left[1])],
      sum(their.natural),
      (side, index) =>
        side === 'theirs' ? nodeText(theirs, at(left[0], index)) : nodeText(ours, at(left[1], index)),
    );
  };
  const compareEdges = (ofRoots: boolean): Compared => {
    const [theirEdges, ourEdges] = [edgeKeys(their, ofRoots), edgeKeys(our, ofRoots)];
    return compareKeys([theirEdges.keys, ourEdges.keys], theirEdges.byNature, (side, index) =>
      side === 'theirs'
        ? edgeText(theirs, at(theirEdges.edges, index), at(theirEdges.from, index))
        : edgeText(ours, at(ourEdges.edges, index), at(ourEdges.from, index)),
    );
  };
  const ofProgram = (graph: ComparedGraph, node: number): boolean =>
    isOfProgram(graph.nodeTypes[at(graph.nodeType, node)] ?? '', graph.text(at(graph.nodeName, node)));
  return {
    nodes: compareNodes(() => true),
    ofProgram: compareNodes(ofProgram),
    edges: compareEdges(false),
    rootEdges: compareEdges(true),
    selfSize: { theirs: selfSize(their), ours: selfSize(our) },
  };
}

export interface ComparedGraphs {
  nodes: Compared;
  /** Those that a program makes, as opposed to what V8 keeps about them and its code. */
  ofProgram: Compared;
  edges: Compared;
  rootEdges: Compared;
  /** In bytes. */
  selfSize: { theirs: number; ours: number };
}

interface DescribedGraph {
  graph: ComparedGraph;
  keys: Float64Array;
  /** 1 for each node that differs by nature. */
  natural: Uint8Array;
}

function describe(graph: ComparedGraph): DescribedGraph {
  return { graph, keys: nodeKeys(graph), natural: naturalNodes(graph) };
}

/** 1 for each node that differs by nature. */
export function naturalNodes(
  graph: Pick<ComparedGraph, 'nodeCount' | 'nodeType' | 'nodeTypes' | 'nodeName' | 'text'>,
): Uint8Array {
  return Uint8Array.from({ length: graph.nodeCount }, (_, node) =>
    differsByNature(graph.nodeTypes[at(graph.nodeType, node)] ?? '', graph.text(at(graph.nodeName, node)))
      ? 1
      : 0,
  );
}
function pick(keys: Float64Array, which: Uint32Array): Float64Array {
  return Float64Array.from(which, (index) => at(keys, index));
}

function selfSize({ graph, natural }: DescribedGraph): number {
  let total = 0;
  for (let node = 0; node < graph.nodeCount; node++)
    if (at(natural, node) === 0) total += at(graph.selfSize, node);
  return total;
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
  [theirs, ours]: readonly [Float64Array, Float64Array],
  byNature: number,
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
    byNature,
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
  byNature: number;
  keys: Float64Array;
  edges: Uint32Array;
  from: Uint32Array;
}

function edgeKeys({ graph, keys: nodeKeys, natural }: DescribedGraph, ofRoots: boolean): EdgeKeys {
  const { nodeCount, nodeType, nodeTypes, firstEdge, edgeType, edgeTypes, edgeName, edgeTo } = graph;
  const types = edgeTypes.map(hashText);
  const isNumbered = edgeTypes.map((type) => type === 'element' || type === 'hidden');
  const names = new Map<number, number>();
  const total = at(firstEdge, nodeCount);
  const [keys, edges, from] = [new Float64Array(total), new Uint32Array(total), new Uint32Array(total)];
  let [count, byNature] = [0, 0];
  for (let node = 0; node < nodeCount; node++) {
    if ((nodeTypes[at(nodeType, node)] === SYNTHETIC) !== ofRoots) continue;
    const end = at(firstEdge, node + 1);
    for (let edge = at(firstEdge, node); edge < end; edge++) {
      if (at(natural, node) + at(natural, at(edgeTo, edge)) > 0) {
        byNature++;
        continue;
      }
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
  return {
    byNature,
    keys: keys.subarray(0, count),
    edges: edges.subarray(0, count),
    from: from.subarray(0, count),
  };
}

/**
 * Without the ids in it, which differ from capture to capture; and as V8 writes it, of whose characters only 16 bits
 * are left, and of what is none, question marks.
 */
function plainName(name: string): string {
  return name
    .replace(/ \/ scope @\d+$/, '')
    .slice(0, MAX_COMPARED)
    .replace(/[\u{10000}-\u{10ffff}]/gu, (letter) => String.fromCharCode(letter.codePointAt(0) ?? 0))
    .replace(/\ufffd/g, '???');
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
