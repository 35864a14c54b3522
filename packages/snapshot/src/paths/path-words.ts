/**
 * Describes a retaining path in the program's terms: variables, properties and functions instead of V8's
 * tables.
 */
import type { Graph } from '../graph/graph.js';
import { edgeLabel, rawName } from '../graph/names.js';
import { foldPath } from './path-folding.js';
import { sourceOf } from './retaining-paths.js';
import type { Snapshot } from '../graph/snapshot.js';
import { pathOfScript, type SourcePositions } from './source-positions.js';

const MAX_NAME_LENGTH = 60;

/** V8's own steps between an object and what the program stores in it. */
const UNSAID = new Set([
  'elements',
  'properties',
  'table',
  'context',
  'reactions_or_result',
  'backing_store',
  'parameters_and_registers',
  'value',
]);
/** Types of nodes with which no path of a program begins. */
const UNNAMED = new Set(['synthetic', 'hidden', 'array', 'code', 'object shape']);
const COLLECTIONS = new Set(['Map', 'Set', 'WeakMap']);

/** Longer paths are not readable. */
const MAX_WORDS = 24;

/**
 * Returns the path as words. `edges` lead from the root to the retained node; see {@link RetainingPaths}. The
 * words begin with the first file or function of the program, at the latest with the holder. Repeated words
 * are folded, and the middle of a very long path is left out.
 */
export function pathInWords(
  snapshot: Snapshot,
  positions: SourcePositions,
  edges: number[],
  holder: number,
): string {
  if (edges.length === 0) return snapshot.className(snapshot.graph.root);
  const path: Path = { snapshot, positions, edges };
  const start = beginning(snapshot.graph, positions, edges, holder);
  const words: string[] = [];
  let script = '';
  for (let at = start; at < edges.length;) {
    const said = at === start ? firstSaid(path, at) : laterSaid(path, at, script);
    words.push(...said.words);
    script = said.script ?? script;
    at += said.edges ?? 1;
  }
  return folded(words).join(' → ');
}

interface Path {
  snapshot: Snapshot;
  positions: SourcePositions;
  edges: readonly number[];
}

/** The words for one or more edges of a path. */
interface Said {
  /** At most three. */
  words: string[];
  /** Script that the path is in from here on; unchanged if absent. */
  script?: string;
  /** How many edges the words cover; 1 if absent. */
  edges?: number;
}

function firstSaid(path: Path, at: number): Said {
  const { snapshot, positions, edges } = path;
  const node = snapshot.graph.edgeTo[edges[at]];
  const found = anchor(snapshot.graph, positions, node);
  const exported = exportsSaid(path, at);
  if (exported) return exported;
  if (found) return { words: [found.text], script: found.script };
  const inNode = at < edges.length - 1 ? moduleOfNode(snapshot.graph, positions, node) : '';
  if (inNode !== '') return { words: [inNode], script: inNode };
  if (!isClosure(snapshot.graph, node)) return { words: [labelOf(snapshot, edges[at])] };
  return { words: [functionText(snapshot.graph, positions, node, '')], script: positions.script(node) };
}

/** Returns the words for the edge at `at`; `script` is where the path already is. */
function laterSaid(path: Path, at: number, script: string): Said {
  const { snapshot, positions, edges } = path;
  const { graph } = snapshot;
  const edge = edges[at];
  const node = graph.edgeTo[edge];
  const isLast = at === edges.length - 1;
  if (isClosure(graph, node)) {
    const text = functionText(graph, positions, node, script);
    return { words: [heldAs(graph, edge, text)], script: positions.script(node) || script };
  }
  const found = anchor(graph, positions, node);
  if (isContext(graph, node)) {
    return found && found.script !== script ? { words: [found.text], script: found.script } : { words: [] };
  }
  const exported = exportsSaid(path, at);
  if (exported) return exported;
  if (found && !isLast) return { words: [found.text], script: found.script };
  if (!isLast && edgeKind(graph, edge) === 'internal' && edgeLabel(graph, edge) === 'table') {
    return entriesSaid(path, at);
  }
  return { words: isLast || !isUnsaid(graph, edge) ? [labelOf(snapshot, edge)] : [] };
}

/** Treats a module and its exports as one. */
function exportsSaid({ snapshot: { graph }, positions, edges }: Path, at: number): Said | null {
  if (!isModuleBeforeExports(graph, edges, at)) return null;
  const found = anchor(graph, positions, graph.edgeTo[edges[at]]);
  return found && { words: [`module.exports of ${found.script}`], script: found.script, edges: 2 };
}

/** Returns the words for the table of a collection, and for its entries unless something else names them. */
function entriesSaid({ snapshot, positions, edges }: Path, at: number): Said {
  const { graph } = snapshot;
  if (!COLLECTIONS.has(rawName(graph, sourceOf(graph, edges[at])))) return { words: [] };
  const entry = graph.edgeTo[edges[at + 1]];
  if (isClosure(graph, entry) || isContext(graph, entry) || anchor(graph, positions, entry)) {
    return { words: ['entries'] };
  }
  return { words: ['entries', snapshot.className(entry)], edges: 2 };
}

function heldAs(graph: Graph, edge: number, text: string): string {
  switch (edgeKind(graph, edge)) {
    case 'element':
      return `[${graph.edgeName[edge]}] ${text}`;
    case 'hidden':
    case 'internal':
      return text;
    default:
      return `${edgeText(graph, edge)}: ${text}`;
  }
}

/** Folds chains: two links say as much as all of them. */
function folded(words: string[]): string[] {
  const alike = words.map((word) => word.replace(/\d+/g, '#'));
  return foldPath(alike, MAX_WORDS).map((piece) => {
    if (typeof piece === 'number') return words[piece];
    const many = piece.steps.toLocaleString('en');
    return piece.period === 0 ? `… ${many} left out` : `… ${many} more`;
  });
}

function isClosure(graph: Graph, node: number): boolean {
  return graph.nodeTypes[graph.nodeType[node]] === 'closure';
}

function edgeKind(graph: Graph, edge: number): string {
  return graph.edgeTypes[graph.edgeType[edge]];
}

/** Names a function; `script` is where the path already is. */
function functionText(graph: Graph, positions: SourcePositions, node: number, script: string): string {
  const where = positions.script(node);
  return `${rawName(graph, node) || '(anonymous)'}()${where === script || where === '' ? '' : ` of ${where}`}`;
}

function beginning(graph: Graph, positions: SourcePositions, edges: number[], holder: number): number {
  const held = edges.findIndex((edge) => graph.edgeTo[edge] === holder);
  const before = edges.slice(0, held < 0 ? -1 : held + 1);
  // What is reached through a prototype of Node's belongs to Node.
  const own = 1 + before.findLastIndex((edge) => edgeLabel(graph, edge) === '__proto__');
  const anchored = before.findIndex(
    (edge, at) => at >= own && anchor(graph, positions, graph.edgeTo[edge]) !== null,
  );
  // Through `require.cache`, any module leads to any other.
  const cached = before.findLastIndex(
    (edge) =>
      rawName(graph, graph.edgeTo[edge]) === 'Module' && /^(\/|[a-zA-Z]:\\)/.test(edgeLabel(graph, edge)),
  );
  if (anchored >= 0) return Math.max(anchored, cached);
  const process = before.findLastIndex((edge) => rawName(graph, graph.edgeTo[edge]) === 'process');
  // Prefer the Node module that contains the holder to the global function through which V8 reaches it.
  const inNode = before.findLastIndex((edge) => moduleOfNode(graph, positions, graph.edgeTo[edge]) !== '');
  if (Math.max(process, inNode) >= 0) return Math.max(process, inNode);
  // After the roots and V8's own objects below them.
  const named = edges.findIndex(
    (edge) =>
      graph.edgeTypes[graph.edgeType[edge]] === 'property' ||
      (!UNNAMED.has(graph.nodeTypes[graph.nodeType[graph.edgeTo[edge]]]) &&
        !rawName(graph, graph.edgeTo[edge]).startsWith('global')),
  );
  return Math.max(0, named);
}

/** Returns the words for a node that shows where in the program a path is; empty for other nodes. */
export function anchor(
  graph: Graph,
  positions: SourcePositions,
  node: number,
): { text: string; script: string } | null {
  const type = graph.nodeTypes[graph.nodeType[node]];
  if (type === 'closure') {
    const script = positions.script(node);
    return isOfProgram(script)
      ? { text: `${rawName(graph, node) || '(anonymous)'}() of ${script}`, script }
      : null;
  }
  if (isContext(graph, node)) {
    const context = positions.ofContext(node);
    if (!context || !isOfProgram(context.script)) return null;
    return {
      text: context.name === '' ? context.script : `${context.name}() of ${context.script}`,
      script: context.script,
    };
  }
  if (type !== 'object') return null;
  const script = scriptOfModule(graph, node);
  return isOfProgram(script) ? { text: `module ${script}`, script } : null;
}

/** Returns the script of Node's object for a CommonJS or ES module; empty for another object. */
function scriptOfModule(graph: Graph, node: number): string {
  const name = rawName(graph, node);
  if (name === 'Module') return stringUnder(graph, node, 'filename');
  return name === 'ModuleWrap' ? pathOfScript(stringUnder(graph, node, 'url')) : '';
}

/** Returns the script of one of Node's own functions, or of its variables; empty for anything else. */
export function moduleOfNode(graph: Graph, positions: SourcePositions, node: number): string {
  const isClosure = graph.nodeTypes[graph.nodeType[node]] === 'closure';
  if (!isClosure && !isContext(graph, node)) return '';
  const script = isClosure ? positions.script(node) : (positions.ofContext(node)?.script ?? '');
  return isOfProgram(script) ? '' : script;
}

export function isOfProgram(script: string): boolean {
  return script !== '' && !script.startsWith('node:') && !script.startsWith('internal/');
}

export function isContext(graph: Graph, node: number): boolean {
  return rawName(graph, node).startsWith('system / Context');
}

function isModuleBeforeExports(graph: Graph, edges: readonly number[], at: number): boolean {
  if (at + 1 >= edges.length || rawName(graph, graph.edgeTo[edges[at]]) !== 'Module') return false;
  return edgeLabel(graph, edges[at + 1]) === 'exports';
}

function stringUnder(graph: Graph, node: number, property: string): string {
  for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
    if (graph.edgeTypes[graph.edgeType[edge]] === 'property' && edgeLabel(graph, edge) === property) {
      return graph.nodeTypes[graph.nodeType[graph.edgeTo[edge]]] === 'string'
        ? rawName(graph, graph.edgeTo[edge])
        : '';
    }
  }
  return '';
}

function isUnsaid(graph: Graph, edge: number): boolean {
  const kind = edgeKind(graph, edge);
  if (kind !== 'internal') return kind === 'hidden';
  const label = edgeLabel(graph, edge);
  return UNSAID.has(label) || /^\d/.test(label);
}

function edgeText(graph: Graph, edge: number): string {
  return shortened(edgeLabel(graph, edge));
}

function labelOf(snapshot: Snapshot, edge: number): string {
  const { graph } = snapshot;
  const kind = edgeKind(graph, edge);
  const name = shortened(snapshot.className(graph.edgeTo[edge]));
  if (kind === 'hidden' || (kind === 'internal' && /^\d/.test(edgeLabel(graph, edge)))) return name;
  return kind === 'element' ? `[${graph.edgeName[edge]}] ${name}` : `${edgeText(graph, edge)} (${name})`;
}

function shortened(name: string): string {
  return name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name;
}
