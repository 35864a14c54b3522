/**
 * Heaps made up of a few objects, with the nodes and edges that V8 writes for each: what the rules about suspects read can be
 * stated in a line, and changed.
 */
import { diff, findSuspects, open, type Growth, type Snapshot, type Suspect } from '@afterimage/snapshot';
import { inPieces, written } from '../snapshot/snapshot-text.js';

// prettier-ignore
const nodeTypes = [
  'hidden', 'array', 'string', 'object', 'code', 'closure', 'regexp', 'number', 'native', 'synthetic',
  'concatenated string', 'sliced string', 'symbol', 'bigint', 'object shape',
] as const;
const edgeTypes = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak'] as const;
const NODE_FIELDS = ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'];

export interface Thing {
  type: (typeof nodeTypes)[number];
  name: string;
  /** In bytes. */
  size: number;
  edges: Edge[];
  /** Where the function is, or the object's constructor. */
  source?: Source;
}

type Edge = [type: (typeof edgeTypes)[number], name: string | number, to: Thing];
export type Things = Record<string, Thing>;

/** Lines and columns count from 1. */
export interface Source {
  script: string;
  line: number;
  column: number;
}

export function node(type: Thing['type'], name: string, size = 40, edges: Edge[] = []): Thing {
  return { type, name, size, edges };
}

export function object(className: string, properties: Things = {}, size = 40): Thing {
  return node('object', className, size, edgesOf('property', properties));
}

export function edgesOf(type: Edge[0], things: Things): Edge[] {
  return Object.entries(things).map(([name, to]) => [type, name, to]);
}

/** Size of an element that accumulates, in bytes: a few dozens of them are worth reporting, whatever holds them. */
export const LARGE = 100_000;

export function large(className: string, properties: Things = {}): Thing {
  return object(className, properties, LARGE);
}

export function times(count: number, make: (n: number) => Thing): Thing[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

export const text = (content: string, size = 40): Thing => node('string', content, size);

/** V8 writes the value only on request. */
export const number = (value?: number): Thing =>
  node('number', 'heap number', 16, value === undefined ? [] : [['internal', 'value', text(String(value))]]);

/** V8 numbers the slots of tables; the rules read only that it is a number. */
const ANY_INDEX = '3';

export function array(items: readonly Thing[], size = 16 + 8 * items.length): Thing {
  const elements = node('array', '(object elements)', size);
  elements.edges = items.map((item) => ['internal', ANY_INDEX, item]);
  return node('object', 'Array', 32, [
    ['internal', 'elements', elements],
    ...items.map((item, at): Edge => ['element', at, item]),
  ]);
}

/** A Map, Set or WeakMap, or an object of a class that extends one. */
export function collection(className: string, entries: readonly Thing[], properties: Things = {}): Thing {
  const table = node('array', '', 64 + 24 * entries.length);
  table.edges = entries.map((entry) => ['internal', ANY_INDEX, entry]);
  return node('object', className, 32, [['internal', 'table', table], ...edgesOf('property', properties)]);
}

export const map = (entries: readonly Thing[]): Thing => collection('Map', entries);

/** Hash table of an object's properties: as many as one likes. */
export function dictionary(values: readonly Thing[], key = (n: number): string => `key${n}`): Thing {
  return object('Object', Object.fromEntries(values.map((value, n) => [key(n), value])));
}

/** The code of a function: shared by all closures over it. */
export interface Code {
  source: Source;
  name: string;
  shared: Thing;
  scope: Thing;
}

export function code(name: string, script: string, line = 1, column = 1, constants: Thing[] = []): Code {
  const scope = node('hidden', 'system / ScopeInfo', 16);
  const pool = node('array', '(constant pool)', 16);
  pool.edges = constants.map((constant, at) => ['internal', String(at), constant]);
  const shared = node('code', name, 16, [
    ['internal', 'script', node('code', script, 16)],
    ['internal', 'name_or_scope_info', scope],
    ['internal', 'function_data', node('code', '(bytecode)', 16, [['internal', 'constant_pool', pool]])],
  ]);
  return { source: { script, line, column }, name, shared, scope };
}

/** Functions and variables of the same code share it: `const poll = code('poll', '/app/poll.js', 7)`. */
export function closure({ source, name, shared }: Code, context?: Thing, size = 64): Thing {
  const made = node('closure', name, size, [['internal', 'shared', shared]]);
  if (context !== undefined) made.edges.push(['internal', 'context', context]);
  return { ...made, source };
}

/** The variables of one call of a function, or of a module. */
export function variables({ scope }: Code, values: Things, previous?: Thing, size = 40): Thing {
  const context = node('object', 'system / Context', size, [['internal', 'scope_info', scope]]);
  if (previous !== undefined) context.edges.push(['internal', 'previous', previous]);
  context.edges.push(...edgesOf('context', values));
  return context;
}

/** A CommonJS module that exports these values, and a function `use`. */
export function commonJs(filename: string, exported: Things): Thing {
  const use = closure(code('use', filename, 2, 5));
  return object('Module', { filename: text(filename), exports: object('Object', { use, ...exported }) });
}

/** A CommonJS module with variables that its exported function `use` can reach. */
export function moduleWith(filename: string, values: Things): Thing {
  const context = variables(code('', filename), values);
  return commonJs(filename, { use: closure(code('use', filename, 2, 5), context) });
}

export function bound(target: Thing): Thing {
  return node('closure', 'native_bind', 48, [['internal', 'bound_function', target]]);
}

/** Gives an object a prototype whose constructor has this name. */
export function withConstructor(thing: Thing, name: string, methods: Things = {}): Thing {
  const constructor = node('closure', name, 64);
  thing.edges.push(['property', '__proto__', object('Object', { constructor, ...methods })]);
  return thing;
}

/** Names of fields in the hidden class: V8 writes no edge for a small integer. */
export function withSmallIntegers(thing: Thing, ...fields: string[]): Thing {
  const descriptors = node('array', '(map descriptors)', 16);
  descriptors.edges = fields.map((field) => ['internal', field, text(field)]);
  thing.edges.push([
    'internal',
    'map',
    node('object shape', 'system / Map', 40, [['internal', 'descriptors', descriptors]]),
  ]);
  return thing;
}

export interface Program {
  /** By their paths, in `require.cache`. */
  modules?: Thing[];
  globals?: Things;
  /** By the names of V8's roots, such as `(Global handles)`. */
  roots?: Record<string, Thing[]>;
  /** Nodes at the root that Node itself writes: `Node / TCPSocketWrap`. */
  handles?: Thing[];
  /** What a capture adds to the header. */
  afterimage?: object;
  nativeBytes?: number;
}

function rootOf({ modules = [], globals = {}, roots = {}, handles = [] }: Program): Thing {
  const cache = object(
    'Object',
    Object.fromEntries(modules.map((each, at) => [filenameOf(each) ?? `/app/${at}.js`, each])),
  );
  const loader = closure(code('Module', 'node:internal/modules/cjs/loader', 200, 1));
  loader.edges.push(['property', '_cache', cache]);
  const strong = [loader, ...(roots['(Strong roots)'] ?? [])];
  const named = Object.entries({ ...roots, '(Strong roots)': strong }).map(([name, things]) =>
    node(
      'synthetic',
      name,
      0,
      things.map((thing, at) => ['element', at, thing]),
    ),
  );
  const gcRoots = node('synthetic', '(GC roots)', 0);
  gcRoots.edges = named.map((each, at) => ['element', at, each]);
  return node('synthetic', '', 0, [
    ['element', 1, gcRoots],
    ['shortcut', 'global', object('global', globals)],
    ...handles.map((handle, at): Edge => ['element', 2 + at, handle]),
  ]);
}

function filenameOf({ edges }: Thing): string | undefined {
  return edges.find(([, name]) => name === 'filename')?.[2].name;
}

export async function snapshotOf(program: Program): Promise<Snapshot> {
  const things = [rootOf(program)];
  const ordinals = new Map(things.map((thing, at) => [thing, at]));
  for (const { edges } of things) {
    for (const [, , to] of edges) if (!ordinals.has(to)) ordinals.set(to, things.push(to) - 1);
  }
  const strings = new Map<string, number>();
  const indexOf = (content: string): number => {
    const at = strings.get(content);
    if (at === undefined) strings.set(content, strings.size);
    return at ?? strings.size - 1;
  };
  const scripts = [...new Set(things.flatMap(({ source }) => (source ? [source.script] : [])))];
  const nodes: number[] = [];
  const edges: number[] = [];
  things.forEach((thing, at) => {
    nodes.push(
      nodeTypes.indexOf(thing.type),
      indexOf(thing.name),
      2 * at + 1,
      thing.size,
      thing.edges.length,
      0,
    );
    for (const [type, name, to] of thing.edges)
      edges.push(
        edgeTypes.indexOf(type),
        typeof name === 'number' ? name : indexOf(name),
        (ordinals.get(to) ?? 0) * NODE_FIELDS.length,
      );
  });
  const locations = things.flatMap(({ source }, at) =>
    source === undefined
      ? []
      : [at * NODE_FIELDS.length, scripts.indexOf(source.script), source.line - 1, source.column - 1],
  );
  const header = {
    meta: {
      node_fields: NODE_FIELDS,
      node_types: [[...nodeTypes], 'string', 'number', 'number', 'number', 'number'],
      edge_fields: ['type', 'name_or_index', 'to_node'],
      edge_types: [[...edgeTypes], 'string_or_number', 'node'],
      location_fields: ['object_index', 'script_id', 'line', 'column'],
    },
    node_count: things.length,
    edge_count: edges.length / 3,
    extra_native_bytes: program.nativeBytes ?? 0,
    ...(program.afterimage === undefined ? {} : { afterimage: program.afterimage }),
  };
  const json = [...strings.keys()].map((each) => JSON.stringify(each));
  return open(inPieces(written({ header, nodes, edges, locations, strings: json })), { threads: 1 });
}

/** What grew in a program with as many of something as `counts` tells, one snapshot each. */
export async function growthOf(
  make: (count: number) => Program,
  counts: readonly number[] = [10, 40],
  options: Parameters<typeof diff>[1] = {},
): Promise<Growth> {
  return diff(
    counts.map((count) => snapshotOf(make(count))),
    options,
  );
}

/** The first suspect of that growth. */
export async function suspectOf(...args: Parameters<typeof growthOf>): Promise<Suspect> {
  const { suspects, classes } = await growthOf(...args);
  if (suspects[0] === undefined) throw new Error(`nothing is suspicious: ${JSON.stringify(classes)}`);
  return suspects[0];
}

/** The largest accumulation in one snapshot of such a program. */
export async function accumulationOf(
  make: (count: number) => Program,
  count = 100,
): Promise<Suspect | undefined> {
  return findSuspects(await snapshotOf(make(count)))[0];
}
