/**
 * Snapshots that no program would make: small graphs at random, of the types, names and edges for which a heap
 * model has rules, so that the rules meet each other in ways that real heaps seldom show.
 */
import { pseudoRandom, type PseudoRandom } from './programs/pseudo-random.js';

// prettier-ignore
const nodeTypes = [
  'hidden', 'array', 'string', 'object', 'code', 'closure', 'regexp', 'number', 'native', 'synthetic',
  'concatenated string', 'sliced string', 'symbol', 'bigint', 'object shape',
] as const;
const edgeTypes = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'] as const;
const numbered: readonly string[] = ['element', 'hidden'];

// prettier-ignore
const names = [
  '', '(root)', '(Document DOM trees)', '(map descriptors)', '(object properties)', 'system / NativeContext',
  'system / ExternalStringData', 'system / Context', 'system / Map', 'Object', 'Array', 'Window',
  'Window / http://shop.test', '<div class="x">', 'sloppy_function_map', 'length', 'hash', 'truncated', 'first',
  'second', 'elements', 'map', 'table', '__proto__', 'constructor', 'a', 'b', 'p,q', '"x"', 'true', '0', '1', '2', '4',
  '12', 'y'.repeat(130),
] as const;

interface Node {
  type: (typeof nodeTypes)[number];
  name: string;
  size: number;
  detachedness: number;
  edges: Edge[];
}

type Edge = [type: (typeof edgeTypes)[number], name: string | number, to: number];

const idOf = (ordinal: number): number => 2 * ordinal + 1;

/** The same document for the same seed, in the fields of Node's V8 or of Chromium's. */
export function madeUpSnapshot(seed: number): string {
  const random = pseudoRandom(seed);
  return written(graph(random), random);
}

function graph(random: PseudoRandom): Node[] {
  const { below, pick, chance } = random;
  const nodes = Array.from({ length: pick([60, 200, 700]) }, (_, ordinal) => node(random, ordinal === 0));
  const any = (): number => below(nodes.length);
  const connect = (from: number, ...edge: Edge): unknown => nodes[from]?.edges.push(edge);

  for (let edges = nodes.length * pick([1, 2, 4]); edges > 0; edges--) {
    const type = pick(edgeTypes);
    // Once only from the root: DevTools gives up a graph where the root's edges outnumber the nodes they lead to.
    connect(1 + below(nodes.length - 1), type, numbered.includes(type) ? below(9) : pick(names), any());
  }
  const connected = chance(0.8) ? nodes.length - pick([10, 20, 30]) : 0;
  for (let to = 1; to < connected; to++) {
    connect(below(to), pick(['property', 'internal']), pick(names), to);
  }
  for (let shortcuts = below(4); shortcuts > 0; shortcuts--) connect(0, 'shortcut', pick(names), any());
  for (let pairs = below(6); pairs > 0; pairs--) {
    const [key, value, table] = [any(), any(), any()];
    const pair = `key (K @${idOf(key)}) -> value (V @${idOf(value)}) pair in WeakMap (table @${idOf(table)})`;
    for (const holder of [key, table]) connect(holder, 'internal', `${pairs} / part of ${pair}`, value);
  }
  return nodes;
}

function node({ below, pick, chance }: PseudoRandom, isRoot: boolean): Node {
  const type = isRoot ? 'synthetic' : chance(0.3) ? 'object' : pick(nodeTypes);
  const name = isRoot ? '(root)' : type === 'object' && chance(0.5) ? 'Object' : pick(names);
  return {
    type,
    name,
    size: pick([0, 8, 24, below(5000)]),
    // DevTools calls detached nodes by other names; V8's own data cannot be detached from a document.
    detachedness: name.startsWith('system') ? 0 : below(3),
    edges: [],
  };
}

function written(nodes: Node[], { below, chance }: PseudoRandom): string {
  const strings = [
    ...new Set([...names, ...nodes.flatMap(({ edges }) => edges.map(([, name]) => String(name)))]),
  ];
  const index = new Map(strings.map((string, at) => [string, at]));
  const nodeFields = ['type', 'name', 'id', 'self_size', 'edge_count'];
  const hasTraces = chance(0.5);
  nodeFields.push(...(hasTraces ? ['trace_node_id', 'detachedness'] : ['detachedness']));
  const nodeNumbers = nodes.flatMap(({ type, name, size, edges, detachedness }, ordinal) => [
    nodeTypes.indexOf(type),
    index.get(name),
    idOf(ordinal),
    size,
    edges.length,
    ...(hasTraces ? [0, detachedness] : [detachedness]),
  ]);
  const edgeNumbers = nodes.flatMap(({ edges }) =>
    edges.flatMap(([type, name, to]) => [
      edgeTypes.indexOf(type),
      typeof name === 'number' ? name : index.get(name),
      to * nodeFields.length,
    ]),
  );
  const located = nodes.flatMap((_, ordinal) =>
    chance(0.3) ? [ordinal * nodeFields.length, below(3), below(3), below(2)] : [],
  );
  const header = {
    meta: {
      node_fields: nodeFields,
      node_types: [nodeTypes, 'string', ...nodeFields.slice(2).map(() => 'number')],
      edge_fields: ['type', 'name_or_index', 'to_node'],
      edge_types: [edgeTypes, 'string_or_number', 'node'],
      trace_function_info_fields: [],
      trace_node_fields: [],
      sample_fields: ['timestamp_us', 'last_assigned_id'],
      location_fields: ['object_index', 'script_id', 'line', 'column'],
    },
    node_count: nodes.length,
    edge_count: edgeNumbers.length / 3,
    trace_function_count: 0,
  };
  const sections = { trace_function_infos: [], trace_tree: [], samples: [], locations: located, strings };
  return JSON.stringify({ snapshot: header, nodes: nodeNumbers, edges: edgeNumbers, ...sections });
}
