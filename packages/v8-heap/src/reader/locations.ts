/** Source positions of functions, and of objects by their constructors, as V8's snapshots have them. */
import type { OpenHeap } from './open-heap.js';
import { lineEndsOf } from './source-text.js';

/** In the order of nodes. */
export interface HeapLocations {
  node: Uint32Array;
  /** V8's number of the script. */
  script: Int32Array;
  /** From 0. */
  line: Int32Array;
  column: Int32Array;
}

/** Fields of Script in V8, in bytes: small integers are in the upper half of their words. */
const SOURCE = 8;
const LINE_OFFSET = 28;
const COLUMN_OFFSET = 36;
const ID = 68;

interface Script {
  id: number;
  lineOffset: number;
  columnOffset: number;
  /** Where each line ends, in characters from the beginning; null where the text cannot be read. */
  lineEnds: readonly number[] | null;
}

/** Once all nodes have their numbers. */
export function readLocations(heap: OpenHeap): HeapLocations {
  const { compiled } = heap;
  const most = compiled.get('aliveCount') >>> 0;
  const [node, script, line, column] = [
    new Uint32Array(most),
    new Int32Array(most),
    new Int32Array(most),
    new Int32Array(most),
  ];
  const scripts = new Map<number, Script>();
  let count = 0;
  let place = compiled.nextLocated(compiled.get('heapStart') >>> 0) >>> 0;
  for (; place !== 0; place = compiled.nextLocated(place + 8) >>> 0) {
    const at = compiled.get('locatedScript') >>> 0;
    let known = scripts.get(at);
    if (known === undefined) scripts.set(at, (known = scriptAt(heap, at)));
    const { id, lineEnds, lineOffset, columnOffset } = known;
    if (lineEnds === null) continue;
    const position = compiled.get('locatedPosition') >>> 0;
    const row = lineOf(lineEnds, position);
    node[count] = compiled.nodeOf(place) >>> 0;
    script[count] = id;
    line[count] = row + lineOffset;
    column[count] = row === 0 ? position + columnOffset : position - (lineEnds[row - 1] + 1);
    count++;
  }
  return {
    node: node.slice(0, count),
    script: script.slice(0, count),
    line: line.slice(0, count),
    column: column.slice(0, count),
  };
}

function scriptAt(heap: OpenHeap, place: number): Script {
  const view = heap.compiled.view();
  const [id, lineOffset, columnOffset] = [ID, LINE_OFFSET, COLUMN_OFFSET].map((at) =>
    view.getInt32(place + at, true),
  );
  return {
    id,
    lineOffset,
    columnOffset,
    lineEnds: lineEndsOf(heap, view.getBigUint64(place + SOURCE, true)),
  };
}

/** The number of lines that end before a position. */
function lineOf(lineEnds: readonly number[], position: number): number {
  let low = 0;
  let high = lineEnds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (lineEnds[middle] < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
