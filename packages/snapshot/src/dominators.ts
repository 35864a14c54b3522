/**
 * Dominators and retained sizes. A node's dominator is the nearest one without which it could not be reached;
 * its retained size is what would be freed with it.
 *
 * The algorithm is semi-NCA: semidominators as by Lengauer and Tarjan (ACM TOPLAS 1, 1979), dominators from
 * them as by Georgiadis, Tarjan and Werneck (Finding Dominators in Practice, JGAA 10, 2006). Nodes are
 * renumbered in the order of the depth-first search, which makes most of the memory it touches neighbours.
 */
import type { Graph } from './graph.js';

export interface Dominators {
  /** Ordinal of each node's dominator; the root's is itself. */
  dominator: Uint32Array;
  /** Ordinals, each after its dominator. */
  order: Uint32Array;
}

/**
 * `retains` has 1 for each edge that counts. Nodes that nothing retains hang off the root, and so does each
 * node of a group that retain one another but that nothing else retains, as in DevTools.
 */
export function dominators(graph: Graph, retains: Uint8Array): Dominators {
  const { nodeCount, root } = graph;
  const search = depthFirst(graph, retains);
  const { order, parent, reached } = search;
  const semi = semidominators(graph, retains, search);
  // From here on numbers are places in `order`.
  const dominatorAt = semi; // written over from the front; only what lies behind is still read as semi
  for (let at = 1; at < reached; at++) {
    const semidominator = semi[at];
    let candidate = parent[at];
    while (candidate > semidominator) candidate = dominatorAt[candidate];
    dominatorAt[at] = candidate;
  }
  const dominator = new Uint32Array(nodeCount);
  for (let at = 0; at < reached; at++) dominator[order[at]] = order[dominatorAt[at]];
  for (let at = reached; at < nodeCount; at++) dominator[order[at]] = root;
  return { dominator, order };
}

interface Search {
  /** Ordinals in the order of the search, and behind the first `reached` those that it did not reach. */
  order: Uint32Array;
  /** Place of each node in `order`. */
  place: Uint32Array;
  /** Place of the node from which the node at a place was reached. */
  parent: Uint32Array;
  reached: number;
}

function depthFirst(graph: Graph, retains: Uint8Array): Search {
  const { nodeCount, firstEdge, edgeTo, root } = graph;
  const UNSEEN = 0xffffffff;
  const order = new Uint32Array(nodeCount);
  const place = new Uint32Array(nodeCount).fill(UNSEEN);
  const parent = new Uint32Array(nodeCount);
  const nextEdge = new Uint32Array(nodeCount);
  let reached = 0;

  function from(start: number): void {
    const first = reached;
    place[start] = reached;
    order[reached] = start;
    nextEdge[reached] = firstEdge[start];
    reached++;
    let at = first;
    for (;;) {
      const node = order[at];
      const end = firstEdge[node + 1];
      let edge = nextEdge[at];
      while (edge < end && (retains[edge] === 0 || place[edgeTo[edge]] !== UNSEEN)) edge++;
      if (edge === end) {
        if (at === first) return;
        at = parent[at];
        continue;
      }
      nextEdge[at] = edge + 1;
      const to = edgeTo[edge];
      place[to] = reached;
      order[reached] = to;
      parent[reached] = at;
      nextEdge[reached] = firstEdge[to];
      at = reached++;
    }
  }

  from(root);
  if (reached < nodeCount) {
    const retained = new Uint8Array(nodeCount);
    for (let edge = 0; edge < graph.edgeCount; edge++) if (retains[edge]) retained[edgeTo[edge]] = 1;
    for (let node = 0; node < nodeCount; node++) {
      if (place[node] === UNSEEN && !retained[node]) from(node);
    }
  }
  let last = reached;
  for (let node = 0; last < nodeCount; node++) {
    if (place[node] !== UNSEEN) continue;
    place[node] = last;
    order[last++] = node;
  }
  return { order, place, parent, reached };
}

/** For each place in the order of the search, the place of its semidominator. */
function semidominators(graph: Graph, retains: Uint8Array, search: Search): Uint32Array {
  const { parent, reached } = search;
  const { firstPredecessor, predecessors } = predecessorsByPlace(graph, retains, search);
  const semi = new Uint32Array(reached);
  const label = new Uint32Array(reached);
  // `ancestor` is the parent for a place that has been linked, and what path compression made of it.
  const ancestor = new Uint32Array(reached);
  for (let at = 0; at < reached; at++) {
    semi[at] = at;
    label[at] = at;
    ancestor[at] = parent[at];
  }
  const path = new Uint32Array(reached);

  for (let at = reached - 1; at > 0; at--) {
    // All places behind `at` are linked. What hangs off the root by itself has the root's place, 0, as parent.
    let least = parent[at];
    for (let index = firstPredecessor[at]; index < firstPredecessor[at + 1]; index++) {
      const predecessor = predecessors[index];
      let candidate = predecessor;
      if (predecessor > at) {
        // evaluate with compression
        let depth = 0;
        let walk = predecessor;
        while (ancestor[walk] > at) {
          path[depth++] = walk;
          walk = ancestor[walk];
        }
        let best = label[walk];
        const top = ancestor[walk];
        while (depth > 0) {
          const below = path[--depth];
          if (semi[best] < semi[label[below]]) label[below] = best;
          else best = label[below];
          ancestor[below] = top;
        }
        candidate = semi[label[predecessor]];
      }
      if (candidate < least) least = candidate;
    }
    semi[at] = least;
  }
  return semi;
}

/** The retaining edges that are not the search's own, by the place they point to. */
function predecessorsByPlace(
  graph: Graph,
  retains: Uint8Array,
  { order, place, parent, reached }: Search,
): { firstPredecessor: Uint32Array; predecessors: Uint32Array } {
  const { firstEdge, edgeTo } = graph;
  const firstPredecessor = new Uint32Array(reached + 1);
  for (let at = 0; at < reached; at++) {
    const node = order[at];
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (!retains[edge]) continue;
      const to = place[edgeTo[edge]];
      if (parent[to] !== at) firstPredecessor[to]++;
    }
  }
  let total = 0;
  for (let at = 0; at <= reached; at++) {
    total += firstPredecessor[at];
    firstPredecessor[at] = total;
  }
  const predecessors = new Uint32Array(total);
  for (let at = 0; at < reached; at++) {
    const node = order[at];
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (!retains[edge]) continue;
      const to = place[edgeTo[edge]];
      if (parent[to] !== at) predecessors[--firstPredecessor[to]] = at;
    }
  }
  return { firstPredecessor, predecessors };
}

/** What each node retains, itself included, in bytes. */
export function retainedSizes({ dominator, order }: Dominators, sizes: Float64Array): Float64Array {
  const retained = Float64Array.from(sizes);
  for (let at = order.length - 1; at > 0; at--) {
    const node = order[at];
    retained[dominator[node]] += retained[node];
  }
  return retained;
}

/** The nodes that each node immediately dominates: those of `node` are `nodes[first[node]]` up to `first[node + 1]`. */
export interface Dominated {
  first: Uint32Array;
  nodes: Uint32Array;
}

export function dominatedBy({ dominator, order }: Dominators): Dominated {
  const count = dominator.length;
  const first = new Uint32Array(count + 1);
  for (let at = 1; at < count; at++) first[dominator[order[at]]]++;
  let total = 0;
  for (let node = 0; node <= count; node++) {
    total += first[node];
    first[node] = total;
  }
  const nodes = new Uint32Array(total);
  for (let at = count - 1; at > 0; at--) {
    const node = order[at];
    nodes[--first[dominator[node]]] = node;
  }
  return { first, nodes };
}
