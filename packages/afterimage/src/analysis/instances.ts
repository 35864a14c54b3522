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
  /** The nearest that refers to it, and by what; null when nothing does. */
  heldBy: PathStep | null;
}

/** Null when there is no class of that name. Two constructors of one name, at two places, are told as one. */
export function instancesOf(snapshot: Snapshot, name: string, most: number): Instances | null {
  const { graph, classOf, shallowSize, retainedSize } = snapshot;
  const classes = new Set(classOf.names.flatMap((each, index) => (each === name ? [index] : [])));
  if (classes.size === 0) return null;
  const largest = largestFirst<number>((node) => retainedSize[node]);
  const instances = { class: name, count: 0, shallowBytes: 0 };
  for (let node = 0; node < graph.nodeCount; node++) {
    if (!classes.has(classOf.classOf[node])) continue;
    instances.count++;
    instances.shallowBytes += shallowSize[node];
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
  return { ...instances, instances: described };
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
