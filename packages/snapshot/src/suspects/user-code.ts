/**
 * Finds the program's callbacks and listeners in what accumulates. If Node holds it (a timer list, a set of
 * persistent signals, native handles), only they show where it comes from.
 */
import { internalTarget, rawName } from '../graph/names.js';
import { typeIndex } from '../graph/graph.js';
import { isOfProgram } from '../paths/path-words.js';
import type { Snapshot } from '../graph/snapshot.js';
import { ORIGIN, originOf, type SourcePositions } from '../paths/source-positions.js';
import { sampleOf } from './sample.js';

export interface Callback {
  /** One of the functions with this code. */
  node: number;
  /** Share of the sampled elements that lead to it: 0 to 1. */
  share: number;
  /** Number of references between an element and it. */
  depth: number;
  /** Whether each element has its own function: a closure over its purpose. */
  isOwn: boolean;
}

const MAX_SAMPLED = 24;
const MAX_DEPTH = 7;
const MAX_VISITED = 160;
/** A smaller share may be chance. */
const MIN_SHARE = 0.3;
/** Edges that lead to what all objects of a kind have in common, or to everything. */
const UNTOLD = [
  '__proto__',
  'constructor',
  'prototype',
  'map',
  'shared',
  'feedback_cell',
  'code',
  'native_context',
];

/** Returns the callbacks, the program's functions first, nearest first. */
export function callbacksOf(
  { graph, retains }: Snapshot,
  positions: SourcePositions,
  members: readonly number[],
): Callback[] {
  const { firstEdge, edgeTo, edgeType, edgeTypes, edgeName, nodeType, nodeTypes, strings } = graph;
  const closure = typeIndex(nodeTypes, 'closure');
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  const untold = new Set(strings.findAll(UNTOLD).keys());
  const isNumbered = new Set(['element', 'hidden'].map((name) => typeIndex(edgeTypes, name)));
  const sample = sampleOf(members, MAX_SAMPLED);
  const isMember = new Set(members);
  const found = new Map<number, { node: number; functions: Set<number>; elements: number; depth: number }>();

  for (const member of sample) {
    const depthOf = new Map([[member, 0]]);
    const queue = [member];
    /** Node's own functions lead to much of Node: they come after everything else. */
    const later: number[] = [];
    let late = Infinity;
    const codes = new Set<number>();
    for (let head = 0; queue.length < MAX_VISITED; head++) {
      if (head === queue.length) {
        if (later.length === 0) break;
        late = Math.min(late, head);
        queue.push(...later.splice(0));
      }
      const node = queue[head];
      const depth = depthOf.get(node) ?? 0;
      if (nodeType[node] === closure) {
        const target = boundTarget(node);
        if (isOfProgram(positions.script(target))) {
          const code = positions.codeOf(target);
          if (!codes.has(code)) {
            codes.add(code);
            const known = found.get(code) ?? { node: target, functions: new Set(), elements: 0, depth };
            known.functions.add(target === node ? node : member);
            known.elements++;
            known.depth = Math.min(known.depth, depth);
            found.set(code, known);
          }
          continue; // Its variables lead to everything else.
        }
        if (head < late && head > 0) {
          later.push(node);
          continue;
        }
      }
      if (depth >= MAX_DEPTH) continue;
      for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
        const to = edgeTo[edge];
        if (!retains[edge] || depthOf.has(to) || isMember.has(to) || nodeType[to] === synthetic) continue;
        if (!isNumbered.has(edgeType[edge]) && untold.has(edgeName[edge])) continue;
        depthOf.set(to, depth + 1);
        queue.push(to);
      }
    }
  }

  return [...found.values()]
    .map(({ node, functions, elements, depth }) => ({
      node,
      share: elements / sample.length,
      depth,
      isOwn: functions.size > elements / 2 || elements === 1,
    }))
    .filter(({ share, isOwn, depth }) => share >= MIN_SHARE && (isOwn || depth <= 2))
    .sort((a, b) => rank(a) - rank(b));

  /** Functions shared by all elements rank lower, the program's rank higher. */
  function rank({ node, depth, isOwn }: Callback): number {
    const origin = originOf(positions.script(node));
    return depth + (isOwn ? 0 : 4) + (origin === ORIGIN.program ? 0 : 1);
  }

  /** Returns the function that a bound one calls; any other function itself. */
  function boundTarget(node: number): number {
    for (let at = node, steps = 0; steps < 5; steps++) {
      const next = internalTarget(graph, at, 'bound_function');
      if (next < 0) return at;
      at = next;
    }
    return node;
  }
}

/** Returns for example `expire()`; empty for a function without a name. */
export function callbackName({ graph }: Snapshot, { node }: Callback): string {
  const name = rawName(graph, node);
  return name === '' ? '' : `${name}()`;
}
