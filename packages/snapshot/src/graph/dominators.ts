/**
 * Dominators and retained sizes. A node's dominator is the nearest one without which it could not be reached;
 * its retained size is what would be freed with it.
 *
 * The algorithm is semi-NCA: semidominators as by Lengauer and Tarjan (ACM TOPLAS 1, 1979), dominators from
 * them as by Georgiadis, Tarjan and Werneck (Finding Dominators in Practice, JGAA 10, 2006). Nodes are
 * renumbered in the order of the depth-first search, which makes most of the memory it touches neighbors.
 * What takes the time is waiting for memory, so that numbers read together are kept side by side.
 */
import { hasBit, noBits, setBit, type Bits } from '../format/bits.js';
import { uint32Column, type Sizes } from '../format/columns.js';
import type { Graph } from './graph.js';

export interface Dominators {
  /** Ordinal of each node's dominator; the root's is itself. */
  dominator: Uint32Array;
  /** Ordinals, each after its dominator. */
  order: Uint32Array;
}

/** What of a graph is needed here. */
export type DominatorColumns = Pick<Graph, 'nodeCount' | 'edgeCount' | 'root' | 'firstEdge' | 'edgeTo'>;

/**
 * `retaining` are the edges that count. Nodes that nothing retains hang off the root, and so does each node
 * of a group that retain one another but that nothing else retains, as in DevTools.
 */
export function dominators(columns: DominatorColumns, retaining: Bits): Dominators {
  const { nodeCount, root } = columns;
  const search = depthFirst(columns, retaining);
  const { order, parent, reached } = search;
  const semi = semidominators(search);
  const dominatorAt = semi; // written over from the front; only what lies behind is still read as semi
  for (let at = 1; at < reached; at++) {
    const semidominator = semi[at];
    let candidate = parent[at];
    while (candidate > semidominator) candidate = dominatorAt[candidate];
    dominatorAt[at] = candidate;
  }
  const dominator = parent; // needed no more, and what is allocated now would come on top of all else
  for (let at = 0; at < reached; at++) dominator[order[at]] = order[dominatorAt[at]];
  for (let at = reached; at < nodeCount; at++) dominator[order[at]] = root;
  return { dominator, order };
}

/** A *place* is a node's number in the order of the search, from 0. */
interface Search {
  /** The node at each place, and behind the first `reached` those that the search did not reach. */
  order: Uint32Array;
  /** Place from which each place was reached. */
  parent: Uint32Array;
  reached: number;
  /**
   * For each place the last of the other places that retain it, in `predecessors`; 0 when there is none, and
   * when there is only one that place itself, plus {@link ONLY}.
   */
  lastPredecessor: Uint32Array;
  /**
   * Chained blocks of four: a block's first entry says where in the block before it the last predecessor is
   * (0 when there is no block before), the others are predecessors.
   */
  predecessors: Uint32Array;
  /** Room for two numbers for each place. */
  room: Uint32Array;
  /** Room for as many as the search was deep. */
  path: Uint32Array;
}

const ONLY = 0x40000000;

/**
 * One pass over the edges does all: an edge that the search does not follow leads to a place that it knows
 * already, and is noted there.
 */
// eslint-disable-next-line max-lines-per-function -- one loop over typed arrays that all of it shares
function depthFirst(columns: DominatorColumns, retaining: Bits): Search {
  const { nodeCount, edgeCount, firstEdge, edgeTo, root } = columns;
  const order = uint32Column(nodeCount);
  const parent = uint32Column(nodeCount);
  /** For each node its place, from 1, and the last of its predecessors: together, for they are read together. */
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
  // The path from where the search began; what lies deeper than it goes is memory never touched.
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
  const lastPredecessor = pathEdge; // the search is over; so for the others
  for (let at = 0; at < reached; at++) lastPredecessor[at] = state[2 * order[at] + 1];
  return { order, parent, reached, lastPredecessor, predecessors, room: state, path: pathPlace };
}

/**
 * For each place the place of its semidominator. Works its way back through the places; what lies behind is a
 * forest, of which {@link Search.room} has for each place an ancestor and the least semidominator on the path
 * there, both brought up to date by compressing the path when it is asked for.
 */
function semidominators({
  parent,
  reached,
  lastPredecessor,
  predecessors,
  room: forest,
  path,
}: Search): Uint32Array {
  const semi = lastPredecessor; // a place's predecessors are not needed when its semidominator is known
  for (let at = 0; at < reached; at++) {
    forest[2 * at] = parent[at];
    forest[2 * at + 1] = at;
  }
  for (let at = reached - 1; at > 0; at--) {
    // What hangs off the root by itself has the root's place, 0, as parent.
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

/** What each node retains, itself included, in bytes. `sizes` must have room for their total. */
export function retainedSizes({ dominator, order }: Dominators, sizes: Sizes): Sizes {
  const retained = sizes.slice();
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
