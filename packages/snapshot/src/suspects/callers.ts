/**
 * Functions of the program that name a method of Node's, told by the constants of their bytecode: what Node keeps in a
 * buffer of its own has no reference back to who put it there.
 */
import { typeIndex } from '../graph/graph.js';
import type { Snapshot } from '../graph/snapshot.js';
import { isOfProgram } from '../paths/path-words.js';
import { ORIGIN, originOf, type SourcePositions } from '../paths/source-positions.js';

const MAX_FOUND = 4;
/** From a SharedFunctionInfo: to bytecode, in baseline code by way of it; other names in other versions of V8. */
const TO_CONSTANTS = [
  'shared',
  'function_data',
  'trusted_function_data',
  'interpreter_data',
  'bytecode_array',
  'bytecode_or_interpreter_data',
];

/** The program's own before those of libraries; none where the bytecode has been flushed. */
export function callersOf(
  { graph }: Snapshot,
  positions: SourcePositions,
  names: readonly string[],
): number[] {
  const {
    nodeCount,
    nodeType,
    nodeTypes,
    nodeName,
    firstEdge,
    edgeTo,
    edgeType,
    edgeTypes,
    edgeName,
    strings,
  } = graph;
  const wanted = new Set(strings.findAll(names).keys());
  if (wanted.size === 0) return [];
  const labels = strings.findAll(TO_CONSTANTS);
  const pools = new Set(strings.find('(constant pool)'));
  const closure = typeIndex(nodeTypes, 'closure');
  const internal = typeIndex(edgeTypes, 'internal');
  const codes = new Set<number>();
  const found: { node: number; count: number }[] = [];
  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== closure || !isOfProgram(positions.script(node))) continue;
    const code = positions.codeOf(node);
    if (codes.has(code)) continue;
    codes.add(code);
    const count = constantsOf(node).filter((constant) => wanted.has(nodeName[constant])).length;
    if (count > 0) found.push({ node, count });
  }
  return found
    .sort((a, b) => rank(b) - rank(a))
    .slice(0, MAX_FOUND)
    .map(({ node }) => node);

  function rank({ node, count }: { node: number; count: number }): number {
    return count + (originOf(positions.script(node)) === ORIGIN.program ? 100 : 0);
  }

  function constantsOf(start: number): number[] {
    const queue = [start];
    for (let head = 0; head < queue.length && head < 12; head++) {
      for (let edge = firstEdge[queue[head]]; edge < firstEdge[queue[head] + 1]; edge++) {
        const to = edgeTo[edge];
        if (pools.has(nodeName[to])) return Array.from(edgeTo.subarray(firstEdge[to], firstEdge[to + 1]));
        if (edgeType[edge] === internal && labels.has(edgeName[edge])) queue.push(to);
      }
    }
    return [];
  }
}
