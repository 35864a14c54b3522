/** The instances of a class, the largest first, and what holds each. */
import type { PathStep, Snapshot } from '@afterimage/snapshot';
import { largestFirst, type LargestFirst } from './largest-first.js';
import { edgeText, nodeText } from './node-text.js';
import { nearestRetainers, NOBODY } from './nearest.js';

export interface Instances {
  class: string;
  count: number;
  shallowBytes: number;
  instances: Instance[];
}

export interface Instance {
  id: number;
  name: string;
  shallowBytes: number;
  retainedBytes: number;
  /** The nearest node that refers to it, and by which edge; null if nothing does. */
  heldBy: PathStep | null;
}

/** Returns null if there is no class of that name. Constructors of the same name are merged. */
export function instancesOf(snapshot: Snapshot, name: string, most: number): Instances | null {
  const { graph, shallowSize, retainedSize } = snapshot;
  const nodes = snapshot.nodesOfClass(name);
  if (nodes.length === 0) return null;
  const largest = largestFirst<number>((node) => retainedSize[node]);
  let shallowBytes = 0;
  for (const node of nodes) {
    shallowBytes += shallowSize[node];
    largest.push(node);
  }
  const nearest = nearestRetainers(snapshot);
  const described = popped(largest, most).map((node): Instance => {
    const holder = nearest.from[node];
    return {
      id: graph.nodeId[node],
      name: snapshot.name(node),
      shallowBytes: shallowSize[node],
      retainedBytes: retainedSize[node],
      heldBy:
        holder === NOBODY
          ? null
          : {
              edge: edgeText(graph, nearest.edge[node]),
              name: nodeText(snapshot, holder),
              id: graph.nodeId[holder],
            },
    };
  });
  return { class: name, count: nodes.length, shallowBytes, instances: described };
}

function popped(queue: LargestFirst<number>, most: number): number[] {
  const nodes: number[] = [];
  while (nodes.length < most) {
    const node = queue.pop();
    if (node === undefined) break;
    nodes.push(node);
  }
  return nodes;
}
