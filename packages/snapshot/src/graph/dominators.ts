/**
 * Computes dominators and retained sizes. A node's dominator is the nearest node without which it could not
 * be reached; its retained size is what would be freed with it.
 *
 * The algorithm is semi-NCA: semidominators after Lengauer and Tarjan (ACM TOPLAS 1, 1979), dominators from
 * them after Georgiadis, Tarjan and Werneck (Finding Dominators in Practice, JGAA 10, 2006). Nodes are
 * renumbered in the order of the depth-first search, so that memory accesses are mostly to neighbors. Most of
 * the time is spent waiting for memory, so numbers that are read together are stored together.
 */
import { hasBit, noBits, setBit, type Bits } from '../format/bits.js';
import { uint32Column, type Sizes } from '../format/columns.js';
import type { Graph } from './graph.js';

export interface Dominators {
  /** Ordinal of each node's dominator; the root dominates itself. */
  dominator: Uint32Array;
  /** Ordinals, each after its dominator. */
  order: Uint32Array;
}

/** The columns of the graph that this needs. */
export type DominatorColumns = Pick<Graph, 'nodeCount' | 'edgeCount' | 'root' | 'firstEdge' | 'edgeTo'>;

/**
 * Computes the dominators. `retaining` is the set of edges that count. As in DevTools, the root dominates
 * nodes that nothing retains, and nodes of a group that only retain one another.
 */
export function dominators(columns: DominatorColumns, retaining: Bits): Dominators {
  const { nodeCount, root } = columns;
  const search = depthFirst(columns, retaining);
  const { order, parent, reached } = search;
  const semi = semidominators(search);
  const dominatorAt = semi; // overwritten from the front; only entries further back are still read as semi
  for (let at = 1; at < reached; at++) {
    const semidominator = semi[at];
    let candidate = parent[at];
    while (candidate > semidominator) candidate = dominatorAt[candidate];
    dominatorAt[at] = candidate;
  }
  const dominator = parent; // no longer needed; allocating new memory here would raise the peak
  for (let at = 0; at < reached; at++) dominator[order[at]] = order[dominatorAt[at]];
  for (let at = reached; at < nodeCount; at++) dominator[order[at]] = root;
  return { dominator, order };
}

/** Result of the depth-first search. A *place* is a node's number in the order of the search, from 0. */
interface Search {
  /** The node at each place, then, after the first `reached`, the nodes that the search did not reach. */
  order: Uint32Array;
  /** The place from which each place was reached. */
  parent: Uint32Array;
  reached: number;
  /**
   * For each place, the index in `predecessors` of the last other place that retains it; 0 if there is none.
   * If there is only one, that place itself plus {@link ONLY}.
   */
  lastPredecessor: Uint32Array;
  /**
   * Chained blocks of four: a block's first entry is the index of the last predecessor in the previous block
   * (0 if there is no previous block), the others are predecessors.
   */
  predecessors: Uint32Array;
  /** Space for two numbers per place. */
  room: Uint32Array;
  /** Space for as many entries as the search was deep. */
  path: Uint32Array;
}

const ONLY = 0x40000000;

/**
 * Does everything in one pass over the edges: an edge that the search does not follow leads to a known place,
 * and is recorded there.
 */
// eslint-disable-next-line max-lines-per-function -- one loop over typed arrays that all of it shares
function depthFirst(columns: DominatorColumns, retaining: Bits): Search {
  const { nodeCount, edgeCount, firstEdge, edgeTo, root } = columns;
  const order = uint32Column(nodeCount);
  const parent = uint32Column(nodeCount);
  /**
   * For each node its place, from 1, and the last of its predecessors; next to each other because they are
   * read together.
   */
  const state = uint32Column(2 * nodeCount);
  const room = 4 * (Math.ceil(edgeCount / 3) + Math.min(nodeCount, edgeCount) + 1);
  if (room > ONLY) {
    const counts = `${nodeCount.toLocaleString('en')} nodes and ${edgeCount.toLocaleString('en')} edges`;
    throw new Error(
      `the dominators of ${counts} cannot be worked out: that is for up to about 600 million edges; read its graph alone`,
    );
  }
  const predecessors = uint32Column(room);
  let nextBlock = 4;
  let reached = 0;
  // The path from the search's start; the memory beyond the deepest point is never touched.
  const pathPlace = uint32Column(nodeCount);
  const pathEdge = uint32Column(nodeCount);

  function from(start: number): void {
    let depth = 0;
    let at = reached++;
    order[at] = start;
    state[2 * start] = at + 1;
    let edge = firstEdge[start];
    let end = firstEdge[start + 1];
    for (;;) {
      if (edge === end) {
        if (depth === 0) return;
        depth--;
        at = pathPlace[depth];
        edge = pathEdge[depth];
        end = firstEdge[order[at] + 1];
        continue;
      }
      if (((retaining[edge >>> 5] >>> (edge & 31)) & 1) === 0) {
        edge++;
        continue;
      }
      const to = edgeTo[edge++];
      if (state[2 * to] === 0) {
        pathPlace[depth] = at;
        pathEdge[depth] = edge;
        depth++;
        parent[reached] = at;
        at = reached++;
        order[at] = to;
        state[2 * to] = at + 1;
        edge = firstEdge[to];
        end = firstEdge[to + 1];
        continue;
      }
      let last = state[2 * to + 1];
      if (last === 0) {
        state[2 * to + 1] = ONLY + at;
        continue;
      }
      if (last >= ONLY) {
        predecessors[nextBlock + 1] = last - ONLY;
        last = nextBlock + 1;
        nextBlock += 4;
      } else if ((last & 3) === 3) {
        predecessors[nextBlock] = last;
        last = nextBlock;
        nextBlock += 4;
      }
      predecessors[++last] = at;
      state[2 * to + 1] = last;
    }
  }

  from(root);
  if (reached < nodeCount) {
    const retained = noBits(nodeCount);
    for (let edge = 0; edge < edgeCount; edge++) if (hasBit(retaining, edge)) setBit(retained, edgeTo[edge]);
    for (let node = 0; node < nodeCount; node++) {
      if (state[2 * node] === 0 && !hasBit(retained, node)) from(node);
    }
    for (let node = 0, last = reached; last < nodeCount; node++) {
      if (state[2 * node] === 0) order[last++] = node;
    }
  }
  const lastPredecessor = pathEdge; // the search is over, so its columns are reused, here and below
  for (let at = 0; at < reached; at++) lastPredecessor[at] = state[2 * order[at] + 1];
  return { order, parent, reached, lastPredecessor, predecessors, room: state, path: pathPlace };
}

/**
 * Returns the place of each place's semidominator. Works backwards through the places. The places already
 * done form a forest: {@link Search.room} contains an ancestor of each place, and the smallest semidominator
 * on the path to it. Both are updated by path compression when needed.
 */
function semidominators({
  parent,
  reached,
  lastPredecessor,
  predecessors,
  room: forest,
  path,
}: Search): Uint32Array {
  const semi = lastPredecessor; // a place's predecessors are no longer needed once its semidominator is known
  for (let at = 0; at < reached; at++) {
    forest[2 * at] = parent[at];
    forest[2 * at + 1] = at;
  }
  for (let at = reached - 1; at > 0; at--) {
    // Places directly below the root have its place, 0, as parent.
    let least = parent[at];
    for (let index = lastPredecessor[at]; index !== 0 && least !== 0;) {
      let candidate: number;
      if (index >= ONLY) {
        candidate = index - ONLY;
        index = 0;
      } else if ((index & 3) === 0) {
        index = predecessors[index];
        continue;
      } else candidate = predecessors[index--];
      if (candidate > at) {
        let walk = 2 * candidate;
        let depth = 0;
        while (forest[walk] > at) {
          path[depth++] = walk;
          walk = 2 * forest[walk];
        }
        candidate = forest[walk + 1];
        const top = forest[walk];
        while (depth > 0) {
          walk = path[--depth];
          if (forest[walk + 1] > candidate) forest[walk + 1] = candidate;
          else candidate = forest[walk + 1];
          forest[walk] = top;
        }
      }
      if (candidate < least) least = candidate;
    }
    semi[at] = least;
    forest[2 * at + 1] = least;
  }
  semi[0] = 0;
  return semi;
}

/**
 * Returns what each node retains, including itself, in bytes. `sizes` must be able to represent their total.
 */
export function retainedSizes({ dominator, order }: Dominators, sizes: Sizes): Sizes {
  const retained = sizes.slice();
  for (let at = order.length - 1; at > 0; at--) {
    const node = order[at];
    retained[dominator[node]] += retained[node];
  }
  return retained;
}

/**
 * The nodes that each node immediately dominates: those of `node` are `nodes[first[node]]` to
 * `nodes[first[node + 1] - 1]`.
 */
export interface Dominated {
  first: Uint32Array;
  nodes: Uint32Array;
}

export function dominatedBy({ dominator, order }: Dominators): Dominated {
  const count = dominator.length;
  const first = uint32Column(count + 1);
  for (let at = 1; at < count; at++) first[dominator[order[at]]]++;
  let total = 0;
  for (let node = 0; node <= count; node++) {
    total += first[node];
    first[node] = total;
  }
  const nodes = uint32Column(total);
  for (let at = count - 1; at > 0; at--) {
    const node = order[at];
    nodes[--first[dominator[node]]] = node;
  }
  return { first, nodes };
}
