/** Collects edges as the compiled reader hands them out, and puts those of other nodes where they belong. */
import type { CompiledHeap } from './compiled-heap.js';
import { sharedBytes } from './shared-columns.js';
import { UnreadableHeapError } from './unreadable-heap.js';

export interface EdgeColumns {
  edgeCount: number;
  /** One more than there are nodes. */
  firstEdge: Uint32Array;
  edgeType: Uint8Array;
  edgeName: Uint32Array;
  edgeTo: Uint32Array;
}

/** Some words have two edges. What is damaged may have objects share what only one can have, each with all edges of it. */
const MAX_EDGES_A_WORD = 4;
const FEWEST_EDGES = 1 << 20;

interface Buffers {
  types: Uint8Array;
  names: Uint32Array;
  targets: Uint32Array;
}

interface Other {
  from: number;
  type: number;
  name: number;
  to: number;
}

/** Before the compiled reader makes edges; `finish` when it has. */
export function edgeColumns(heap: CompiledHeap): { finish: (nodeCount: number) => EdgeColumns } {
  const buffers: Buffers[] = [];
  const others: Other[] = [];
  const most =
    FEWEST_EDGES + (MAX_EDGES_A_WORD * ((heap.get('heapEnd') >>> 0) - (heap.get('heapStart') >>> 0))) / 8;
  heap.outside = {
    ...heap.outside,
    takeEdges: () => {
      const count = heap.get('buffered');
      if (heap.get('edgeCount') >>> 0 > most)
        throw new UnreadableHeapError(
          'the heap in the image contradicts itself: it has more references than words',
        );
      const numbers = (name: 'bufferNames' | 'bufferTargets'): Uint32Array =>
        new Uint32Array(heap.bytes(heap.get(name), 4 * count).slice().buffer);
      buffers.push({
        types: heap.bytes(heap.get('bufferTypes'), count).slice(),
        names: numbers('bufferNames'),
        targets: numbers('bufferTargets'),
      });
    },
    takeOther: (from, type, name, to) => others.push({ from, type, name, to }),
  };
  return { finish: (nodeCount) => joined(heap, nodeCount, buffers, others) };
}

function joined(heap: CompiledHeap, nodeCount: number, buffers: Buffers[], others: Other[]): EdgeColumns {
  const own = heap.get('edgeCount') >>> 0;
  const ends = new Uint32Array(heap.bytes(heap.get('firstEdges') >>> 0, 4 * nodeCount).slice().buffer);
  // Nodes outside of the heap have none, and come last.
  const lastWithEdges = heap.get('firstNode') + heap.get('aliveCount');
  ends.fill(own, lastWithEdges);
  const edgeCount = own + others.length;
  const columns = {
    edgeCount,
    firstEdge: new Uint32Array(sharedBytes(4 * (nodeCount + 1))),
    edgeType: new Uint8Array(sharedBytes(edgeCount)),
    edgeName: new Uint32Array(sharedBytes(4 * edgeCount)),
    edgeTo: new Uint32Array(sharedBytes(4 * edgeCount)),
  };
  let before = 0;
  // Each is let go once it is copied.
  for (let part = buffers.shift(); part !== undefined; part = buffers.shift()) {
    const { types, names, targets } = part;
    columns.edgeType.set(types, before);
    columns.edgeName.set(names, before);
    columns.edgeTo.set(targets, before);
    before += types.length;
  }
  insertOthers(columns, ends, own, others);
  return columns;
}

/** Moves edges up from the last on, so that each of the others comes after its node's own. */
function insertOthers(columns: EdgeColumns, starts: Uint32Array, own: number, others: Other[]): void {
  others.sort((a, b) => a.from - b.from);
  const { firstEdge, edgeType, edgeName, edgeTo } = columns;
  let left = others.length;
  let end = own;
  for (let node = starts.length - 1; node >= 0; node--) {
    firstEdge[node + 1] = end + left;
    while (left > 0 && others[left - 1].from === node) {
      left--;
      edgeType[end + left] = others[left].type;
      edgeName[end + left] = others[left].name;
      edgeTo[end + left] = others[left].to;
    }
    const start = starts[node];
    if (left > 0)
      for (const column of [edgeType, edgeName, edgeTo]) column.copyWithin(start + left, start, end);
    end = start;
  }
}
