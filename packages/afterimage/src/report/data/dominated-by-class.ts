/** Groups what some nodes dominate: small nodes are combined by class. */
import type { Snapshot } from '@afterimage/snapshot';

export interface DominatedByClass {
  /** Ordinals of nodes that retain enough by themselves. */
  large: number[];
  /** Nodes that retain enough together. */
  groups: { class: number; nodes: Uint32Array; retainedBytes: number }[];
  /** The rest. */
  others: { count: number; shallowBytes: number; retainedBytes: number };
}

type Nodes = ArrayLike<number>;

/**
 * Returns a function of nodes and a minimum number of bytes. Its tables are as long as there are classes, so
 * it is reused.
 */
export function dominatedByClass(snapshot: Snapshot): (parents: Nodes, enough: number) => DominatedByClass {
  const { dominated, retainedSize, shallowSize } = snapshot;
  const { classOf, names } = snapshot.classOf;
  const bytes = new Float64Array(names.length);
  const count = new Uint32Array(names.length);

  function eachChild(parents: Nodes, visit: (node: number) => void): void {
    for (let at = 0; at < parents.length; at++) {
      const parent = parents[at];
      for (let next = dominated.first[parent]; next < dominated.first[parent + 1]; next++) {
        visit(dominated.nodes[next]);
      }
    }
  }

  return (parents, enough) => {
    const large: number[] = [];
    const met: number[] = [];
    eachChild(parents, (node) => {
      if (retainedSize[node] >= enough) return large.push(node);
      const index = classOf[node];
      if (count[index]++ === 0) met.push(index);
      return (bytes[index] += retainedSize[node]);
    });

    const groups = new Map<number, { class: number; nodes: Uint32Array; retainedBytes: number }>();
    const filled = new Map<number, number>();
    const others = { count: 0, shallowBytes: 0, retainedBytes: 0 };
    for (const index of met) {
      if (bytes[index] < enough) continue;
      groups.set(index, { class: index, nodes: new Uint32Array(count[index]), retainedBytes: bytes[index] });
    }
    eachChild(parents, (node) => {
      if (retainedSize[node] >= enough) return;
      const group = groups.get(classOf[node]);
      if (group) {
        const at = filled.get(group.class) ?? 0;
        group.nodes[at] = node;
        filled.set(group.class, at + 1);
      } else {
        others.count++;
        others.shallowBytes += shallowSize[node];
        others.retainedBytes += retainedSize[node];
      }
    });
    for (const index of met) bytes[index] = count[index] = 0;
    return { large, groups: [...groups.values()], others };
  };
}
