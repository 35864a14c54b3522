/**
 * How many references each node is away from what the program can name, as DevTools counts. Source:
 * JSHeapSnapshot.calculateDistances in chrome-devtools-frontend,
 * front_end/entrypoints/heap_snapshot_worker/HeapSnapshot.ts.
 */
import { hasBit, noBits, setBit } from './bits.js';
import { int32Column } from './columns.js';
import { roomForNodes, typeIndex, type Graph } from './graph.js';
import type { Ephemerons } from './reachability.js';

/** Of a node that cannot be reached. */
export const NO_DISTANCE = -5;
/** What is only reached from V8's own roots begins here. */
export const SYSTEM_DISTANCE = 100_000_000;

export function distances(
  graph: Graph,
  { names, pairOf, pairs }: Ephemerons,
  room = roomForNodes(graph),
): Int32Array {
  const {
    nodeCount,
    root,
    firstEdge,
    edgeTo,
    edgeType,
    edgeName,
    edgeTypes,
    nodeType,
    nodeTypes,
    nodeName,
    strings,
  } = graph;
  const weak = typeIndex(edgeTypes, 'weak');
  const internal = typeIndex(edgeTypes, 'internal');
  const element = typeIndex(edgeTypes, 'element');
  const hiddenEdge = typeIndex(edgeTypes, 'hidden');
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  const array = typeIndex(nodeTypes, 'array');
  const hidden = typeIndex(nodeTypes, 'hidden');
  const mapDescriptors = new Set(strings.find('(map descriptors)'));
  const nativeContext = new Set(strings.find('system / NativeContext'));
  const sloppyFunctionMap = new Set(strings.find('sloppy_function_map'));
  const hasEphemerons = pairs > 0;

  const distance = int32Column(nodeCount).fill(NO_DISTANCE);
  const reached = noBits(nodeCount);
  const queue = room;
  let queued = 0;
  /** Pairs of which one edge was met. The value is as far away as the farther of table and key. */
  const pending = noBits(pairs);

  function follow(): void {
    for (let head = 0; head < queued; head++) {
      const node = queue[head];
      const next = distance[node] + 1;
      const type = nodeType[node];
      const descriptors = type === array && mapDescriptors.has(nodeName[node]);
      const context = type === hidden && nativeContext.has(nodeName[node]);
      for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
        const to = edgeTo[edge];
        if (((reached[to >>> 5] >>> (to & 31)) & 1) === 1) continue;
        const kind = edgeType[edge];
        if (kind === weak) continue;
        if (context && kind !== element && kind !== hiddenEdge && sloppyFunctionMap.has(edgeName[edge]))
          continue;
        if (descriptors) {
          // Maps share their descriptors, and not every one is valid for every map (crbug.com/413608).
          if (
            !keepsDescriptor(
              kind === element || kind === hiddenEdge ? edgeName[edge] : strings.get(edgeName[edge]),
            )
          ) {
            continue;
          }
        } else if (
          hasEphemerons &&
          kind === internal &&
          hasBit(names, edgeName[edge]) &&
          waitsForOther(edgeName[edge])
        )
          continue;
        reached[to >>> 5] |= 1 << (to & 31);
        distance[to] = next;
        queue[queued++] = to;
      }
    }
  }

  /** Says so on every first time of two that it is asked about a pair. */
  function waitsForOther(name: number): boolean {
    const pair = pairOf[name];
    pending[pair >>> 5] ^= 1 << (pair & 31);
    return hasBit(pending, pair);
  }

  for (let edge = firstEdge[root]; edge < firstEdge[root + 1]; edge++) {
    const to = edgeTo[edge];
    const isUserRoot = nodeType[to] !== synthetic || strings.get(nodeName[to]) === '(Document DOM trees)';
    if (!isUserRoot) continue;
    // A node that the root points to twice is visited twice, and with it each ephemeron edge that waits for its pair.
    queue[queued++] = to;
    setBit(reached, to);
    distance[to] = 1;
  }
  const hasUserRoots = queued > 0;
  follow();

  setBit(reached, root);
  distance[root] = hasUserRoots ? SYSTEM_DISTANCE : 0;
  queue[0] = root;
  queued = 1;
  follow();
  return distance;
}

function keepsDescriptor(name: number | string): boolean {
  const index = typeof name === 'number' ? name : parseInt(name, 10);
  return index < 2 || index % 3 !== 1;
}
