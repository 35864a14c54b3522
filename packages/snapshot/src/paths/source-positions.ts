/**
 * Where in the source the functions and constructors of a snapshot are. V8 writes positions for functions and
 * for objects whose constructor it knows (V8HeapExplorer::ExtractLocation, src/profiler/heap-snapshot-generator.cc);
 * the script's name is found through a function: closure → shared → script.
 */
import { typeIndex, type Graph } from '../graph/graph.js';
import { internalTarget, rawName } from '../graph/names.js';

export interface SourcePosition {
  /** Of the function or constructor; empty for one without a name. */
  name: string;
  script: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

export interface SourcePositions {
  /** Of a function, or of an object's constructor; null where V8 wrote none. */
  of(node: number): SourcePosition | null;
  /** Of the function or module whose variables a `system / Context` holds. */
  ofContext(node: number): { name: string; script: string } | null;
  /** File in which a function was written; empty when not known. */
  script(closure: number): string;
  /** The files of all functions, each once. */
  scripts(): Iterable<string>;
  /** A number that functions of the same code have in common, and sets of variables of the same code. */
  codeOf(closureOrContext: number): number;
  /** For each function, whose it is; `builtin` for the modules of Node that a program imports. */
  origin: Uint8Array;
}

/** Whose code a function is. */
export const ORIGIN = { program: 0, library: 1, node: 2, builtin: 3 };

const known = new WeakMap<Graph, SourcePositions>();

/** Found once for a graph. */
export function sourcePositions(graph: Graph): SourcePositions {
  let positions = known.get(graph);
  if (positions === undefined) known.set(graph, (positions = findPositions(graph)));
  return positions;
}

// eslint-disable-next-line max-lines-per-function -- one closure over the positions that all of it shares
function findPositions(graph: Graph): SourcePositions {
  const {
    nodeCount,
    nodeType,
    nodeTypes,
    edgeTo,
    edgeType,
    edgeTypes,
    edgeName,
    firstEdge,
    strings,
    locations,
  } = graph;
  const closure = typeIndex(nodeTypes, 'closure');
  const code = typeIndex(nodeTypes, 'code');
  const internalEdge = typeIndex(edgeTypes, 'internal');
  const sharedName = new Set(strings.find('shared'));
  const scriptName = new Set([...strings.find('script'), ...strings.find('script_or_debug_info')]);
  const scopeName = new Set(strings.find('name_or_scope_info'));
  const scopeInfoName = new Set(strings.find('scope_info'));
  const contextName = new Set(strings.find('context'));

  const scripts = new Map<number, string>();
  const scriptOfShared = new Map<number, string>();
  /** ScopeInfo to the SharedFunctionInfo it belongs to. */
  const sharedOfScope = new Map<number, number>();
  const closureOfContext = new Map<number, number>();
  const scriptOfClosure = new Map<number, string>();
  const origin = new Uint8Array(nodeCount);

  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== code) continue;
    let script = -1;
    let scope = -1;
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (edgeType[edge] !== internalEdge) continue;
      if (scriptName.has(edgeName[edge])) script = edgeTo[edge];
      else if (scopeName.has(edgeName[edge])) scope = edgeTo[edge];
    }
    if (script < 0 || scope < 0) continue;
    scriptOfShared.set(node, pathOfScript(rawName(graph, script)));
    sharedOfScope.set(scope, node);
  }
  for (const node of builtinModules(graph)) origin[node] = ORIGIN.builtin;
  let row = 0;
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== closure) continue;
    let script = '';
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (edgeType[edge] !== internalEdge) continue;
      if (sharedName.has(edgeName[edge])) script = scriptOfShared.get(edgeTo[edge]) ?? '';
      else if (contextName.has(edgeName[edge]) && !closureOfContext.has(edgeTo[edge]))
        closureOfContext.set(edgeTo[edge], node);
    }
    scriptOfClosure.set(node, script);
    origin[node] = originOf(script);
    while (row < locations.node.length && locations.node[row] < node) row++;
    if (script !== '' && locations.node[row] === node && !scripts.has(locations.script[row]))
      scripts.set(locations.script[row], script);
  }

  function of(node: number): SourcePosition | null {
    const at = lowerBound(locations.node, node);
    if (locations.node[at] !== node) return null;
    const script = scripts.get(locations.script[at]);
    if (script === undefined) return null;
    return {
      name: nameAt(node),
      script,
      line: locations.line[at] + 1,
      column: locations.column[at] + 1,
    };
  }

  /** The position of a generator or async function is that of the function it runs. */
  function nameAt(node: number): string {
    const name = rawName(graph, node);
    if (name !== 'Generator' && name !== 'AsyncFunction' && name !== 'AsyncGenerator') return name;
    const running = internalTarget(graph, node, 'function');
    return running < 0 ? name : rawName(graph, running);
  }

  /** By the SharedFunctionInfo or ScopeInfo, which are one for all that was made by the same code. */
  function codeOf(node: number): number {
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (edgeType[edge] !== internalEdge) continue;
      if (sharedName.has(edgeName[edge]) || scopeInfoName.has(edgeName[edge])) return edgeTo[edge];
    }
    return node;
  }

  function ofContext(node: number): { name: string; script: string } | null {
    const scope = internalTarget(graph, node, 'scope_info');
    const shared = scope < 0 ? undefined : sharedOfScope.get(scope);
    if (shared !== undefined) {
      const name = rawName(graph, shared);
      return { name: name.startsWith('(') ? '' : name, script: scriptOfShared.get(shared) ?? '' };
    }
    const inside = closureOfContext.get(node);
    return inside === undefined ? null : { name: '', script: scriptOfClosure.get(inside) ?? '' };
  }

  return {
    of,
    ofContext,
    codeOf,
    script: (node) => scriptOfClosure.get(node) ?? '',
    scripts: () => new Set(scriptOfShared.values()),
    origin,
  };
}

/** Through the module that stands for `node:events` each importing module leads to all of Node. */
function builtinModules(graph: Graph): number[] {
  const { nodeCount, nodeName, firstEdge, edgeTo, edgeName, strings } = graph;
  const wrap = new Set(strings.find('ModuleWrap'));
  const url = new Set(strings.find('url'));
  const found: number[] = [];
  if (wrap.size === 0) return found;
  for (let node = 0; node < nodeCount; node++) {
    if (!wrap.has(nodeName[node])) continue;
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (url.has(edgeName[edge]) && rawName(graph, edgeTo[edge]).startsWith('node:')) found.push(node);
    }
  }
  return found;
}

export function originOf(script: string): number {
  if (script === '' || script.startsWith('node:') || script.startsWith('internal/')) return ORIGIN.node;
  return /[\\/]node_modules[\\/]/.test(script) ? ORIGIN.library : ORIGIN.program;
}

/**
 * The path for a `file:` URL, which is what V8 calls the script of an ES module, without a query: a module that is
 * imported again as `x.mjs?v=2` is the same file. Any other name as it is.
 */
export function pathOfScript(script: string): string {
  if (!script.startsWith('file://')) return script;
  const path = script.slice('file://'.length).replace(/[?#].*$/s, '');
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

function lowerBound(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
