/**
 * Finds a collection that reaches its elements through one more object each (an array per key, a wrapper, a
 * list node). It refers to none of them directly, and if native handles hold them too, it dominates none
 * either. Following the references of a sample backwards, level by level, finds what they have in common.
 */
import { typeIndex } from '../graph/graph.js';
import { isContext } from '../paths/path-words.js';
import type { Snapshot } from '../graph/snapshot.js';
import { sampleOf } from './sample.js';
import { isPartOfAnother } from './structure-tree.js';

export interface DeepReferrer {
  node: number;
  /** Share of the sample that is reached from it: 0 to 1. */
  coverage: number;
  /** Number of references between it and the elements. */
  level: number;
}

const MAX_SAMPLED = 60;
const MAX_LEVELS = 6;
/** Share of the sample; the same as for a collection that refers to its elements directly. */
const MIN_COVERAGE = 0.3;
/** If there are this many at one level, searching further up is useless. */
const MAX_FOUND = 40;
/** Each entry of a collection covers less than this share of what the collection covers. */
const MAX_OF_ONE = 0.5;

/**
 * Returns candidates, all of the nearest level that has any; with `weakToo`, weak references count. Empty if
 * the elements have only the roots in common.
 */
// eslint-disable-next-line max-lines-per-function -- one search over typed arrays that all of it shares
export function deepReferrers(
  { graph, retains, shallowSize, dominator, referrers }: Snapshot,
  members: readonly number[],
  isWanted: (node: number) => boolean,
  weakToo: boolean,
): DeepReferrer[] {
  const {
    nodeCount,
    firstEdge,
    edgeTo,
    nodeName,
    nodeType,
    nodeTypes,
    edgeName,
    edgeType,
    edgeTypes,
    strings,
  } = graph;
  const sample = sampleOf(members, MAX_SAMPLED);
  const isMember = new Uint8Array(nodeCount);
  for (const node of members) isMember[node] = 1;
  /** One bit for each of the sample, in two words. */
  const low = new Uint32Array(nodeCount);
  const high = new Uint32Array(nodeCount);
  /** The level at which a node was first reached, from 1. */
  const reachedAt = new Uint8Array(nodeCount);
  /** The last level at which a node was looked at. */
  const seenAt = new Uint8Array(nodeCount);
  sample.forEach((node, at) => {
    if (at < 32) low[node] |= 1 << at;
    else high[node] |= 1 << (at - 32);
    reachedAt[node] = 1;
  });
  const synthetic = typeIndex(nodeTypes, 'synthetic');
  const shape = typeIndex(nodeTypes, 'object shape');
  const code = typeIndex(nodeTypes, 'code');
  const property = typeIndex(edgeTypes, 'property');
  const closure = typeIndex(nodeTypes, 'closure');
  const weak = new Set(strings.findAll(['WeakMap', 'WeakSet', 'WeakRef']).keys());
  const untold = new Set(strings.findAll(['__proto__', 'constructor', 'prototype', 'previous']).keys());

  let reached = sample;
  for (let level = 1; level <= MAX_LEVELS; level++) {
    const before = reached;
    reached = [];
    for (const node of referrersOfAll(before, level)) {
      const type = nodeType[node];
      if (type === synthetic || type === shape || type === code) continue;
      for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
        const to = edgeTo[edge];
        if (reachedAt[to] !== level || (!weakToo && !retains[edge])) continue;
        if (edgeType[edge] === property && untold.has(edgeName[edge])) continue;
        low[node] |= low[to];
        high[node] |= high[to];
        if (reachedAt[node] === 0) {
          reachedAt[node] = level + 1;
          reached.push(node);
        }
      }
    }
    const found: DeepReferrer[] = [];
    for (const node of reached) {
      const coverage = coverageOf(node);
      if (coverage < MIN_COVERAGE || isMember[node] === 1 || !fansOut(node, level, coverage)) continue;
      let owner = node;
      while (owner !== graph.root && isPartOfAnother(graph, owner, shallowSize)) owner = dominator[owner];
      if (owner === graph.root || nodeType[owner] === synthetic) continue;
      if (weak.has(nodeName[owner]) || !isWanted(owner)) continue;
      found.push({ node: owner, coverage, level });
      if (found.length === MAX_FOUND) break;
    }
    if (found.length > 0) return found.sort((a, b) => b.coverage - a.coverage);
    // A function is not a container: the code that can call it does not hold what its module keeps.
    for (const node of reached) {
      if (coverageOf(node) >= MIN_COVERAGE && (nodeType[node] === closure || isContext(graph, node)))
        reachedAt[node] = 255;
    }
    if (reached.length === 0) return [];
  }
  return [];

  /** Of those among `targets` that a level reached; in ascending order, without those that have been reached. */
  function referrersOfAll(targets: readonly number[], level: number): Uint32Array {
    const found: number[] = [];
    for (const target of targets) {
      if (reachedAt[target] !== level) continue;
      for (let at = referrers.first[target]; at < referrers.first[target + 1]; at++) {
        const node = referrers.from[at];
        if (reachedAt[node] !== 0 || seenAt[node] === level) continue;
        seenAt[node] = level;
        found.push(node);
      }
    }
    return Uint32Array.from(found).sort();
  }

  function coverageOf(node: number): number {
    return (bits(low[node]) + bits(high[node])) / sample.length;
  }

  /** Tells whether the paths to the elements diverge here rather than further down. */
  function fansOut(node: number, level: number, coverage: number): boolean {
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      const to = edgeTo[edge];
      if (reachedAt[to] === level && coverageOf(to) > coverage * MAX_OF_ONE) return false;
    }
    return true;
  }
}

function bits(word: number): number {
  let count = 0;
  for (let left = word >>> 0; left !== 0; left >>>= 1) count += left & 1;
  return count;
}
