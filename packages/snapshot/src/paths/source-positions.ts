/**
 * Finds the source positions of functions and constructors. V8 writes positions for functions and for objects
 * whose constructor it knows (V8HeapExplorer::ExtractLocation, src/profiler/heap-snapshot-generator.cc); a
 * function leads to its script's name: closure → shared → script.
 */
import { typeIndex, type Graph } from '../graph/graph.js';
import { internalTarget, rawName } from '../graph/names.js';

export interface SourcePosition {
  /** Name of the function or constructor; empty if it has none. */
  name: string;
  script: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

export interface SourcePositions {
  /** Returns the position of a function, or of an object's constructor; null if V8 wrote none. */
  of(node: number): SourcePosition | null;
  /** Returns the function or module whose variables a `system / Context` contains. */
  ofContext(node: number): { name: string; script: string } | null;
  /** Returns the file that contains a function; empty if unknown. */
  script(closure: number): string;
  /** Returns the files of all functions, each once. */
  scripts(): Iterable<string>;
  /** Returns a number that is equal for functions of the same code, and for contexts of the same code. */
  codeOf(closureOrContext: number): number;
  /**
   * For each function its origin, see {@link ORIGIN}; `builtin` for the modules of Node that a program
   * imports.
   */
  origin: Uint8Array;
}

/** Origin of a function's code. */
export const ORIGIN = { program: 0, library: 1, node: 2, builtin: 3 };

const known = new WeakMap<Graph, SourcePositions>();

/** Returns the positions of a graph; computed once. */
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
  /** From a ScopeInfo to its SharedFunctionInfo. */
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

  /** Names a generator or async function after the function that it runs, which has the same position. */
  function nameAt(node: number): string {
    const name = rawName(graph, node);
    if (name !== 'Generator' && name !== 'AsyncFunction' && name !== 'AsyncGenerator') return name;
    const running = internalTarget(graph, node, 'function');
    return running < 0 ? name : rawName(graph, running);
  }

  /** Uses the SharedFunctionInfo or ScopeInfo, which is the same for everything made by the same code. */
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

/**
 * Returns the modules that stand for builtins such as `node:events`: through them, each importing module
 * leads to all of Node.
 */
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
 * Turns a `file:` URL, V8's name for the script of an ES module, into a path without query: a module imported
 * again as `x.mjs?v=2` is the same file. Returns any other name unchanged.
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
