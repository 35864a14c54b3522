/**
 * Names the holder of an accumulation: the names by which the program reaches it (`client._events.connect`),
 * its class, and the function, module, class or root where the path begins.
 */
import type { Graph } from '../graph/graph.js';
import { edgeLabel, internalTarget, rawName } from '../graph/names.js';
import { anchor, isContext, moduleOfNode } from '../paths/path-words.js';
import type { Snapshot } from '../graph/snapshot.js';
import type { SourcePositions } from '../paths/source-positions.js';

export interface HolderWords {
  /** For example `client._events.connect`. */
  name: string;
  class: string;
  /** Description of the owner. */
  owner: string;
  /**
   * If no JavaScript holds it: an open handle of Node (a socket, a port), or V8's handles for native code.
   */
  native: 'handle' | 'addon' | null;
}

/** Names that say nothing about the program: V8's, and Node's between a module and its exports. */
const UNTOLD = new Set(['exports', 'this', 'global', '__proto__', 'context', 'previous']);
const MAX_NAMES = 3;
const PLAIN =
  /^(Object|Array|Map|Set|WeakMap|WeakSet|\{.*|\(.*|system \/ .*|Module|ModuleWrap|global.*|process|.*\(\))$/s;

/** Readable names for nodes that V8 names by numbers or not at all. */
const ROOTS: Record<string, string> = {
  '(Global handles)': 'native code (V8 global handles)',
  '(Traced handles)': 'native code (V8 traced handles)',
  '(Eternal handles)': 'native code (V8 eternal handles)',
  '(Handle scope)': 'native code that runs (V8 handle scope)',
  '(Stack roots)': 'functions that run (the stack)',
  '(Micro tasks)': 'the microtask queue',
  '(Strong roots)': 'V8',
  '(Strong root list)': 'V8',
};

const OPEN_HANDLES = 'open handles of Node.js';

export function holderWords(
  snapshot: Snapshot,
  positions: SourcePositions,
  edges: readonly number[],
  holder: number,
): HolderWords {
  const { graph } = snapshot;
  const at = edges.findIndex((edge) => graph.edgeTo[edge] === holder);
  const isRoot = isSynthetic(graph, holder) || rawName(graph, holder).startsWith('Node / ');
  const names: string[] = [];
  let owner = '';
  let nodeModule = '';
  let instance = '';
  for (let index = at; index >= 0 && owner === ''; index--) {
    const edge = edges[index];
    const node = graph.edgeTo[edge];
    // The prototype of one of Node's classes leads to all of its functions, and what they keep is Node's.
    if (edgeLabel(graph, edge) === '__proto__' && nodeModule !== '') break;
    const found = anchor(graph, positions, node);
    if (found && (index < at || isContext(graph, node))) {
      owner = found.text;
      break;
    }
    nodeModule ||= moduleOfNode(graph, positions, node);
    // What Node keeps for itself: the program's part of the path ends there.
    if (nodeModule !== '' && index < at) continue;
    if (index < at && instance === '' && !PLAIN.test(snapshot.className(node)))
      instance = snapshot.className(node);
    const type = graph.edgeTypes[graph.edgeType[edge]];
    if ((type === 'property' || type === 'context') && !isContext(graph, node)) {
      names.unshift(nameOf(snapshot, edge));
    }
  }
  const className = isRoot ? 'references from native code' : classWords(snapshot, positions, holder);
  const told = names.filter((name) => name !== '').slice(-MAX_NAMES);
  const isOutside = owner === '' && nodeModule === '' && isRoot;
  const root = edges.length > 0 ? rootOf(graph, edges) : rootWords(graph, holder);
  return {
    name: nameFrom(snapshot, edges[at], told, className, root, isRoot),
    class: className,
    owner: owner || instance || nodeModule || root,
    native: !isOutside
      ? null
      : root.startsWith(OPEN_HANDLES)
        ? 'handle'
        : isNativeCode(root)
          ? 'addon'
          : null,
  };
}

function isNativeCode(root: string): boolean {
  return root.startsWith('native code') || root === 'the process';
}

/**
 * Corrects the holder: what V8's global handles hold is still an open handle if it belongs to one of Node's
 * objects.
 */
export function ofOpenHandles({ graph }: Snapshot, words: HolderWords, element: number): HolderWords {
  if (words.native !== 'addon') return words;
  const native = internalTarget(graph, element, 'javascript_to_native');
  const name = native < 0 ? '' : rootWords(graph, native);
  return name.startsWith(OPEN_HANDLES) ? { ...words, name, owner: name, native: 'handle' } : words;
}

/** Uses only the last name if the holder has one; else its class and the closest named owner. */
function nameFrom(
  { graph }: Snapshot,
  edge: number | undefined,
  told: string[],
  className: string,
  root: string,
  isRoot: boolean,
): string {
  if (isRoot || edge === undefined) return root;
  const type = graph.edgeTypes[graph.edgeType[edge]];
  const isNamed = (type === 'property' || type === 'context') && !UNTOLD.has(edgeLabel(graph, edge));
  if (told.length === 0) return className;
  return isNamed || isContext(graph, graph.edgeTo[edge])
    ? told.join('.')
    : `${className} in ${told.join('.')}`;
}

/** Names an edge, without V8's notation for symbols; `this` becomes its owner. */
function nameOf(snapshot: Snapshot, edge: number): string {
  const label = edgeLabel(snapshot.graph, edge);
  if (label === 'this') return snapshot.className(snapshot.graph.edgeTo[edge]);
  return UNTOLD.has(label) ? '' : plainName(label);
}

/** Turns `<symbol kEvents>` into `kEvents`. */
export function plainName(label: string): string {
  const symbol = /^<symbol (.*)>$/s.exec(label);
  return symbol === null ? label : symbol[1];
}

/** Names the class of a node; for variables of a function, that function. */
export function classWords(snapshot: Snapshot, positions: SourcePositions, node: number): string {
  const { graph } = snapshot;
  if (isContext(graph, node)) {
    const name = positions.ofContext(node)?.name ?? '';
    return name === '' ? 'variables' : `variables of ${name}()`;
  }
  if (graph.nodeTypes[graph.nodeType[node]] === 'closure')
    return `${rawName(graph, node) || '(anonymous)'}()`;
  return constructorName(snapshot, node);
}

/**
 * Returns the constructor's name from the prototype: V8's snapshot shows the first constructor, which is
 * wrong for an object whose prototype was set later, as Node does for AbortSignal.
 */
export function constructorName(snapshot: Snapshot, node: number): string {
  const { graph } = snapshot;
  const name = snapshot.className(node);
  // C++ objects that Node.js reports to V8 (EmbedderGraph): `Node / MessagePort`.
  const type = graph.nodeTypes[graph.nodeType[node]];
  if (type === 'synthetic' || type === 'native') return rawName(graph, node).replace(/^Node \/ /, '');
  if (type !== 'object' || !/^(Object|EventTarget|\{)/.test(name)) return name;
  const prototype = propertyTarget(graph, node, '__proto__');
  if (prototype < 0) return name;
  const constructor = propertyTarget(graph, prototype, 'constructor');
  if (constructor < 0 || graph.nodeTypes[graph.nodeType[constructor]] !== 'closure') return name;
  const found = rawName(graph, constructor);
  return found === '' || found === 'Object' ? name : found;
}

/** Returns the node that a property refers to, or -1. */
export function propertyTarget(graph: Graph, node: number, property: string): number {
  for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
    if (graph.edgeTypes[graph.edgeType[edge]] === 'property' && edgeLabel(graph, edge) === property)
      return graph.edgeTo[edge];
  }
  return -1;
}

export function isSynthetic(graph: Graph, node: number): boolean {
  return graph.nodeTypes[graph.nodeType[node]] === 'synthetic';
}

/** Returns V8's name of the root at which a path begins. */
function rootOf(graph: Graph, edges: readonly number[]): string {
  let found = 'the process';
  for (const edge of edges) {
    const node = graph.edgeTo[edge];
    if (isSynthetic(graph, node)) found = rootWords(graph, node);
    else if (found !== 'the process') return found;
    else if (isGlobalObject(graph, node)) return 'globalThis';
    // Since Node 26, V8's record of the context (hidden) comes before the global object.
    else if (graph.nodeTypes[graph.nodeType[node]] !== 'hidden') return found;
  }
  return found;
}

/**
 * V8 calls the global object `global`, `global / https://…` if it has a location, and `global (global*)`
 * since Node 26.
 */
export function isGlobalObject(graph: Graph, node: number): boolean {
  return graph.nodeTypes[graph.nodeType[node]] === 'object' && /^global\b/.test(rawName(graph, node));
}

function rootWords(graph: Graph, node: number): string {
  const name = rawName(graph, node);
  const handle = /^Node \/ (\w+)$/.exec(name);
  if (!isSynthetic(graph, node) && !handle) return name;
  if (handle) return `${OPEN_HANDLES} (${handle[1]})`;
  return ROOTS[name] ?? (name === '' || /^\((GC roots|synthetic)?\)$/.test(name) ? 'the process' : name);
}
