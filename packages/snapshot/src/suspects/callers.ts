/**
 * Finds the program's functions that use one of Node's methods, by the constants of their bytecode: what Node
 * keeps in its own buffers has no reference back to the code that added it.
 */
import { typeIndex } from '../graph/graph.js';
import type { Snapshot } from '../graph/snapshot.js';
import { isOfProgram } from '../paths/path-words.js';
import { ORIGIN, originOf, type SourcePositions } from '../paths/source-positions.js';

const MAX_FOUND = 4;
/**
 * From a SharedFunctionInfo to the bytecode, via baseline code if present; names differ between V8 versions.
 */
const TO_CONSTANTS = [
  'shared',
  'function_data',
  'trusted_function_data',
  'interpreter_data',
  'bytecode_array',
  'bytecode_or_interpreter_data',
];

/** Returns the callers, the program's before those of libraries; none if the bytecode has been flushed. */
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
