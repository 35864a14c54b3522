/** A retaining path in the words of the program: variables, properties and functions instead of V8's tables. */
import type { Graph } from './graph.js';
import { edgeLabel, rawName } from './names.js';
import { sourceOf } from './retaining-paths.js';
import type { Snapshot } from './snapshot.js';
import { pathOfScript, type SourcePositions } from './source-positions.js';

const LONGEST_NAME = 60;
/** Words of a path that repeat themselves within so many steps are folded. */
const LONGEST_PERIOD = 3;

/** V8's own steps between an object and what the program keeps in it. */
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

/**
 * `edges` lead from the root to what is retained; see {@link RetainingPaths}. The words begin with the file or
 * function of the program that is met first, but never behind the holder.
 */
export function pathInWords(
  snapshot: Snapshot,
  positions: SourcePositions,
  edges: number[],
  holder: number,
): string {
  const { graph } = snapshot;
  if (edges.length === 0) return snapshot.className(graph.root);
  const words: string[] = [];
  let script = '';
  let begun = false;
  let inCollection = false;
  const start = beginning(graph, positions, edges, holder);

  for (let at = start; at < edges.length; at++) {
    const edge = edges[at];
    const node = graph.edgeTo[edge];
    const type = graph.edgeTypes[graph.edgeType[edge]];
    const last = at === edges.length - 1;
    const found = anchor(graph, positions, node);
    if (!begun) {
      begun = true;
      if (found) {
        words.push(found.text);
        script = found.script;
      } else if (graph.nodeTypes[graph.nodeType[node]] === 'closure') {
        words.push(functionText(graph, positions, node, ''));
        script = positions.script(node);
      } else words.push(labelOf(snapshot, edge, type, node));
      if (isModuleBeforeExports(graph, edges, at)) {
        words[words.length - 1] = `module.exports of ${found?.script ?? ''}`;
        at++;
      }
      continue;
    }
    if (graph.nodeTypes[graph.nodeType[node]] === 'closure') {
      const text = functionText(graph, positions, node, script);
      script = positions.script(node) || script;
      words.push(
        type === 'element'
          ? `[${graph.edgeName[edge]}] ${text}`
          : type === 'hidden' || type === 'internal'
            ? text
            : `${edgeText(graph, edge)}: ${text}`,
      );
    } else if (isContext(graph, node)) {
      if (found && found.script !== script) {
        script = found.script;
        words.push(found.text);
      }
    } else if (isModuleBeforeExports(graph, edges, at) && found) {
      script = found.script;
      words.push(`module.exports of ${found.script}`);
      at++;
    } else if (found && !last) {
      script = found.script;
      words.push(found.text);
    } else if (type === 'internal' && edgeLabel(graph, edge) === 'table' && !last) {
      inCollection = COLLECTIONS.has(rawName(graph, sourceOf(graph, edge)));
      if (inCollection) words.push('entries');
    } else if (inCollection) {
      inCollection = false;
      words.push(snapshot.className(node));
    } else if (last || !isUnsaid(graph, edge, type)) words.push(labelOf(snapshot, edge, type, node));
  }
  return folded(words).join(' → ');
}

/** A chain says as much with three of its links as with all of them. */
function folded(words: string[]): string[] {
  for (let period = 1; period <= LONGEST_PERIOD; period++) {
    for (let at = 0; at + 3 * period < words.length; at++) {
      let end = at + period;
      while (end < words.length && words[end] === words[end - period]) end++;
      const repeated = Math.floor((end - at) / period) - 1;
      if (repeated >= 3) {
        const more = `… ${repeated.toLocaleString('en')} more`;
        return [...words.slice(0, at + period), more, ...folded(words.slice(at + (repeated + 1) * period))];
      }
    }
  }
  return words;
}

/** `script` is where the path already is. */
function functionText(graph: Graph, positions: SourcePositions, node: number, script: string): string {
  const where = positions.script(node);
  return `${rawName(graph, node) || '(anonymous)'}()${where === script || where === '' ? '' : ` of ${where}`}`;
}

function beginning(graph: Graph, positions: SourcePositions, edges: number[], holder: number): number {
  const held = edges.findIndex((edge) => graph.edgeTo[edge] === holder);
  const before = edges.slice(0, held < 0 ? -1 : held + 1);
  const anchored = before.findIndex((edge) => anchor(graph, positions, graph.edgeTo[edge]) !== null);
  if (anchored >= 0) return anchored;
  // Behind the roots and what V8 has there.
  const named = edges.findIndex(
    (edge) =>
      graph.edgeTypes[graph.edgeType[edge]] === 'property' ||
      (!UNNAMED.has(graph.nodeTypes[graph.nodeType[graph.edgeTo[edge]]]) &&
        !rawName(graph, graph.edgeTo[edge]).startsWith('global')),
  );
  return Math.max(0, named);
}

/** A node by which a reader knows where in the program a path is. */
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

/** Of Node's objects for a CommonJS and an ES module; empty for another object. */
function scriptOfModule(graph: Graph, node: number): string {
  const name = rawName(graph, node);
  if (name === 'Module') return stringUnder(graph, node, 'filename');
  return name === 'ModuleWrap' ? pathOfScript(stringUnder(graph, node, 'url')) : '';
}

export function isOfProgram(script: string): boolean {
  return script !== '' && !script.startsWith('node:') && !script.startsWith('internal/');
}

export function isContext(graph: Graph, node: number): boolean {
  return rawName(graph, node).startsWith('system / Context');
}

function isModuleBeforeExports(graph: Graph, edges: number[], at: number): boolean {
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

function isUnsaid(graph: Graph, edge: number, type: string): boolean {
  return (
    type === 'hidden' ||
    (type === 'internal' && (UNSAID.has(edgeLabel(graph, edge)) || /^\d/.test(edgeLabel(graph, edge))))
  );
}

function edgeText(graph: Graph, edge: number): string {
  const label = edgeLabel(graph, edge);
  return label.length > LONGEST_NAME ? `${label.slice(0, LONGEST_NAME)}…` : label;
}

function labelOf(snapshot: Snapshot, edge: number, type: string, node: number): string {
  const name = snapshot.className(node);
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  if (type === 'hidden' || (type === 'internal' && /^\d/.test(edgeLabel(snapshot.graph, edge)))) return short;
  if (type === 'element') return `[${snapshot.graph.edgeName[edge]}] ${short}`;
  return `${edgeText(snapshot.graph, edge)} (${short})`;
}
